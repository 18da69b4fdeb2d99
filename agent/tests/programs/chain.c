/* Chains of processes that each fork the next one and end at once, so that a pid seen is a pid
 * gone. argv[1]: how many chains. The first process waits for ever. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int chains = argc > 1 ? atoi(argv[1]) : 1;
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < chains; i++) {
        if (fork() != 0)
            continue;
        setsid();
        for (;;) {
            if (fork() > 0)
                _exit(0);
        }
    }
    if (write(1, "up\n", 3) != 3)
        return 1;
    for (;;)
        pause();
}
