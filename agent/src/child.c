/* From the agent to the program. Between vfork and execve the child shares the agent's memory, so
 * it only makes system calls and fills `program->error`. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROGRAM_UMASK 022
#define KERNEL_SIGNAL_MAX 64
/* Handler, flags, restorer and mask, of which all are 0. */
#define KERNEL_SIGACTION_BYTES 32

static char candidate[PATH_BYTES_MAX * 8];

/* The kernel's own form of "default": libc refuses to touch the signals it keeps to itself, and
 * those are ignored by whatever another libc's posix_spawn started. */
bool child_reset_signals(void)
{
    static const char usual[KERNEL_SIGACTION_BYTES];
    for (int number = 1; number <= KERNEL_SIGNAL_MAX; number++)
        if (syscall(SYS_rt_sigaction, number, usual, NULL, KERNEL_SIGNAL_MAX / 8) < 0 &&
            errno != EINVAL)
            return false;
    return true;
}

/* Try every folder of PATH as execvp does, without its fallback to a shell. */
static int exec_searched(const struct program *program)
{
    const char *name = program->argv[0], *folder = program->search;
    size_t name_size = strlen(name) + 1;
    int reason = ENOENT;
    while (name[0] != 0) {
        size_t size = strcspn(folder, ":");
        if (size + 1 + name_size <= sizeof candidate && size > 0) {
            memcpy(candidate, folder, size);
            candidate[size] = '/';
            memcpy(candidate + size + 1, name, name_size);
            execve(candidate, program->argv, program->envp);
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
                return errno;
            if (errno == EACCES)
                reason = EACCES;
        }
        if (folder[size] == 0)
            break;
        folder += size + 1;
    }
    return reason;
}

/* Become the program; return why that is not possible: an errno. */
int child_exec(const struct program *program)
{
    if (strchr(program->argv[0], '/') == NULL)
        return exec_searched(program);
    execve(program->argv[0], program->argv, program->envp);
    return errno;
}

static int take_streams(const struct program *program)
{
    if (setsid() < 0)
        return errno;
    if (program->has_terminal && ioctl(program->fds[0], TIOCSCTTY, 0) < 0)
        return errno;
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(program->fds[fd], fd) < 0)
            return errno;
    }
    return fchdir(program->cwd_fd) < 0 ? errno : 0;
}

static void run(struct program *program)
{
    sigset_t none;
    int error = take_streams(program);
    if (error == 0) {
        umask(PROGRAM_UMASK);
        /* Everything is close-on-exec already; this holds if one was forgotten. */
        syscall(SYS_close_range, 3u, ~0u, 0u);
        sigemptyset(&none);
        error = sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? errno : 0;
    }
    program->error = error == 0 ? child_exec(program) : error;
    _exit(127);
}

/* Start the program as a copy of the agent that is stopped before it does anything, so that it can
 * be traced from there on. It has no secret: this happens before anything was asked for. */
static pid_t fork_stopped(struct program *program)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 || kill(getpid(), SIGSTOP) < 0)
        _exit(127);
    run(program);
    return -1;
}

/* Start the program. The OOM score is set around the fork because the child of a process that is
 * not dumpable cannot open its own. */
static pid_t start(struct agent *agent, struct program *program, bool is_stopped)
{
    program->error = 0;
    if (agent->oom_score_fd >= 0 && pwrite(agent->oom_score_fd, "1000", 4, 0) < 0)
        serve_note("oom_score_adj: %s", strerror(errno));
    pid_t pid = is_stopped ? fork_stopped(program) : vfork();
    if (pid == 0)
        run(program);
    int reason = errno;
    if (agent->oom_score_fd >= 0 &&
        pwrite(agent->oom_score_fd, agent->oom_score, strlen(agent->oom_score), 0) < 0)
        serve_note("oom_score_adj: %s", strerror(errno));
    errno = reason;
    return pid;
}

pid_t child_start(struct agent *agent, struct program *program)
{
    return start(agent, program, false);
}

pid_t child_start_stopped(struct agent *agent, struct program *program)
{
    return start(agent, program, true);
}
