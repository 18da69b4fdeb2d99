#include <iostream>
int main(){std::vector<int> v; std::map<int,int> m; std::sort(1,2);}
