/* Ends by itself as close to its limit as it can: race SECONDS. */
#include "probe.h"

int main(int argc, char **argv)
{
    double end = seconds_now() + atof(argv[argc - 1]);
    while (seconds_now() < end)
        usleep(200);
    return 7;
}
