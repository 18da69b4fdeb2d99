#pragma GCC optimize("Ofast")
#include <iostream>
float a[100]; int main(){ float s=0; for(float x:a)s+=x; std::cout<<s;}
