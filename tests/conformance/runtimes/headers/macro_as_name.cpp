#define H <iostream>
#include H
int main(){ std::cout<<1;}
