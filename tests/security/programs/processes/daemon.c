/* Leaves a process behind that speaks after its parent has ended: daemon MODE. */
#include "probe.h"

#include <signal.h>
#include <sys/prctl.h>

static void speak_later(const char *mode)
{
    usleep(400000);
    report(true, "daemon_%s speaks", mode);
    _exit(0);
}

static void become_deaf(void)
{
    sigset_t all;
    sigfillset(&all);
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
    sigprocmask(SIG_BLOCK, &all, NULL);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int count = strcmp(mode, "many") ? 1 : 10;
    for (int i = 0; i < count; i++)
        if (fork() == 0) {
            setsid();
            if (fork() != 0)
                _exit(0);
            if (!strcmp(mode, "deaf"))
                become_deaf();
            if (!strcmp(mode, "reaper"))
                prctl(PR_SET_CHILD_SUBREAPER, 1);
            if (!strcmp(mode, "disguised"))
                prctl(PR_SET_NAME, "runyard-agent");
            speak_later(mode);
        }
    if (!strcmp(mode, "killed"))
        kill(getpid(), SIGKILL);
    return 0;
}
