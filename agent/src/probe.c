/* Tries the walls from inside a job. Says what it found, one `name=value` a line; the server knows
 * which limits it gave the job and compares. */
#define _GNU_SOURCE
#include "launcher.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY_BYTES_MAX (128ull << 20)
#define DISK_BYTES_MAX (16u << 20)
#define PROCESSES_MAX 64u
#define STEP_BYTES (1u << 20)

static void say(int stream, const char *name, unsigned long long value)
{
    dprintf(stream, "%s=%llu\n", name, value);
}

/* How many bytes a child can use before it is killed; MEMORY_BYTES_MAX if nothing stops it. */
static unsigned long long try_memory(void)
{
    volatile unsigned long long *used =
        mmap(NULL, sizeof *used, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (used == MAP_FAILED)
        return 0;
    pid_t pid = fork();
    if (pid == 0) {
        while (*used < MEMORY_BYTES_MAX) {
            /* Volatile, or the compiler leaves out stores that nobody reads. */
            volatile char *more = malloc(STEP_BYTES);
            if (!more)
                break;
            for (size_t i = 0; i < STEP_BYTES; i += 4096)
                more[i] = 1;
            *used += STEP_BYTES;
        }
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return *used;
}

/* How many processes can live beside this one. */
static unsigned try_processes(void)
{
    unsigned count = 0;
    for (; count < PROCESSES_MAX; count++) {
        pid_t pid = fork();
        if (pid < 0)
            break;
        if (pid == 0)
            for (;;)
                pause();
    }
    kill(-1, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
    return count;
}

/* How many bytes fit into a file below `directory`. */
static unsigned try_disk(const char *directory)
{
    static char block[65536];
    char path[64];
    unsigned written = 0;
    snprintf(path, sizeof path, "%s/probe", directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && written < DISK_BYTES_MAX) {
        ssize_t size = write(fd, block, sizeof block);
        if (size <= 0)
            break;
        written += (unsigned)size;
    }
    if (fd >= 0)
        close(fd);
    unlink(path);
    return written;
}

/* The error of a connection to an address of TEST-NET-1, which no network uses. */
static int try_network(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error;
}

/* How many network interfaces there are; loopback is one. */
static unsigned count_interfaces(void)
{
    char line[256];
    unsigned count = 0;
    FILE *file = fopen("/proc/net/dev", "re");
    while (file && fgets(line, sizeof line, file))
        count += strchr(line, ':') != NULL;
    if (file)
        fclose(file);
    return count;
}

static int try_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    unlink(path);
    return 0;
}

/* What a process beside the agent gets for looking at it. */
static int try_init(void)
{
    int result = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct stat status;
        _exit(stat("/proc/1", &status) ? errno : 0);
    }
    return pid > 0 && waitpid(pid, &result, 0) == pid ? WEXITSTATUS(result) : EAGAIN;
}

static int try_terminal(void)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = unlockpt(fd) ? errno : 0;
    close(fd);
    return error;
}

int probe_serve(int stream)
{
    say(stream, "uid", geteuid());
    say(stream, "root_errno", (unsigned)try_write("/probe"));
    say(stream, "usr_errno", (unsigned)try_write("/usr/probe"));
    say(stream, "network_errno", (unsigned)try_network());
    say(stream, "interfaces", count_interfaces());
    say(stream, "init_errno", (unsigned)try_init());
    say(stream, "namespace_errno", unshare(CLONE_NEWUSER) ? (unsigned)errno : 0);
    say(stream, "mount_errno", mount("none", "/tmp", "tmpfs", 0, NULL) ? (unsigned)errno : 0);
    say(stream, "terminal_errno", (unsigned)try_terminal());
    say(stream, "work_bytes", try_disk("/work"));
    say(stream, "tmp_bytes", try_disk("/tmp"));
    say(stream, "processes", try_processes());
    say(stream, "memory_bytes", try_memory());
    return 0;
}
