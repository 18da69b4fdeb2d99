/* The group of a job: limits, measurements, and proof that nothing is left in it.
 *
 * Version 2: a group serves one job, because its memory peak cannot be reset before Linux 6.12;
 * the next one is made while nobody waits, and clone3 starts the job in it. Version 1: moving a
 * process into a group can wait for an RCU grace period, which is longer than the whole job. So
 * the supervisor itself moves in, once, and its jobs are born there. The group is reused, its
 * counters are set back, and it is replaced when pages that somebody else charged stay in it.
 *
 * memory.oom.group stays off: it would end the agent together with the program and nobody could
 * report what happened. The agent ends the rest when it sees the event. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Version 1: more than this left in an empty group is somebody's pages. */
#define STALE_BYTES_MAX (1ull << 20)
#define SETTLE_MS 50u

static int open_file(int dir, const char *job, const char *file, int flags)
{
    char path[80];
    snprintf(path, sizeof path, "%s/%s", job, file);
    return dir < 0 ? -1 : openat(dir, path, flags | O_CLOEXEC);
}

static int write_number(int fd, uint64_t number, const char *what)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return write_all(fd, text, what);
}

static uint64_t read_number(int fd)
{
    char text[64];
    return fd >= 0 && read_text(fd, text, sizeof text) > 0 ? strtoull(text, NULL, 10) : 0;
}

/* Return the number after `name` at the start of a line. */
static uint64_t read_field(int fd, const char *name)
{
    char text[1024];
    if (fd < 0 || read_text(fd, text, sizeof text) <= 0)
        return 0;
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
            return strtoull(line + strlen(name), NULL, 10);
    }
    return 0;
}

/* Ask to be woken when the group runs out of memory. */
static int register_oom(int memory_dir, struct job_groups *job)
{
    char text[32];
    job->oom_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int control = open_file(memory_dir, job->name, "cgroup.event_control", O_WRONLY);
    if (job->oom_event < 0 || control < 0)
        return fault("open cgroup.event_control");
    snprintf(text, sizeof text, "%d %d", job->oom_event, job->memory_events);
    int result = write_all(control, text, "cgroup.event_control");
    close(control);
    return result;
}

/* Move the supervisor into the group. */
static int enter(int dir, const char *job)
{
    int fd = open_file(dir, job, "cgroup.procs", O_WRONLY);
    int result = fd < 0 ? 0 : write_all(fd, "0", "cgroup.procs");
    if (fd >= 0)
        close(fd);
    return result;
}

static int open_version_1(const struct slot_groups *groups, struct job_groups *job)
{
    int memory = groups->dirs[CGROUP_MEMORY], pids = groups->dirs[CGROUP_PIDS];
    job->memory_max = open_file(memory, job->name, "memory.limit_in_bytes", O_WRONLY);
    job->swap_max = open_file(memory, job->name, "memory.memsw.limit_in_bytes", O_WRONLY);
    job->memory_now = open_file(memory, job->name, "memory.usage_in_bytes", O_RDONLY);
    job->memory_peak = open_file(memory, job->name, "memory.max_usage_in_bytes", O_RDONLY);
    job->peak_reset = open_file(memory, job->name, "memory.max_usage_in_bytes", O_WRONLY);
    job->memory_events = open_file(memory, job->name, "memory.oom_control", O_RDONLY);
    job->processes_max = open_file(pids, job->name, "pids.max", O_WRONLY);
    job->cpu = open_file(groups->dirs[CGROUP_CPU], job->name, "cpuacct.usage", O_RDONLY);
    job->cpu_reset = open_file(groups->dirs[CGROUP_CPU], job->name, "cpuacct.usage", O_WRONLY);
    if ((memory >= 0 && job->memory_max < 0) || (pids >= 0 && job->processes_max < 0))
        return fault("open the files of the cgroup %s", job->name);
    for (unsigned kind = 0; kind < CGROUP_JOB_KINDS; kind++)
        if (enter(groups->dirs[kind], job->name))
            return -1;
    return memory >= 0 ? register_oom(memory, job) : 0;
}

