#pragma GCC visibility push(hidden)
#include <iostream>
int main(){ }
