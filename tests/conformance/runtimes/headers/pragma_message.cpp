#pragma message "hi"
#include <iostream>
int main(){ }
