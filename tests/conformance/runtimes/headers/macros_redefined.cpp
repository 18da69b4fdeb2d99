#include <bits/stdc++.h>
#define assert foo
#define EOF 3
#define INT_MAX 2
int main(){}
