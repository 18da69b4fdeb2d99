/* The inside of a zygote: an interpreter that has started as for one program and stands where it
 * would first look at that program. It is preloaded into the interpreter, which knows nothing of
 * it.
 *
 *   slot (pid 1) ── zygote ── first (a moment) ── second (a moment) ── program
 *                                                 └─ in the job's pid namespace: when it is gone,
 *                                                    its child belongs to the job's init, the agent
 *
 * A process becomes a child of the agent only by losing a parent inside the agent's pid namespace.
 * `first` joins that namespace for its children, `second` is born in it and makes the program. Both
 * share the zygote's memory on stacks of their own while it waits, so that only the program is a
 * copy. It joins the other namespaces of the job, becomes the job's user, gives up its rights, puts
 * up the system call filter, and returns into the interpreter as if nothing had happened.
 *
 * No code of any user ever runs in the zygote, and no request reaches it but descriptors. */
#define _GNU_SOURCE
#include "zygote.h"
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES 65536u
#define FD_UNUSED 3u

static int control = -1;
static int request[ZYGOTE_FD_COUNT];
static unsigned request_count;
static void *robust_list;
static size_t robust_list_bytes;
static uint64_t thread_id_address;
static jmp_buf interpreter;
static char stacks[2][STACK_BYTES] __attribute__((aligned(16)));

/* Take a variable away, also from where /proc shows it. */
static void forget(const char *name)
{
    char *value = getenv(name);
    unsetenv(name);
    if (value != NULL)
        memset(value - strlen(name) - 1, 0, strlen(name) + 1 + strlen(value));
}

/* The first thing that runs: the interpreter must not see how it was started. */
__attribute__((constructor)) static void hide(void)
{
    const char *number = getenv(ZYGOTE_VARIABLE);
    if (number != NULL)
        control = atoi(number);
    forget(ZYGOTE_VARIABLE);
    forget("LD_PRELOAD");
    if (control >= 0)
        fcntl(control, F_SETFD, FD_CLOEXEC);
}

/* What the C library keeps in the kernel about its thread, and sets again when it forks. */
static bool learn_thread(void)
{
    return prctl(PR_GET_TID_ADDRESS, &thread_id_address) == 0 && thread_id_address != 0 &&
           syscall(SYS_get_robust_list, 0, &robust_list, &robust_list_bytes) == 0;
}

/* Receive the descriptors of a request. The end of the socket is the end of the slot. */
static bool receive(void)
{
    char byte;
    struct iovec part = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof request)];
        struct cmsghdr align;
    } rights;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof rights.bytes};
    ssize_t size;
    while ((size = recvmsg(control, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        continue;
    if (size <= 0)
        _exit(0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    request_count = 0;
    if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return false;
    request_count = (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(request, CMSG_DATA(header), request_count * sizeof(int));
    return request_count >= ZYGOTE_CGROUP && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
}

static bool join(enum zygote_fd which, int kind)
{
    return setns(request[which], kind) == 0;
}

/* A cold program is a child of the agent from the start; this one has to wait until it is. */
static bool wait_for_agent(void)
{
    pid_t self = getpid();
    char byte;
    while (getppid() != 1)
        sched_yield();
    if (send(request[ZYGOTE_REPLY], &self, sizeof self, MSG_NOSIGNAL) != sizeof self)
        return false;
    memory_own();
    return recv(request[ZYGOTE_REPLY], &byte, 1, 0) == 1;
}

static bool prefer_in_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, "1000", 4) == 4;
    close(fd);
    return is_written;
}

static bool take_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(request[ZYGOTE_STDIN + fd], fd) != fd)
            return false;
    return setsid() >= 0;
}

/* In the copy: become the program of the job. */
static bool become_program(void)
{
    syscall(SYS_set_robust_list, robust_list, robust_list_bytes);
    if (!join(ZYGOTE_MOUNT_NAMESPACE, CLONE_NEWNS) || !join(ZYGOTE_IPC_NAMESPACE, CLONE_NEWIPC) ||
        !join(ZYGOTE_UTS_NAMESPACE, CLONE_NEWUTS) ||
        !join(ZYGOTE_NETWORK_NAMESPACE, CLONE_NEWNET) ||
        !join(ZYGOTE_CGROUP_NAMESPACE, CLONE_NEWCGROUP))
        return false;
    /* The folder is the job's user's and nobody else's, hence entered last. */
    if (!prefer_in_oom() || !take_streams() || credentials_job(0, true) ||
        fchdir(request[ZYGOTE_CWD]) || seccomp_install())
        return false;
    /* Nobody may look into it before it has let go of everything that is not the program's. */
    return wait_for_agent() && syscall(SYS_close_range, FD_UNUSED, ~0u, 0) == 0 &&
           prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static int run_second(void *unused)
{
    (void)unused;
    struct clone_args args = {
        .flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
        .exit_signal = SIGCHLD,
        .child_tid = thread_id_address,
    };
    if (request_count > ZYGOTE_CGROUP) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)request[ZYGOTE_CGROUP];
    }
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        if (!become_program())
            _exit(127);
        longjmp(interpreter, 1);
    }
    _exit(0);
}

static void spawn(int (*run)(void *), char *stack)
{
    int pid = clone(run, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, NULL);
    while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        continue;
}

static int run_first(void *unused)
{
    (void)unused;
    if (join(ZYGOTE_PID_NAMESPACE, CLONE_NEWPID))
        spawn(run_second, stacks[1]);
    _exit(0);
}

void zygote_serve(void)
{
    /* Without a slot behind it this is a library that does nothing. */
    if (control < 0)
        return;
    if (!learn_thread() || seccomp_setup() || send(control, "r", 1, MSG_NOSIGNAL) != 1)
        _exit(1);
    memory_learn();
    if (setjmp(interpreter))
        return;
    for (;;) {
        if (receive())
            spawn(run_first, stacks[0]);
        for (unsigned i = 0; i < request_count; i++)
            close(request[i]);
    }
}
