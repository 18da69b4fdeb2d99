#define _GLIBCXX_DEBUG
#include <vector>
int main(){ std::vector<int> v(3); return v[5];}
#include <iostream>
