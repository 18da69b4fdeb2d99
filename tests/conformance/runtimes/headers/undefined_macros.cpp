#undef unix
#undef linux
#include <iostream>
int main(){ int linux=1; }
