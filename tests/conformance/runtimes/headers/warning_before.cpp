#warning hello
#include <iostream>
int main(){ }
