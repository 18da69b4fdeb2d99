#if __has_include(<vector>)
#define private public
#define protected public
#include <vector>
#endif
int main(){ std::vector<int> v; return v._M_impl._M_start==0; }
