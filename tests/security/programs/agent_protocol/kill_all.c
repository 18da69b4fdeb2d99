/* Kills whatever it can reach, itself last. */
#include "probe.h"

#include <signal.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        return 1;
    /* A bystander in a session of its own. */
    pid_t bystander = fork();
    if (bystander == 0) {
        setsid();
        close(ends[0]);
        for (;;)
            pause();
    }
    close(ends[1]);
    kill(-1, SIGKILL);
    waitpid(bystander, NULL, 0);
    report(getppid() == 1 && getpid() != 2, "kill_all parent is %d", getppid());
    return 3;
}
