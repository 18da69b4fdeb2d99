/* Burns CPU time in children that nobody waits for: their times never reach a parent. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double spent(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    int end[2];
    char byte;
    signal(SIGCHLD, SIG_IGN);
    if (pipe(end) < 0)
        return 1;
    if (fork() == 0) {
        while (spent() < seconds)
            continue;
        _exit(0);
    }
    close(end[1]);
    return (int)read(end[0], &byte, 1);
}
