/* A daemon by two forks that ignores what can be ignored, keeps stdout open and tells its pid. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int told[2];
    char byte;
    if (pipe(told) < 0)
        return 1;
    if (fork() == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        for (int number = 1; number < 65; number++)
            signal(number, SIG_IGN);
        printf("%d\n", (int)getpid());
        fflush(stdout);
        if (write(told[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    return read(told[0], &byte, 1) == 1 ? 7 : 1;
}
