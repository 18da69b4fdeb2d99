#pragma GCC optimize("O3,unroll-loops")
#pragma GCC target("avx2,bmi,bmi2")
#include <bits/stdc++.h>
int a[100]; int main(){ for(int&x:a)x*=3; std::cout<<a[5];}
