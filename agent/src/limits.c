/* What a step may spend, and what it spent. Each limit is a moment at which the loop wakes. */
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHECK_NS_MIN (1 * NS_PER_MS)
#define MEMORY_CHECK_NS (5 * NS_PER_MS)
/* The OOM event comes before the kill is counted. */
#define OOM_SETTLE_NS (50 * NS_PER_MS)

/* Read a number from a cgroup file; `key` starts its line, or is NULL if it is all there is. */
static bool meter_read(int fd, const char *key, uint64_t *number)
{
    char text[1024];
    ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (size <= 0)
        return false;
    text[size] = 0;
    const char *at = text;
    while (key != NULL && at != NULL && strncmp(at, key, strlen(key)) != 0) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL)
        return false;
    at += key == NULL ? 0 : strlen(key);
    return procfs_number(&at, number);
}

static bool read_cpu(const struct agent *agent, uint64_t *cpu_ns)
{
    if (!agent->meter.v2)
        return meter_read(agent->meter.cpu_fd, NULL, cpu_ns);
    bool is_read = meter_read(agent->meter.cpu_fd, "usage_usec ", cpu_ns);
    *cpu_ns *= 1000;
    return is_read;
}

static bool read_oom(const struct agent *agent, uint64_t *count)
{
    return meter_read(agent->meter.memory_events_fd, "oom_kill ", count);
}

static uint64_t processor_count(void)
{
    static long count;
    if (count < 1)
        count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (uint64_t)count;
}

void limits_begin(struct agent *agent)
{
    struct limits *limits = &agent->command.limits;
    limits->has_cpu_meter = read_cpu(agent, &limits->cpu_base_ns);
    limits->has_memory_meter = read_oom(agent, &limits->oom_base);
    limits->started_ns = serve_now();
    limits->cpu_check_at = limits->started_ns + limits->cpu_ns / processor_count();
    bool has_event = agent->meter.v2 || agent->meter.oom_event_fd >= 0;
    bool must_poll = limits->has_memory_meter ? !has_event : limits->memory_bytes > 0;
    limits->memory_check_at = must_poll ? limits->started_ns + MEMORY_CHECK_NS : UINT64_MAX;
}

static uint64_t cpu_spent(struct agent *agent)
{
    struct limits *limits = &agent->command.limits;
    uint64_t now_ns;
    if (limits->has_cpu_meter && read_cpu(agent, &now_ns))
        return now_ns > limits->cpu_base_ns ? now_ns - limits->cpu_base_ns : 0;
    uint64_t spent = limits->cpu_reaped_ns;
    if (!agent->command.is_reaped)
        spent += procfs_measure().cpu_ns;
    if (limits->cpu_seen_ns < spent)
        limits->cpu_seen_ns = spent;
    return limits->cpu_seen_ns;
}

static bool has_oom_kill(const struct agent *agent)
{
    uint64_t count;
    return read_oom(agent, &count) && count > agent->command.limits.oom_base;
}

void limits_oom_event(struct agent *agent)
{
    uint64_t count;
    if (agent->meter.oom_event_fd >= 0 &&
        read(agent->meter.oom_event_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        serve_note("OOM event: %s", strerror(errno));
    agent->command.limits.oom_check_until = serve_now() + OOM_SETTLE_NS;
}

/* Without a cgroup: add up what is resident, and only near the limit ask what is shared. */
static bool has_too_much_memory(struct agent *agent)
{
    struct limits *limits = &agent->command.limits;
    struct procfs_sum sum = procfs_measure();
    uint64_t bytes = sum.resident_bytes;
    if (bytes > limits->memory_bytes)
        bytes = procfs_proportional_bytes();
    if (limits->memory_seen_bytes < bytes)
        limits->memory_seen_bytes = bytes;
    return bytes > limits->memory_bytes;
}

static bool check_memory(struct agent *agent, uint64_t now)
{
    struct limits *limits = &agent->command.limits;
    if (now < limits->oom_check_until && has_oom_kill(agent))
        return true;
    if (now < limits->memory_check_at)
        return false;
    limits->memory_check_at = now + MEMORY_CHECK_NS;
    return limits->has_memory_meter ? has_oom_kill(agent) : has_too_much_memory(agent);
}

enum limit_hit limits_check(struct agent *agent, uint64_t now)
{
    struct limits *limits = &agent->command.limits;
    if (check_memory(agent, now))
        return HIT_MEMORY;
    if (now >= limits->cpu_check_at) {
        uint64_t spent = cpu_spent(agent);
        if (spent >= limits->cpu_ns)
            return HIT_CPU;
        uint64_t left = (limits->cpu_ns - spent) / processor_count();
        limits->cpu_check_at = now + (left > CHECK_NS_MIN ? left : CHECK_NS_MIN);
    }
    return now >= limits->started_ns + limits->wall_ns ? HIT_WALL : HIT_NONE;
}

uint64_t limits_wake_at(const struct agent *agent)
{
    const struct limits *limits = &agent->command.limits;
    uint64_t wake = limits->started_ns + limits->wall_ns;
    if (limits->cpu_check_at < wake)
        wake = limits->cpu_check_at;
    if (limits->memory_check_at < wake)
        wake = limits->memory_check_at;
    if (limits->oom_check_until > 0) {
        uint64_t now = serve_now();
        if (now < limits->oom_check_until && now + CHECK_NS_MIN < wake)
            wake = now + CHECK_NS_MIN;
    }
    return wake;
}

/* Everything of the step is dead: take the final figures. A program can meet a limit and end
 * between two checks, and that counts too. */
void limits_finish(struct agent *agent)
{
    struct command *command = &agent->command;
    struct limits *limits = &command->limits;
    command->is_reaped = true;
    command->cpu_ns = cpu_spent(agent);
    /* Kernels before 5.19 have no memory.peak; the largest process is the best that is known. */
    if (!meter_read(agent->meter.memory_peak_fd, NULL, &command->memory_peak_bytes))
        command->memory_peak_bytes = limits->memory_seen_bytes;
    if (command->hit != HIT_NONE)
        return;
    if (limits->has_memory_meter && has_oom_kill(agent))
        command->hit = HIT_MEMORY;
    else if (command->cpu_ns > limits->cpu_ns)
        command->hit = HIT_CPU;
}
