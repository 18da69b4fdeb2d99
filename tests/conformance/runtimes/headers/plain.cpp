#include <bits/stdc++.h>
int main(){std::cout<<"x\n";}
