#include <iostream>
#include <vector>
#include <iostream>
#include <bits/stdc++.h>
int main(){ std::cout<<1; }
