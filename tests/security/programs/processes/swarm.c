/* Becomes many: swarm MODE COUNT. What it started lives on when it ends. */
#include "probe.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

static int goal;
static volatile int *alive;

static void stay(void)
{
    for (;;)
        pause();
}

static void *thread_stay(void *unused)
{
    stay();
    return unused;
}

static int by_fork(void)
{
    for (int count = 0;; count++) {
        if (count >= goal)
            return count;
        pid_t child = fork();
        if (child < 0)
            return count;
        if (child == 0) {
            setsid();
            stay();
        }
    }
}

static int by_zombies(void)
{
    for (int count = 0;; count++) {
        pid_t child = count < goal ? fork() : -1;
        if (child < 0)
            return count;
        if (child == 0)
            _exit(0);
    }
}

static int by_threads(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 15);
    for (int count = 0;; count++)
        if (count >= goal || pthread_create(&thread, &attributes, thread_stay, NULL))
            return count;
}

/* Every process forks for as long as it can: the bomb. */
static void multiply(void)
{
    while (*alive < goal) {
        pid_t child = fork();
        if (child == 0)
            __sync_fetch_and_add(alive, 1);
        else if (child < 0)
            usleep(1000);
    }
    stay();
}

static int by_bomb(void)
{
    if (fork() == 0) {
        setpgid(0, 0);
        multiply();
    }
    for (double end = seconds_now() + 0.7; seconds_now() < end && *alive < goal;)
        usleep(5000);
    return *alive;
}

/* A chain of parents that each wait inside vfork, where only SIGKILL reaches them. */
static int by_vfork(void)
{
    pid_t chain = fork();
    if (chain == 0) {
        for (;;) {
            long child = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL);
            if (child != 0 || *alive >= goal)
                stay();
            __sync_fetch_and_add(alive, 1);
        }
    }
    int last = -1;
    for (double end = seconds_now() + 5; seconds_now() < end && *alive != last && *alive < goal;) {
        last = *alive;
        usleep(400000);
    }
    return *alive;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    goal = atoi(argv[2]);
    alive = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int count = 0;
    if (!strcmp(mode, "fork"))
        count = by_fork();
    else if (!strcmp(mode, "zombies"))
        count = by_zombies();
    else if (!strcmp(mode, "threads"))
        count = by_threads();
    else if (!strcmp(mode, "bomb"))
        count = by_bomb();
    else if (!strcmp(mode, "vfork_chain"))
        count = by_vfork();
    report(count >= goal, "%s became %d", mode, count);
    return 0;
}
