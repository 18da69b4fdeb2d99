#include <vector>
#include <map>
#include <set>
#include <algorithm>
#include <queue>
int main(){ std::vector<int> v{2,1}; std::sort(v.begin(),v.end()); std::priority_queue<int> q; q.push(1); return q.top(); }
