/* Holds a program at its first touch of the work folder.
 *
 * The program is traced from before its first instruction and stopped at the entry of the first
 * system call that names a path in the work folder: whatever it did until then did not depend on
 * what is in there. Its other threads are let go at once, so one task of it, as a rule, is all that
 * is still traced while it waits. To let it go on is to detach from that one: nothing is left that
 * the program could notice, and nothing of it is traced or filtered any more. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                                    \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |      \
     PTRACE_O_EXITKILL)
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define EVENT_STOP 128
#define PAGE_BYTES 4096u
#define LOOK_BYTES 256u
#define LET_GO_NS NS_PER_SECOND

/* Calls that name a path: its argument, and that of the folder it is relative to, or -1. */
static const struct {
    long number;
    int folder, path;
} calls[] = {
#ifdef SYS_open
    {SYS_open, -1, 0},      {SYS_stat, -1, 0},
    {SYS_lstat, -1, 0},     {SYS_access, -1, 0},
    {SYS_readlink, -1, 0},  {SYS_mkdir, -1, 0},
    {SYS_creat, -1, 0},     {SYS_unlink, -1, 0},
#endif
    {SYS_openat, 0, 1},     {SYS_openat2, 0, 1},
    {SYS_newfstatat, 0, 1}, {SYS_statx, 0, 1},
    {SYS_faccessat, 0, 1},  {SYS_faccessat2, 0, 1},
    {SYS_readlinkat, 0, 1}, {SYS_mkdirat, 0, 1},
    {SYS_unlinkat, 0, 1},   {SYS_execve, -1, 0},
    {SYS_execveat, 0, 1},   {SYS_chdir, -1, 0},
    {SYS_statfs, -1, 0},    {SYS_inotify_add_watch, -1, 1},
    {SYS_getxattr, -1, 0},  {SYS_lgetxattr, -1, 0},
};

struct trace {
    struct held *held;
    pid_t leader;
    pid_t tasks[HELD_COUNT_MAX];
    unsigned task_count;
    char work[PATH_BYTES_MAX];
    size_t work_size;
    uint64_t deadline;
};

/* Read a string of a traced program; what cannot be read is cut off. */
static void read_string(pid_t task, uint64_t address, char *text)
{
    size_t first = PAGE_BYTES - (size_t)(address % PAGE_BYTES);
    if (first > LOOK_BYTES)
        first = LOOK_BYTES;
    struct iovec ours = {text, LOOK_BYTES};
    struct iovec theirs[] = {{(void *)(uintptr_t)address, first},
                             {(void *)(uintptr_t)(address + first), LOOK_BYTES - first}};
    ssize_t size = process_vm_readv(task, &ours, 1, theirs, first < LOOK_BYTES ? 2 : 1, 0);
    text[size > 0 ? size : 0] = 0;
}

/* A relative path counts as well: programs start in the work folder. */
static bool is_touch(const struct trace *trace, pid_t task,
                     const struct __ptrace_syscall_info *info)
{
    char path[LOOK_BYTES + 1];
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if ((uint64_t)calls[i].number != info->entry.nr)
            continue;
        read_string(task, info->entry.args[calls[i].path], path);
        if (path[0] == '/')
            return (strncmp(path, trace->work, trace->work_size) == 0 &&
                    (path[trace->work_size] == 0 || path[trace->work_size] == '/')) ||
                   strncmp(path, "/proc/self/cwd", 14) == 0;
        return path[0] != 0 &&
               (calls[i].folder < 0 || (int)info->entry.args[calls[i].folder] == AT_FDCWD);
    }
    return false;
}

/* Whether the task is stopped where it must be held. */
static bool is_at_touch(const struct trace *trace, pid_t task, int status)
{
    struct __ptrace_syscall_info info;
    if (WSTOPSIG(status) != SYSCALL_STOP ||
        ptrace(PTRACE_GET_SYSCALL_INFO, task, (void *)sizeof info, &info) <= 0)
        return false;
    return info.op == PTRACE_SYSCALL_INFO_ENTRY && is_touch(trace, task, &info);
}

/* The signal to hand on when the task goes on: 0 unless it stopped to be given one. */
static long signal_of(int status)
{
    int number = WSTOPSIG(status);
    return number == SYSCALL_STOP || status >> 16 != 0 ? 0 : number;
}

/* Remember a traced task. Returns false if there are more than can be let go. */
static bool note_task(struct trace *trace, pid_t task)
{
    for (unsigned i = 0; i < trace->task_count; i++)
        if (trace->tasks[i] == task)
            return true;
    if (trace->task_count == HELD_COUNT_MAX)
        return false;
    trace->tasks[trace->task_count++] = task;
    return true;
}

static void drop_task(struct trace *trace, pid_t task)
{
    for (unsigned i = 0; i < trace->task_count; i++)
        if (trace->tasks[i] == task)
            trace->tasks[i] = trace->tasks[--trace->task_count];
}

/* Return what the task has just started, if that is why it stopped, or 0. The new one is traced and
 * stopped from the beginning, but may say so much later. */
