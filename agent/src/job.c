/* From the slot to the agent: what the new process, born in its control groups, does to itself
 * before it serves. The order matters: it mounts while it still may, and gives up everything else
 * last. */
#define _GNU_SOURCE
#include "launcher.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXIT_SETUP 125

static int place_fd(int from, int to)
{
    if (from >= 0 && dup3(from, to, O_CLOEXEC) < 0)
        return fault("place descriptor %d", to);
    return from >= 0 ? to : -1;
}

/* What a forked program needs to get into this job: it comes from outside of it. */
static int place_zygote(const struct job_start *start, struct zygote_link *link)
{
    static const char *const kinds[NAMESPACE_COUNT] = {"pid", "mnt", "ipc", "uts", "net", "cgroup"};
    if (start->zygote->pid <= 0)
        return 0;
    for (unsigned i = 0; i < NAMESPACE_COUNT; i++) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return fault("open %s", path);
        link->namespaces[i] = place_fd(fd, FD_JOB_NAMESPACES + (int)i);
        if (link->namespaces[i] < 0)
            return -1;
    }
    link->cgroup = place_fd(start->groups->dir, FD_JOB_CGROUP);
    link->socket = place_fd(start->zygote->socket, FD_JOB_ZYGOTE);
    return link->socket < 0 || (start->groups->dir >= 0 && link->cgroup < 0) ? -1 : 0;
}

/* Put what the agent needs at its places and close everything else. Nothing lies there yet: the
 * slot keeps 3 to 15 reserved. */
static int setup_fds(const struct job_start *start, struct agent_config *config)
{
    const struct job_groups *groups = start->groups;
    int stream = place_fd(start->stream, FD_JOB_STREAM);
    int cpu = place_fd(groups->cpu, FD_JOB_CPU);
    int peak = place_fd(groups->memory_peak, FD_JOB_MEMORY_PEAK);
    int events = place_fd(groups->memory_events, FD_JOB_MEMORY_EVENTS);
    int oom = place_fd(groups->oom_event, FD_JOB_OOM);
    struct zygote_link zygote = {.socket = -1, .cgroup = -1, .line = start->zygote_line};
    if (place_zygote(start, &zygote))
        return -1;
    if (stream < 0 || (groups->cpu >= 0 && cpu < 0) || (groups->memory_peak >= 0 && peak < 0) ||
        (groups->memory_events >= 0 && events < 0) || (groups->oom_event >= 0 && oom < 0))
        return -1;
    unsigned last = zygote.socket < 0 ? FD_JOB_OOM : FD_RESERVED_MAX;
    if (syscall(SYS_close_range, last + 1, ~0U, 0))
        return fault("close_range");
    *config = (struct agent_config){
        .in_fd = stream,
        .out_fd = stream,
        .work_dir = "/work",
        .meter = {cpu, peak, events, oom, -1, groups->version == 2},
        .zygote = zygote,
        .gate = start->gate,
    };
    return gate_seal(start->gate);
}

static int setup(const struct job_start *start, struct agent_config *config)
{
    if (unshare(CLONE_NEWCGROUP))
        return fault("unshare the cgroup namespace");
    if (start->is_network_fresh && network_up())
        return -1;
    if (work_mount_job(start->order->disk_bytes))
        return -1;
    if (chdir("/work"))
        return fault("enter /work");
    if (setsid() < 0)
        return fault("setsid");
    if (setup_fds(start, config))
        return -1;
    /* Without a pids group the user's own count is all there is; the supervisor may be in it. */
    uint64_t processes =
        start->groups->processes_max >= 0 ? 0 : (uint64_t)start->order->processes + 2;
    bool has_zygote = start->zygote_line->arg_count > 0;
    return credentials_job(processes, has_zygote) || seccomp_install() ? -1 : 0;
}

/* Become the job: pid 1 of its own namespace. */
_Noreturn void job_main(const struct job_start *start)
{
    struct agent_config config;
    bool is_probe = start->order->flags & ORDER_PROBE;
    fault_words = start->words;
    prctl(PR_SET_NAME, "runyard-job");
    if (setup(start, &config))
        _exit(EXIT_SETUP);
    fault_words = NULL;
    munmap(start->words, FAULT_BYTES);
    _exit(is_probe ? probe_serve(config.out_fd) : agent_serve(&config));
}
