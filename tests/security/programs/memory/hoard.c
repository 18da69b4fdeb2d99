/* Takes memory in one of the many ways there are: hoard MODE MIB. */
#include "probe.h"

#include <pthread.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>

#define MIB (1UL << 20)

static size_t goal;

static size_t fill(volatile char *start, size_t size)
{
    for (size_t i = 0; i < size; i += 4096)
        start[i] = 1;
    return size;
}

static size_t map_and_fill(int flags, int fd)
{
    char *start = mmap(NULL, goal, PROT_READ | PROT_WRITE, flags, fd, 0);
    return start == MAP_FAILED ? 0 : fill(start, goal);
}

static size_t by_malloc(void)
{
    size_t taken = 0;
    for (char *block; taken < goal && (block = malloc(MIB)); taken += MIB)
        fill(block, MIB);
    return taken;
}

static size_t by_memfd(void)
{
    int fd = memfd_create("hoard", 0);
    return fd < 0 || ftruncate(fd, (off_t)goal) < 0 ? 0 : map_and_fill(MAP_SHARED, fd);
}

static size_t by_sysv(void)
{
    int id = shmget(IPC_PRIVATE, goal, IPC_CREAT | 0600);
    char *start = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
    if (id >= 0)
        shmctl(id, IPC_RMID, NULL);
    return start == (void *)-1 ? 0 : fill(start, goal);
}

static size_t by_mlock(void)
{
    char *start = mmap(NULL, goal, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return 0;
    return mlock(start, goal) < 0 ? 0 : goal;
}

/* One touched page every 2 MiB: a page table page for each. */
static size_t by_page_tables(void)
{
    size_t taken = 0;
    for (; taken < goal; taken += MIB) {
        char *start = mmap(NULL, 256 * 2 * MIB, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == MAP_FAILED)
            return taken;
        for (size_t i = 0; i < 256; i++)
            *(volatile char *)(start + i * 2 * MIB);
    }
    return taken;
}

static size_t by_pipes(void)
{
    static char page[65536];
    size_t taken = 0;
    int ends[2];
    while (taken < goal && pipe2(ends, O_NONBLOCK) == 0) {
        fcntl(ends[1], F_SETPIPE_SZ, (int)MIB);
        for (ssize_t count; (count = write(ends[1], page, sizeof page)) > 0;)
            taken += (size_t)count;
    }
    return taken;
}

static size_t by_sockets(void)
{
    static char page[65536];
    size_t taken = 0;
    int ends[2];
    while (taken < goal && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0)
        for (int side = 0; side < 2; side++)
            for (ssize_t count; (count = write(ends[side], page, sizeof page)) > 0;)
                taken += (size_t)count;
    return taken;
}

/* Each child alone is small; together they are not. */
static size_t by_children(void)
{
    volatile size_t *taken = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (size_t share = 0; share < goal; share += goal / 8)
        if (fork() == 0) {
            goal /= 8;
            __sync_fetch_and_add(taken, by_malloc());
            for (;;)
                pause();
        }
    for (double end = seconds_now() + 3; *taken < goal && seconds_now() < end;)
        usleep(10000);
    return *taken;
}

/* A child takes it all and is killed for it; the parent goes on as if nothing had been. */
static size_t by_victim(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        int score = open("/proc/self/oom_score_adj", O_WRONLY);
        if (write(score, "1000", 4) < 0)
            _exit(2);
        _exit(by_malloc() >= goal ? 0 : 1);
    }
    waitpid(child, &status, 0);
    usleep(300000);
    return goal;
}

static size_t deeper(size_t taken)
{
    volatile char frame[65536];
    fill(frame, sizeof frame);
    return taken >= goal ? taken : deeper(taken + sizeof frame) + frame[0] - 1;
}

static void *dive(void *taken)
{
    *(size_t *)taken = deeper(0);
    return taken;
}

static size_t by_stack(void)
{
    size_t taken = 0;
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, goal + 16 * MIB);
    if (pthread_create(&thread, &attributes, dive, &taken) == 0)
        pthread_join(thread, NULL);
    return taken;
}

/* Small kernel objects: about 200 bytes each for a timer. */
static size_t by_timers(void)
{
    size_t count = 0;
    struct sigevent silent = {.sigev_notify = SIGEV_NONE};
    for (timer_t timer; count * 256 < goal && timer_create(CLOCK_MONOTONIC, &silent, &timer) == 0;)
        count++;
    return count * 256;
}

/* Forks first and takes in every child, each with its own table of descriptors. */
static size_t by_sockets_everywhere(void)
{
    volatile size_t *taken = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            goal /= 8;
            __sync_fetch_and_add(taken, by_sockets());
            for (;;)
                pause();
        }
    for (double end = seconds_now() + 3; *taken < goal && seconds_now() < end;)
        usleep(10000);
    return *taken;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    size_t taken = 0;
    goal = (size_t)atol(argv[2]) * MIB;
    if (!strcmp(mode, "malloc"))
        taken = by_malloc();
    else if (!strcmp(mode, "shared_anonymous"))
        taken = map_and_fill(MAP_SHARED | MAP_ANONYMOUS, -1);
    else if (!strcmp(mode, "private_populated"))
        taken = map_and_fill(MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
    else if (!strcmp(mode, "memfd"))
        taken = by_memfd();
    else if (!strcmp(mode, "sysv"))
        taken = by_sysv();
    else if (!strcmp(mode, "mlock"))
        taken = by_mlock();
    else if (!strcmp(mode, "page_tables"))
        taken = by_page_tables();
    else if (!strcmp(mode, "pipes"))
        taken = by_pipes();
    else if (!strcmp(mode, "sockets"))
        taken = by_sockets();
    else if (!strcmp(mode, "sockets_everywhere"))
        taken = by_sockets_everywhere();
    else if (!strcmp(mode, "children"))
        taken = by_children();
    else if (!strcmp(mode, "victim"))
        taken = by_victim();
    else if (!strcmp(mode, "stack"))
        taken = by_stack();
    else if (!strcmp(mode, "timers"))
        taken = by_timers();
    report(taken >= goal, "%s %zu MiB", mode, taken / MIB);
    return 0;
}
