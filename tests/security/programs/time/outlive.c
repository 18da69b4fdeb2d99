/* Lives longer than it may: outlive MODE SECONDS says ESCAPED after that many seconds. */
#include "probe.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>

static double end;

static void *burn(void *unused)
{
    for (volatile unsigned long i = 0;; i++)
        if (i % 100000 == 0 && seconds_now() > end)
            return unused;
}

static void wait_asleep(void)
{
    for (double left; (left = end - seconds_now()) > 0;)
        usleep(left > 0.05 ? 50000 : (useconds_t)(left * 1e6));
}

static void run_threads(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, burn, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void run_children(void)
{
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            burn(NULL);
            _exit(0);
        }
    wait_asleep();
}

static void run_stopped(void)
{
    pid_t self = getpid();
    if (fork() == 0) {
        wait_asleep();
        kill(self, SIGCONT);
        _exit(0);
    }
    raise(SIGSTOP);
}

static void run_deaf(void)
{
    sigset_t all;
    sigfillset(&all);
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
    sigprocmask(SIG_BLOCK, &all, NULL);
    raise(SIGTERM);
    kill(0, SIGTERM);
    wait_asleep();
}

/* The parent of a vfork waits where only SIGKILL reaches it. */
static void run_vfork(void)
{
    if (vfork() == 0) {
        wait_asleep();
        _exit(0);
    }
}

static void on_signal(int number)
{
    (void)number;
}

static void run_cpu_signal(void)
{
    struct rlimit limit = {1, RLIM_INFINITY};
    struct itimerval often = {{0, 1000}, {0, 1000}};
    signal(SIGXCPU, on_signal);
    signal(SIGALRM, on_signal);
    signal(SIGPROF, on_signal);
    setrlimit(RLIMIT_CPU, &limit);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_CPU, &limit);
    setitimer(ITIMER_REAL, &often, NULL);
    setitimer(ITIMER_PROF, &often, NULL);
    burn(NULL);
}

static void run_kernel(void)
{
    size_t size = 4 << 20;
    char *buffer = malloc(size);
    while (seconds_now() < end)
        if (getrandom(buffer, size, 0) < 0)
            return;
}

static void run_lazily(void)
{
    struct sched_param none = {0};
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    sched_setaffinity(0, sizeof first, &first);
    setpriority(PRIO_PROCESS, 0, 19);
    sched_setscheduler(0, SCHED_IDLE, &none);
    burn(NULL);
}

/* A new program every few milliseconds in the same process. */
static void run_exec_chain(const char *self)
{
    char text[32];
    snprintf(text, sizeof text, "@%f", end);
    if (seconds_now() < end)
        execl(self, self, "exec_chain", text, NULL);
}

/* Each process works a little and leaves the rest to a child, so that none has spent much. */
static void run_relay(void)
{
    while (seconds_now() < end) {
        pid_t child = fork();
        if (child < 0)
            continue;
        if (child > 0) {
            waitpid(child, NULL, 0);
            continue;
        }
        for (double slice = seconds_now() + 0.01; seconds_now() < slice;)
            ;
        _exit(0);
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    end = argv[2][0] == '@' ? atof(argv[2] + 1) : seconds_now() + atof(argv[2]);
    if (!strcmp(mode, "sleep"))
        wait_asleep();
    else if (!strcmp(mode, "busy"))
        burn(NULL);
    else if (!strcmp(mode, "threads"))
        run_threads();
    else if (!strcmp(mode, "children"))
        run_children();
    else if (!strcmp(mode, "stopped"))
        run_stopped();
    else if (!strcmp(mode, "deaf"))
        run_deaf();
    else if (!strcmp(mode, "vfork"))
        run_vfork();
    else if (!strcmp(mode, "cpu_signal"))
        run_cpu_signal();
    else if (!strcmp(mode, "kernel"))
        run_kernel();
    else if (!strcmp(mode, "lazily"))
        run_lazily();
    else if (!strcmp(mode, "exec_chain"))
        run_exec_chain(argv[0]);
    else if (!strcmp(mode, "relay"))
        run_relay();
    report(true, "%s lived on", mode);
    return 0;
}
