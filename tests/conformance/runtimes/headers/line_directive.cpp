#line 100 "foo.cpp"
#include <iostream>
int main(){ x; std::cout<<__FILE__<<__LINE__; }