static pid_t started_by(pid_t task, int status)
{
    int event = status >> 16;
    unsigned long started = 0;
    if ((event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK ||
         event == PTRACE_EVENT_VFORK) &&
        ptrace(PTRACE_GETEVENTMSG, task, NULL, &started) < 0)
        return 0;
    return (pid_t)started;
}

/* Have a task stop, so that it can be let go. One that was let go already is not waited for. */
static bool interrupt(struct trace *trace, pid_t task)
{
    if (!note_task(trace, task))
        return false;
    if (ptrace(PTRACE_INTERRUPT, task, NULL, NULL) < 0)
        drop_task(trace, task);
    return true;
}

static bool hold(struct trace *trace, pid_t task)
{
    drop_task(trace, task);
    if (trace->held->count == HELD_COUNT_MAX)
        return false;
    trace->held->tasks[trace->held->count++] = task;
    return true;
}

/* Wait for the next change of a traced task; false when time is up or the server has gone. */
static bool next_change(struct agent *agent, struct trace *trace, pid_t *task, int *status)
{
    for (;;) {
        *task = wait4(-1, status, __WALL | WNOHANG, NULL);
        if (*task > 0)
            return true;
        if (*task < 0 && errno != EINTR)
            return false;
        uint64_t now = serve_now();
        if (now >= trace->deadline)
            return false;
        uint64_t left = trace->deadline - now;
        struct timespec timeout = {.tv_sec = (time_t)(left / NS_PER_SECOND),
                                   .tv_nsec = (long)(left % NS_PER_SECOND)};
        struct pollfd in = {.fd = agent->in_fd};
        if (ppoll(&in, 1, &timeout, &agent->wait_mask) > 0)
            return false;
    }
}

/* Let one stopped task run to its next system call. */
static bool follow(struct trace *trace, pid_t task, int status)
{
    pid_t started = started_by(task, status);
    if (!note_task(trace, task) || (started > 0 && !note_task(trace, started)))
        return false;
    /* Between the stop and this it may have been killed, which is reported next. */
    return ptrace(PTRACE_SYSCALL, task, NULL, signal_of(status)) == 0 || errno == ESRCH;
}

/* Run until a task touches the work folder. */
static bool find_touch(struct agent *agent, struct trace *trace)
{
    pid_t task;
    int status;
    while (next_change(agent, trace, &task, &status)) {
        if (!WIFSTOPPED(status)) {
            drop_task(trace, task);
            if (task == trace->leader)
                return false;
        } else if (is_at_touch(trace, task, status)) {
            return hold(trace, task);
        } else if (!follow(trace, task, status)) {
            return false;
        }
    }
    return false;
}

/* Detach from every task but those at a touch. */
static bool let_others_go(struct agent *agent, struct trace *trace)
{
    trace->deadline = serve_now() + LET_GO_NS;
    for (unsigned i = trace->task_count; i > 0; i--)
        interrupt(trace, trace->tasks[i - 1]);
    while (trace->task_count > 0) {
        pid_t task;
        int status;
        if (!next_change(agent, trace, &task, &status))
            return false;
        pid_t started = WIFSTOPPED(status) ? started_by(task, status) : 0;
        if (!note_task(trace, task) || (started > 0 && !interrupt(trace, started)))
            return false;
        if (WIFSTOPPED(status) && is_at_touch(trace, task, status)) {
            if (!hold(trace, task))
                return false;
            continue;
        }
        drop_task(trace, task);
        if (!WIFSTOPPED(status) && task == trace->leader)
            return false;
        if (WIFSTOPPED(status) && ptrace(PTRACE_DETACH, task, NULL, signal_of(status)) < 0 &&
            errno != ESRCH)
            return false;
    }
    return true;
}

/* Run a program that child_start_stopped started until it touches the work folder, for `wall_ns` at
 * most. Returns NULL once it is held there, or why it is not: then it must be killed. */
const char *trace_hold(struct agent *agent, pid_t pid, uint64_t wall_ns, struct held *held)
{
    struct trace trace = {.held = held, .leader = pid, .deadline = serve_now() + wall_ns};
    char link[32];
    int status;
    held->count = 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", agent->work_fd);
    ssize_t size = readlink(link, trace.work, sizeof trace.work - 1);
    if (size < 2)
        return "the work folder has no name";
    trace.work_size = (size_t)size;
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
        return "the program could not be started";
    if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)OPTIONS) < 0)
        return "programs cannot be traced here";
    if (kill(pid, SIGCONT) < 0 || !find_touch(agent, &trace))
        return "the program ended or ran out of time before it touched the work folder";
    if (!let_others_go(agent, &trace))
        return "a thread of the program could not be let go";
    return NULL;
}

/* Let it go on. Returns false if it has died meanwhile. */
bool trace_release(struct held *held)
{
    bool is_alive = true;
    for (unsigned i = 0; i < held->count; i++)
        is_alive &= ptrace(PTRACE_DETACH, held->tasks[i], NULL, NULL) == 0;
    held->count = 0;
    return is_alive;
}
