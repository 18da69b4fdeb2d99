/* The compiler quotes what it cannot understand. */
#include "{host_file}"
int main(void) { return 0; }
