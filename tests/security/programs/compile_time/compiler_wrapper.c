/* Compiled through a program of the attacker's. */
int main(void) { return 0; }
