#include_next <iostream>
int main(){ std::cout<<1;}
