#define int long long
#include <bits/stdc++.h>
signed main(){ int x=1; return sizeof x;}
