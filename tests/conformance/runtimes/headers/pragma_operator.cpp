_Pragma("GCC optimize(\"O3\")")
#include <iostream>
int main(){ }
