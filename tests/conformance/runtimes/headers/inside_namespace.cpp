namespace n {
#include <vector>
}
int main(){ n::std::vector<int> v;}
