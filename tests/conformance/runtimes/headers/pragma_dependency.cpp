#pragma GCC dependency "vector"
#include <vector>
int main(){ }
