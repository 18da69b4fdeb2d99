/* The supervisor of one slot: it builds its root once, then starts one job at a time in it.
 *
 * It lives in a user namespace of its own, holds no secret, and talks to the server only: orders
 * come as packets on one socket, each checked against the ceilings, and are answered by reports.
 * What makes ready for the next job is done after the report, while nobody waits. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define JOB_NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)
#define MS_NS 1000000ull
#define S_NS 1000000000ull

struct slot {
    const struct slot_config *config;
    struct job_groups groups;
    struct network_state network;
    struct zygote zygote;
    char *words;    /* shared with a job until it is set up */
    uint32_t *gate; /* shared with a job */
    pid_t pid;      /* 0: no job */
    int pidfd;
    bool has_work, has_base, is_ahead;
    uint64_t sequence, started_ns, deadline_ns, cpu_base_ns;
    struct report last; /* how the last job ended */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * S_NS + (uint64_t)now.tv_nsec;
}

static void send_report(const struct slot *slot, struct report *report, enum report_kind kind)
{
    report->kind = kind;
    report->sequence = slot->sequence;
    /* A server that does not read is gone or will be: the end of the socket says so. */
    if (send(slot->config->control, report, sizeof *report, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        errno != EAGAIN)
        _exit(0);
}

static void send_failure(const struct slot *slot)
{
    struct report report = {.status = -1};
    memcpy(report.words, fault_words, sizeof report.words);
    send_report(slot, &report, REPORT_FAILED);
}

static struct report measure(const struct slot *slot)
{
    struct measured measured = job_groups_measure(&slot->groups);
    return (struct report){
        .oom_kills = (uint32_t)measured.oom_kills,
        .cpu_ns = measured.cpu_ns > slot->cpu_base_ns ? measured.cpu_ns - slot->cpu_base_ns : 0,
        .memory_peak_bytes = measured.memory_peak_bytes,
        .wall_ns = now_ns() - slot->started_ns,
        .has = (measured.has_cpu ? 1u : 0u) | (measured.has_memory ? 2u : 0u),
    };
}

static void end_zygote(struct slot *slot)
{
    zygote_end(&slot->zygote);
    job_groups_settle(&slot->groups, 0);
}

/* Wait for the job's init: the kernel ends its whole pid namespace before it reports it. */
static void collect_job(struct slot *slot)
{
    siginfo_t info = {0};
    while (waitid(P_PIDFD, (id_t)slot->pidfd, &info, WEXITED) && errno == EINTR)
        continue;
    slot->last = measure(slot);
    slot->last.status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    memcpy(slot->last.words, slot->words, FAULT_BYTES - 1);
    slot->words[0] = '\0';
    close(slot->pidfd);
    slot->pid = 0;
    slot->deadline_ns = 0;
    /* It may have been killed for the memory of a job. */
    if (zygote_is_dead(&slot->zygote))
        end_zygote(slot);
    /* Every process of the group was in that namespace. If one is not, this slot is broken. */
    if (!job_groups_is_empty(&slot->config->groups, &slot->groups)) {
        refuse("processes were left in the cgroup of a job");
        send_failure(slot);
        _exit(1);
    }
}

static void end_job(struct slot *slot)
{
    if (!slot->pid)
        return;
    job_groups_kill(&slot->groups);
    syscall(SYS_pidfd_send_signal, slot->pidfd, SIGKILL, NULL, 0);
    collect_job(slot);
}

static int mount_work(struct slot *slot, const struct order *order)
{
    if (!slot->has_work) {
        slot->has_work = true;
        return work_mount_empty(order->disk_bytes);
    }
    if (slot->has_base ? work_unmount(false) : work_freeze())
        return -1;
    slot->has_base = true;
    return work_mount_step(order->disk_bytes);
}

/* Memory files of a job count as its memory, so its group gets room for all it may write. */
static int limit_job(struct slot *slot, const struct order *order)
{
    uint64_t files = 2 * order->disk_bytes + work_shm_bytes(order->disk_bytes) +
                     (slot->has_base ? work_base_bytes() : 0);
    return job_groups_limit(&slot->groups, order->memory_bytes + files, order->processes);
}

/* Never in the way of an answer: until it has started, programs start cold. Without a pids group
 * the resource limits of the job bound its processes, and a copy would have those of the zygote. */
static void start_zygote(struct slot *slot)
{
    if (slot->zygote.pid || slot->groups.processes_max < 0)
        return;
    zygote_start(&slot->zygote, slot->config->zygote);
    job_groups_settle(&slot->groups, slot->zygote.pid);
}

/* Between two jobs: the group, and from time to time the zygote, which in version 1 lives in it. */
static int renew(struct slot *slot)
{
    bool must_renew = job_groups_must_renew(&slot->groups);
    if (zygote_is_spent(&slot->zygote) || (must_renew && slot->groups.zygote)) {
        end_zygote(slot);
        must_renew = job_groups_must_renew(&slot->groups);
    }
    return must_renew ? job_groups_renew(&slot->config->groups, &slot->groups) : 0;
}

static int start_job(struct slot *slot, const struct order *order, int stream)
{
    if (order_check(order, &slot->config->ceilings))
        return -1;
    if (!(order->flags & ORDER_NEXT_STEP) == slot->has_work)
        return refuse("an order does not fit the state of the slot");
    end_job(slot);
    slot->sequence = order->sequence;
    if (slot->has_work && renew(slot))
        return -1;
    if (order->flags & ORDER_AHEAD)
        start_zygote(slot);
    if (mount_work(slot, order) || limit_job(slot, order) || job_groups_begin(&slot->groups))
        return -1;
    bool is_fresh = slot->config->is_network_fresh;
    slot->is_ahead = order->flags & ORDER_AHEAD;
    gate_set(slot->gate, !slot->is_ahead);
    slot->cpu_base_ns = 0;
    slot->started_ns = now_ns();
    pid_t pid = namespaces_spawn(JOB_NAMESPACES | (is_fresh ? CLONE_NEWNET : 0), slot->groups.dir,
                                 &slot->pidfd);
    if (pid < 0)
        return -1;
    if (pid == 0) {
        struct job_start start = {
            .order = order,
            .stream = stream,
            .is_network_fresh = is_fresh,
            .groups = &slot->groups,
            .zygote = &slot->zygote,
            .zygote_line = slot->config->zygote,
            .words = slot->words,
            .gate = slot->gate,
        };
        job_main(&start);
    }
    slot->pid = pid;
    slot->deadline_ns = slot->is_ahead ? 0 : slot->started_ns + order->deadline_ms * MS_NS;
    return 0;
}

/* The job that was started ahead is somebody's now: from here on it has his limits, and what it
 * spends is his. */
static int begin_job(struct slot *slot, const struct order *order)
{
    if (!slot->pid || !slot->is_ahead || order->sequence != slot->sequence)
        return refuse("there is no job that was started ahead");
    if (order_check(order, &slot->config->ceilings) || limit_job(slot, order) ||
        job_groups_begin_peak(&slot->groups))
        return -1;
    slot->is_ahead = false;
    /* The agent reads the counter once the gate is open: it is not set back. */
    slot->cpu_base_ns = job_groups_measure(&slot->groups).cpu_ns;
    slot->started_ns = now_ns();
    slot->deadline_ns = slot->started_ns + order->deadline_ms * MS_NS;
    gate_set(slot->gate, true);
    return 0;
}

/* Make the slot as good as new, while nobody waits: the report is on its way. */
static int clean(struct slot *slot)
{
    if (slot->has_work && work_unmount(slot->has_base))
        return -1;
    slot->has_work = slot->has_base = false;
    if (renew(slot))
        return -1;
    start_zygote(slot);
    if (slot->config->is_network_fresh || network_is_unchanged(&slot->network))
        return 0;
    return network_replace(&slot->network);
}

/* End the execution. No process of it is left when that is reported; what it wrote goes with the
 * clean-up that follows, before any other order is looked at. */
static void release(struct slot *slot, uint64_t sequence)
{
    end_job(slot);
    slot->sequence = sequence;
    send_report(slot, &slot->last, REPORT_RELEASED);
    slot->last = (struct report){.status = -1};
    if (slot->has_work && clean(slot)) {
        send_failure(slot);
        _exit(1);
    }
}

static bool follow_order(struct slot *slot)
{
    struct order order;
    struct report report;
    int stream;
    if (!order_receive(slot->config->control, &order, &stream))
        return false;
    switch (order.kind) {
    case ORDER_START:
        if (stream < 0)
            refuse("an order to start without a stream");
        if (stream < 0 || start_job(slot, &order, stream)) {
            slot->sequence = order.sequence;
            send_failure(slot);
        }
        break;
    case ORDER_USAGE:
        report = slot->pid ? measure(slot) : slot->last;
        send_report(slot, &report, REPORT_USAGE);
        break;
    case ORDER_RELEASE:
        release(slot, order.sequence);
        break;
    case ORDER_BEGIN:
        if (begin_job(slot, &order)) {
            end_job(slot);
            send_failure(slot);
        }
        break;
    default:
        break;
    }
    if (stream >= 0)
        close(stream);
    return true;
}

static int wait_ms(const struct slot *slot)
{
    if (!slot->deadline_ns)
        return -1;
    uint64_t now = now_ns();
    return slot->deadline_ns <= now ? 0 : (int)((slot->deadline_ns - now) / MS_NS) + 1;
}

static int serve_orders(struct slot *slot)
{
    for (;;) {
        struct pollfd fds[] = {{slot->config->control, POLLIN, 0},
                               {slot->config->lifeline, POLLIN, 0},
                               {slot->pid ? slot->pidfd : -1, POLLIN, 0}};
        int count = poll(fds, 3, wait_ms(slot));
        if (count < 0 && errno != EINTR)
            return 1;
        if (count > 0 && fds[1].revents)
            return 0;
        bool is_over = slot->deadline_ns && slot->deadline_ns <= now_ns();
        if (is_over || (count > 0 && fds[2].revents)) {
            end_job(slot);
            if (is_over && !slot->last.words[0])
                strcpy(slot->last.words, "the job outlived its deadline");
            send_report(slot, &slot->last, REPORT_ENDED);
        }
        if (count > 0 && fds[0].revents && !follow_order(slot))
            return 0;
    }
}

static int setup(struct slot *slot)
{
    const struct slot_config *config = slot->config;
    char byte;
    if (read(config->lifeline, &byte, 1) != 1)
        return refuse("the launcher ended");
    if (credentials_slot_first())
        return -1;
    if (sethostname("sandbox", 7))
        return fault("set the host name");
    if (network_up() || mounts_slot_root(config->parts, config->part_count, config->devices))
        return -1;
    work_find_masks();
    if (namespaces_bound() || network_remember(&slot->network) ||
        job_groups_open(&config->groups, &slot->groups))
        return -1;
    slot->words =
        mmap(NULL, FAULT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    slot->gate = gate_make();
    if (slot->words == MAP_FAILED || !slot->gate)
        return fault("map the pages for words and the gate");
    return seccomp_setup() || credentials_slot_last(config->zygote->arg_count > 0) ? -1 : 0;
}

/* Run as the slot; the launcher's descriptors are closed already. */
int slot_main(struct slot_config *config)
{
    struct slot slot = {
        .config = config, .pidfd = -1, .last = {.status = -1}, .zygote = {.socket = -1}};
    prctl(PR_SET_NAME, "runyard-slot");
    if (setup(&slot)) {
        send_failure(&slot);
        return 1;
    }
    parts_close(config->parts, config->part_count);
    send_report(&slot, &slot.last, REPORT_READY);
    return serve_orders(&slot);
}
