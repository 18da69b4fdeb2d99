#if __has_include(<vector>)
#include <iostream>
#include <vector>
#endif
int main(){ std::vector<int> v; std::cout<<1;}
