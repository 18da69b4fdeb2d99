// A constant that takes for ever to compute.
constexpr unsigned long work(unsigned long rounds)
{
    unsigned long value = 1;
    for (unsigned long i = 0; i < rounds; i++)
        value = value * 6364136223846793005UL + i;
    return value;
}
static_assert(work(1UL << 40) != 0);
int main() { return 0; }
