/* A few bytes of source, 120 MiB of program. */
char filler[120 << 20] = {1};
int main(void) { return filler[0] - 1; }
