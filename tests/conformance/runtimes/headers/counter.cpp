#if __COUNTER__
#endif
#include <iostream>
int main(){ return __COUNTER__;}
