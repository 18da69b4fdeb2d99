/* Fills what can be written: fill MODE MIB [DIRECTORY]. */
#include "probe.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define MIB (1L << 20)

static long goal;
static char block[1 << 16];

static long write_much(const char *path, bool is_unlinked, bool is_synced)
{
    long written = 0;
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (fd >= 0 && is_unlinked)
        unlink(path);
    for (ssize_t count; fd >= 0 && written < goal; written += count) {
        count = write(fd, block, sizeof block);
        if (count <= 0)
            break;
        if (is_synced)
            fsync(fd);
    }
    close(fd);
    unlink(path);
    return written;
}

/* Many small files: a limit on the size of one does not help. */
static long write_many(const char *directory)
{
    char path[256];
    long written = 0, count = 0;
    for (; written < goal; written += 1 << 16, count++) {
        snprintf(path, sizeof path, "%s/part-%ld", directory, count);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        ssize_t size = fd < 0 ? -1 : write(fd, block, sizeof block);
        close(fd);
        if (size < (ssize_t)sizeof block)
            break;
    }
    while (count >= 0) {
        snprintf(path, sizeof path, "%s/part-%ld", directory, count--);
        unlink(path);
    }
    return written;
}

static void probe_inodes(const char *mode, const char *directory)
{
    char path[256];
    long count = 0;
    for (; count < 70000; count++) {
        snprintf(path, sizeof path, "%s/i%ld", directory, count);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        if (fd < 0)
            break;
        close(fd);
    }
    report(count >= 70000, "%s %ld files", mode, count);
}

static void probe_sparse(const char *mode, const char *directory)
{
    char path[256];
    snprintf(path, sizeof path, "%s/hole", directory);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    report(ftruncate(fd, MIB << 20) == 0, "%s 1 TiB in one file", mode);
    unlink(path);
}

static void probe_allocated(const char *mode, const char *directory)
{
    char path[256];
    snprintf(path, sizeof path, "%s/reserved", directory);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    report(fallocate(fd, 0, 0, goal) == 0, "%s %ld MiB", mode, goal / MIB);
    unlink(path);
}

/* A program that crashes leaves a core, or feeds one to a program of the host. */
static void probe_core(const char *mode)
{
    int status;
    struct rlimit most;
    getrlimit(RLIMIT_CORE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_CORE, &most);
    pid_t child = fork();
    if (child == 0)
        abort();
    waitpid(child, &status, 0);
    report(WCOREDUMP(status), "%s %s", mode, WCOREDUMP(status) ? "dumped" : "not dumped");
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "", *directory = argc > 3 ? argv[3] : ".";
    char path[256];
    goal = atol(argv[2]) * MIB;
    signal(SIGXFSZ, SIG_IGN);
    mkdir(directory, 0700);
    snprintf(path, sizeof path, "%s/filler-%d", directory, getpid());
    long written = -1;
    if (!strcmp(mode, "inodes"))
        probe_inodes(mode, directory);
    else if (!strcmp(mode, "sparse"))
        probe_sparse(mode, directory);
    else if (!strcmp(mode, "allocated"))
        probe_allocated(mode, directory);
    else if (!strcmp(mode, "core"))
        probe_core(mode);
    else if (!strcmp(mode, "many"))
        written = write_many(directory);
    else
        written = write_much(path, !strcmp(mode, "unlinked"), !strcmp(mode, "synced"));
    if (written >= 0)
        report(written >= goal, "%s %ld KiB", mode, written / 1024);
    return 0;
}
