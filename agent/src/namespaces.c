/* Processes in namespaces of their own, and the descriptors they start with. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Return what fork would. `cgroup` is the version 2 group to start in, or -1. */
pid_t namespaces_spawn(uint64_t flags, int cgroup, int *pidfd)
{
    struct clone_args args = {
        .flags = flags | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup;
    }
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0)
        return fault("clone3 with flags 0x%llx", (unsigned long long)args.flags);
    return pid;
}

static int write_map(pid_t pid, const char *file, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return fault("open %s", path);
    int result = write_all(fd, text, path);
    close(fd);
    return result;
}

/* As root a slot gets two ids of the reserved range for itself (0) and its jobs (1000). An
 * ordinary user can only give its own id. */
int namespaces_map_ids(pid_t pid, bool is_root, uid_t base)
{
    char users[64], groups[64];
    if (is_root) {
        snprintf(users, sizeof users, "0 %u 1\n%u %u 1\n", base, JOB_UID, base + 1);
        snprintf(groups, sizeof groups, "%s", users);
    } else {
        snprintf(users, sizeof users, "%u %u 1\n", JOB_UID, geteuid());
        snprintf(groups, sizeof groups, "%u %u 1\n", JOB_UID, getegid());
        if (write_map(pid, "setgroups", "deny"))
            return -1;
    }
    return write_map(pid, "uid_map", users) || write_map(pid, "gid_map", groups) ? -1 : 0;
}

static int compare_fds(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

/* Close every descriptor above the reserved ones that is not in `fds`. */
int namespaces_keep_only(int *fds, unsigned count)
{
    unsigned from = FD_RESERVED_MAX + 1;
    qsort(fds, count, sizeof *fds, compare_fds);
    for (unsigned i = 0; i < count; i++) {
        if (fds[i] < (int)from)
            continue;
        if (fds[i] > (int)from && syscall(SYS_close_range, from, fds[i] - 1, 0))
            return fault("close_range");
        from = (unsigned)fds[i] + 1;
    }
    if (syscall(SYS_close_range, from, ~0U, 0))
        return fault("close_range");
    return 0;
}

/* Fill every free descriptor up to FD_RESERVED_MAX with /dev/null. */
int namespaces_reserve_fds(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd < 0)
            return fault("open /dev/null");
    } while (fd <= FD_RESERVED_MAX);
    close(fd);
    return 0;
}

/* Move a descriptor above the reserved ones. */
int namespaces_move_fd(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FD_RESERVED_MAX + 1);
    if (moved < 0)
        return fault("move descriptor %d", fd);
    close(fd);
    return moved;
}

static int write_setting(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : fault("open %s", path);
    int result = write_all(fd, value, path);
    close(fd);
    return result;
}

/* What the kernel counts per user namespace it also counts for the user who made it: without
 * bounds of its own one sandbox could use up what the host's root may have. */
int namespaces_bound(void)
{
    return write_setting("/proc/sys/user/max_inotify_instances", "16") ||
                   write_setting("/proc/sys/user/max_user_namespaces", "0")
               ? -1
               : 0;
}
