#pragma push_macro("private")
#define private public
#include <iostream>
#pragma pop_macro("private")
int main(){ std::cout._M_put; }
