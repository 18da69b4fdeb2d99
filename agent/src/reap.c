/* The ends of processes. Nothing of a step outlives it. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GIVE_UP_NS (10 * NS_PER_SECOND)
#define CHILD_COUNT_MAX 4096u

void reap_setup(struct agent *agent)
{
    if (!agent->is_init && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        serve_note("cannot adopt orphans: %s", strerror(errno));
}

static uint64_t time_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_usec * 1000;
}

/* Reap whoever has ended. Returns false when there are no children at all. */
static bool reap_some(struct agent *agent)
{
    struct command *command = &agent->command;
    for (;;) {
        int status;
        struct rusage spent;
        pid_t pid = wait4(-1, &status, WNOHANG, &spent);
        if (pid <= 0)
            return pid == 0 || errno != ECHILD;
        if (WIFSTOPPED(status))
            continue;
        uint64_t resident = (uint64_t)spent.ru_maxrss * 1024;
        command->limits.cpu_reaped_ns += time_ns(spent.ru_utime) + time_ns(spent.ru_stime);
        if (command->limits.memory_seen_bytes < resident)
            command->limits.memory_seen_bytes = resident;
        if (pid == command->pid) {
            command->is_reaped = true;
            command->status = status;
        }
    }
}

void reap_ended(struct agent *agent)
{
    reap_some(agent);
}

/* A pid of a child that was not reaped yet belongs to nobody else. Grandchildren become children
 * when their parent is gone, so killing children until there are none ends everything. */
static void kill_children(void)
{
    static pid_t pids[CHILD_COUNT_MAX];
    unsigned count = procfs_children(pids, CHILD_COUNT_MAX);
    for (unsigned i = 0; i < count; i++) {
        if (kill(pids[i], SIGKILL) < 0 && errno != ESRCH)
            serve_note("kill: %s", strerror(errno));
    }
}

static void kill_everything(const struct agent *agent)
{
    if (agent->is_init) {
        if (kill(-1, SIGKILL) < 0 && errno != ESRCH)
            serve_note("kill: %s", strerror(errno));
        return;
    }
    if (agent->meter.kill_fd >= 0 && write(agent->meter.kill_fd, "1", 1) < 0)
        serve_note("cgroup.kill: %s", strerror(errno));
    kill_children();
}

/* Kill every process of the step and wait for its end. Returns false if one cannot be killed. */
bool reap_everything(struct agent *agent)
{
    const struct timespec pause = {.tv_nsec = (long)NS_PER_MS};
    uint64_t give_up = 0;
    while (reap_some(agent)) {
        uint64_t now = serve_now();
        if (give_up == 0)
            give_up = now + GIVE_UP_NS;
        if (now > give_up)
            return false;
        kill_everything(agent);
        if (!reap_some(agent))
            return true;
        ppoll(NULL, 0, &pause, &agent->wait_mask);
    }
    return true;
}
