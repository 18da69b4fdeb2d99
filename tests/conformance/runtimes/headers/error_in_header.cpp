#include <bits/stdc++.h>
int main(){ std::vector<std::unique_ptr<int>> v; auto w=v; std::sort(v.begin(), 3); std::map<int,int> m; m.foo(); std::cout << v; }
