/* What a program is born with: open descriptors, blocked and ignored signals, umask, session. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    sigset_t mask;
    printf("fds");
    for (int fd = 0; fd < 4096; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    }
    printf("\nblocked");
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < 65; number++) {
        if (sigismember(&mask, number) == 1)
            printf(" %d", number);
    }
    printf("\nnot default");
    for (int number = 1; number < 65; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            printf(" %d", number);
    }
    printf("\numask %o\nsession %d\ngroup %d\n", (unsigned)umask(0), getsid(0) == getpid(),
           getpgrp() == getpid());
    return 0;
}