static int open_version_2(const struct slot_groups *groups, struct job_groups *job)
{
    int parent = groups->dirs[0];
    job->dir = openat(parent, job->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    job->memory_max = open_file(parent, job->name, "memory.max", O_WRONLY);
    job->swap_max = open_file(parent, job->name, "memory.swap.max", O_WRONLY);
    job->memory_peak = open_file(parent, job->name, "memory.peak", O_RDONLY);
    job->memory_events = open_file(parent, job->name, "memory.events", O_RDONLY);
    job->processes_max = open_file(parent, job->name, "pids.max", O_WRONLY);
    job->cpu = open_file(parent, job->name, "cpu.stat", O_RDONLY);
    job->kill = open_file(parent, job->name, "cgroup.kill", O_WRONLY);
    if (job->dir < 0 || job->memory_max < 0 || job->processes_max < 0)
        return fault("open the files of the cgroup %s", job->name);
    return job->swap_max >= 0 ? write_all(job->swap_max, "0", "memory.swap.max") : 0;
}

/* Make a group for the next job and open its files. */
int job_groups_open(const struct slot_groups *groups, struct job_groups *job)
{
    unsigned number = job->number + 1;
    *job = (struct job_groups){.version = groups->version,
                               .number = number,
                               .dir = -1,
                               .memory_max = -1,
                               .swap_max = -1,
                               .processes_max = -1,
                               .memory_now = -1,
                               .memory_peak = -1,
                               .memory_events = -1,
                               .peak_reset = -1,
                               .cpu = -1,
                               .cpu_reset = -1,
                               .kill = -1,
                               .oom_event = -1};
    snprintf(job->name, sizeof job->name, "job-%u", number);
    for (unsigned kind = 0; groups->version && kind < CGROUP_JOB_KINDS; kind++)
        if (groups->dirs[kind] >= 0 && mkdirat(groups->dirs[kind], job->name, 0755))
            return fault("create the cgroup %s", job->name);
    switch (groups->version) {
    case 1:
        return open_version_1(groups, job);
    case 2:
        return open_version_2(groups, job);
    default:
        return 0;
    }
}

static void close_files(struct job_groups *job)
{
    const int fds[] = {job->dir,           job->memory_max,  job->swap_max,   job->processes_max,
                       job->memory_now,    job->memory_peak, job->peak_reset, job->cpu,
                       job->memory_events, job->cpu_reset,   job->kill,       job->oom_event};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* Whether the group cannot serve another job. */
bool job_groups_must_renew(const struct job_groups *job)
{
    return job->version == 2 || (job->version == 1 && read_number(job->memory_now) >
                                                          job->resident_bytes + STALE_BYTES_MAX);
}

/* Note who lives in the group from now on and what that takes. */
void job_groups_settle(struct job_groups *job, pid_t zygote)
{
    if (job->version != 1)
        return;
    job->zygote = zygote;
    job->resident_bytes = zygote ? read_number(job->memory_now) : 0;
}

/* After a job, when nobody waits: make another group for the next one. */
int job_groups_renew(const struct slot_groups *groups, struct job_groups *job)
{
    struct job_groups old = *job;
    if (job_groups_open(groups, job))
        return -1;
    close_files(&old);
    for (unsigned kind = 0; kind < CGROUP_JOB_KINDS; kind++)
        if (groups->dirs[kind] >= 0 && cgroup_remove_tree(groups->dirs[kind], old.name))
            return -1;
    return 0;
}

static int limit_version_1(struct job_groups *job, uint64_t memory_bytes)
{
    /* The sum of memory and swap may never be below memory: lift it first. */
    if (job->swap_max >= 0 && write_all(job->swap_max, "-1", "memory.memsw.limit_in_bytes"))
        return -1;
    if (write_number(job->memory_max, memory_bytes, "memory.limit_in_bytes"))
        return -1;
    return job->swap_max < 0
               ? 0
               : write_number(job->swap_max, memory_bytes, "memory.memsw.limit_in_bytes");
}

/* Set the limits that differ from those of the last job. `processes` are the program's. */
int job_groups_limit(struct job_groups *job, uint64_t memory_bytes, uint64_t processes)
{
    /* The agent, and the supervisor and its zygote where they live in the group. */
    processes += job->version == 1 ? 2 : 1;
    processes += job->zygote > 0;
    if (job->memory_max >= 0 && memory_bytes != job->memory_set) {
        if (job->version == 1 ? limit_version_1(job, memory_bytes)
                              : write_number(job->memory_max, memory_bytes, "memory.max"))
            return -1;
        job->memory_set = memory_bytes;
    }
    if (job->processes_max >= 0 && processes != job->processes_set) {
        if (write_number(job->processes_max, processes, "pids.max"))
            return -1;
        job->processes_set = processes;
    }
    return 0;
}

/* Forget the memory peak. Version 2 cannot before Linux 6.12, and keeps it. */
int job_groups_begin_peak(const struct job_groups *job)
{
    if (job->version != 1 || job->peak_reset < 0)
        return 0;
    return write_all(job->peak_reset, "0", "memory.max_usage_in_bytes");
}

/* Set the counters back. */
int job_groups_begin(struct job_groups *job)
{
    uint64_t events;
    if (job->version != 1)
        return 0;
    if (job->cpu_reset >= 0 && write_all(job->cpu_reset, "0", "cpuacct.usage"))
        return -1;
    if (job_groups_begin_peak(job))
        return -1;
    if (job->oom_event >= 0 && read(job->oom_event, &events, sizeof events) < 0 && errno != EAGAIN)
        return fault("read the OOM event");
    job->oom_base = read_field(job->memory_events, "oom_kill");
    return 0;
}

/* Read who is in the group. Version 1 keeps what it once told an open file for a second. */
static ssize_t read_members(const struct slot_groups *groups, const struct job_groups *job,
                            char *text, size_t size)
{
    int fd = open_file(groups->dirs[0], job->name, "cgroup.procs", O_RDONLY);
    ssize_t count = fd < 0 ? -1 : read_text(fd, text, size);
    if (fd >= 0)
        close(fd);
    return count;
}

/* Whether nobody is in the group but, in version 1, the supervisor and its zygote. */
bool job_groups_is_empty(const struct slot_groups *groups, const struct job_groups *job)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    char text[64], own[48];
    if (groups->dirs[0] < 0)
        return true;
    ssize_t count = read_members(groups, job, text, sizeof text);
    if (count <= 0)
        return count == 0;
    /* The slot is pid 1 of its namespace, and that is how the file names it to the slot. */
    int size = snprintf(own, sizeof own, "%d\n", (int)getpid());
    if (job->zygote)
        snprintf(own + size, sizeof own - (size_t)size, "%d\n", (int)job->zygote);
    /* A fork that the job's end cut short takes a moment to end itself. */
    for (unsigned i = 0; job->zygote && i < SETTLE_MS && strcmp(text, own); i++) {
        nanosleep(&pause, NULL);
        read_members(groups, job, text, sizeof text);
    }
    return job->version == 1 && !strcmp(text, own);
}

void job_groups_kill(const struct job_groups *job)
{
    if (job->kill >= 0 && write(job->kill, "1", 1) != 1)
        fault("write cgroup.kill");
}

struct measured job_groups_measure(const struct job_groups *job)
{
    struct measured measured = {.has_cpu = job->cpu >= 0, .has_memory = job->memory_peak >= 0};
    measured.cpu_ns =
        job->version == 2 ? read_field(job->cpu, "usage_usec") * 1000 : read_number(job->cpu);
    measured.memory_peak_bytes = read_number(job->memory_peak);
    measured.oom_kills = read_field(job->memory_events, "oom_kill") - job->oom_base;
    return measured;
}
