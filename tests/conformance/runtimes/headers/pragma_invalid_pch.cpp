#pragma GCC diagnostic warning "-Winvalid-pch"
#define private public
#include <iostream>
int main(){ }
