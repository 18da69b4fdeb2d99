#include <cstdio>
#include <vector>
int main(){ return __INCLUDE_LEVEL__; }
