/* Spends half a second of CPU time where a careless meter does not look: burn MODE. */
#include "probe.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>

#define SECONDS 0.5
#define MIB (1UL << 20)

static double cpu_now(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *burn(void *share)
{
    double end = cpu_now(CLOCK_THREAD_CPUTIME_ID) + SECONDS / *(int *)share;
    while (cpu_now(CLOCK_THREAD_CPUTIME_ID) < end)
        ;
    return NULL;
}

/* The child's time is added to its parent's only when the parent waits for it. */
static void burn_unwaited(bool is_orphan)
{
    int one = 1, ends[2];
    char byte;
    if (pipe(ends) < 0)
        _exit(1);
    signal(SIGCHLD, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        if (is_orphan && (setsid(), fork() != 0))
            _exit(0);
        close(ends[0]);
        burn(&one);
        _exit(0);
    }
    close(ends[1]);
    /* Until every writer is gone, without waiting for a process. */
    if (read(ends[0], &byte, 1) < 0)
        _exit(1);
}

static void burn_threads(void)
{
    int four = 4;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, burn, &four);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void burn_kernel(void)
{
    size_t size = MIB;
    char *buffer = malloc(size);
    while (cpu_now(CLOCK_PROCESS_CPUTIME_ID) < SECONDS)
        if (getrandom(buffer, size, 0) < 0)
            _exit(1);
}

/* Killed before its parent could wait for it. */
static void burn_and_vanish(void)
{
    int one = 1;
    if (fork() == 0) {
        burn(&one);
        kill(getpid(), SIGKILL);
    }
    /* Wait for the child to be dead, but leave it a zombie. */
    siginfo_t ended;
    waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
}

/* The large one is dead by the time anyone asks. */
static void grow_and_vanish(void)
{
    signal(SIGCHLD, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        volatile char *much = malloc(40 * MIB);
        for (size_t i = 0; i < 40 * MIB; i += 4096)
            much[i] = 1;
        _exit(0);
    }
    while (kill(child, 0) == 0)
        usleep(1000);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int one = 1;
    if (!strcmp(mode, "plain"))
        burn(&one);
    else if (!strcmp(mode, "ignored"))
        burn_unwaited(false);
    else if (!strcmp(mode, "orphan"))
        burn_unwaited(true);
    else if (!strcmp(mode, "threads"))
        burn_threads();
    else if (!strcmp(mode, "kernel"))
        burn_kernel();
    else if (!strcmp(mode, "vanish"))
        burn_and_vanish();
    else if (!strcmp(mode, "dead_child"))
        grow_and_vanish();
    return 0;
}
