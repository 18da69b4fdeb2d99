#include <cstdio>
#include <vector>
int main(){ std::vector<int> v; v.foo(); }
