#include <iostream>
int main(){ std::cuot << 1; std::strin s; vector<int> v; }
