#pragma pack(1)
#include <bits/stdc++.h>
int main(){ return sizeof(std::pair<char,int>);}
