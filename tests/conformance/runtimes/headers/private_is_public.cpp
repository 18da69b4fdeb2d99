#define private public
#include <iostream>
#include <sstream>
int main(){ std::cout.setstate(std::ios::badbit);}
