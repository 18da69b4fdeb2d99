/* Ends in a way that may be taken for another: endings MODE. */
#include "probe.h"

#include <signal.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (!strcmp(mode, "code_137"))
        return 137;
    if (!strcmp(mode, "code_124"))
        return 124;
    if (!strcmp(mode, "code_255"))
        exit(-1);
    if (!strcmp(mode, "killed"))
        kill(getpid(), SIGKILL);
    if (!strcmp(mode, "aborted"))
        abort();
    if (!strcmp(mode, "segfault"))
        kill(getpid(), SIGSEGV);
    if (!strcmp(mode, "cpu_signal"))
        kill(getpid(), SIGXCPU);
    if (!strcmp(mode, "file_signal"))
        kill(getpid(), SIGXFSZ);
    if (!strcmp(mode, "realtime"))
        kill(getpid(), SIGRTMAX);
    /* A child's ending is not the program's. */
    if (!strcmp(mode, "child")) {
        if (fork() == 0)
            kill(getpid(), SIGKILL);
        wait(NULL);
        return 3;
    }
    /* The group dies, the main process of the step too, whoever did it. */
    if (!strcmp(mode, "group"))
        kill(0, SIGTERM);
    if (!strcmp(mode, "exec_thread"))
        execl("/bin/sh", "sh", "-c", "exit 9", NULL);
    return 0;
}
