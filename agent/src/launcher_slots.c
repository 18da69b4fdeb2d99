/* Slots from the launcher's side: making one, and clearing up after one. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOT_NAMESPACES                                                                            \
    (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

static struct launched_slot *find_free(struct launcher *launcher)
{
    for (unsigned i = 0; i < launcher->slot_count_max; i++)
        if (!launcher->slots[i].pid)
            return &launcher->slots[i];
    return NULL;
}

/* Find a slot by the serial number that the server knows it by, or NULL. */
struct launched_slot *launcher_slot_find(struct launcher *launcher, unsigned serial)
{
    for (unsigned i = 0; i < launcher->slot_count_max; i++)
        if (launcher->slots[i].pid && launcher->slots[i].serial == serial)
            return &launcher->slots[i];
    return NULL;
}

/* The ids of a slot: as root two of the reserved range, never those of the host. */
static uid_t slot_uid(const struct launcher *launcher, unsigned number)
{
    return launcher->is_root ? launcher->uid_base + 2 * number : geteuid();
}

/* In the new process: keep what belongs to the slot and nothing of the launcher. */
static _Noreturn void become_slot(struct launcher *launcher, struct slot_config *config)
{
    int fds[PART_COUNT_MAX + PART_STANDARD_MAX + CGROUP_KINDS + 3];
    unsigned count = 0;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (unsigned i = 0; i < config->part_count; i++)
        fds[count++] = config->parts[i].tree;
    for (unsigned kind = 0; kind < CGROUP_KINDS; kind++)
        fds[count++] = config->groups.dirs[kind];
    fds[count++] = config->control;
    fds[count++] = config->lifeline;
    fds[count++] = config->devices;
    launcher->control = -1;
    if (namespaces_keep_only(fds, count) || dup2(FD_RESERVED_MAX, STDERR_FILENO) < 0)
        _exit(1);
    _exit(slot_main(config));
}

/* Start the process and let it go once its ids and groups are set. */
static int spawn(struct launcher *launcher, struct launched_slot *slot, struct slot_config *config)
{
    int supervisor = slot_groups_supervisor(&config->groups);
    if (config->groups.version == 2 && supervisor < 0)
        return -1;
    pid_t pid = namespaces_spawn(SLOT_NAMESPACES, supervisor, &slot->pidfd);
    if (supervisor >= 0)
        close(supervisor);
    if (pid < 0)
        return -1;
    if (pid == 0)
        become_slot(launcher, config);
    slot->pid = pid;
    if (namespaces_map_ids(pid, launcher->is_root, slot_uid(launcher, config->number)) ||
        slot_groups_join(&config->groups, pid))
        return -1;
    if (write(slot->lifeline, "g", 1) != 1)
        return fault("let the slot go");
    return 0;
}

static int open_config(struct launcher *launcher, struct slot_config *config,
                       struct launched_slot *slot, int *server_end)
{
    int control[2], lifeline[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control))
        return fault("socketpair");
    *server_end = control[0];
    config->control = control[1];
    if (pipe2(lifeline, O_CLOEXEC))
        return fault("pipe");
    config->lifeline = lifeline[0];
    slot->lifeline = lifeline[1];
    if (parts_open(&launcher->sources, config->parts, config->part_count, launcher->is_root))
        return -1;
    if (launcher->is_root && (config->devices = mounts_devices()) < 0)
        return -1;
    return slot_groups_open(&launcher->cgroups, &config->groups, slot->number,
                            slot_uid(launcher, slot->number), &launcher->ceilings);
}

static void close_config(struct slot_config *config)
{
    if (config->control >= 0)
        close(config->control);
    if (config->lifeline >= 0)
        close(config->lifeline);
    if (config->devices >= 0)
        close(config->devices);
    parts_close(config->parts, config->part_count);
    slot_groups_close(&config->groups);
}

/* Make a slot whose root has the parts that `bytes` describe; `fds` are what the server gets. The
 * slot reports on its socket once it is ready, or why it is not. */
int launcher_slot_create(struct launcher *launcher, const char *bytes, size_t size,
                         const struct request_header *request, unsigned *serial, int *fds)
{
    static struct part parts[PART_STANDARD_MAX + PART_COUNT_MAX];
    static struct start_line zygote;
    struct launched_slot *slot = find_free(launcher);
    if (!slot)
        return refuse("all %u slots are taken", launcher->slot_count_max);
    unsigned standard = launcher->standard_part_count;
    memcpy(parts, launcher->standard_parts, standard * sizeof *parts);
    if (request->slot > size)
        return refuse("a request is cut off");
    size -= request->slot;
    zygote = (struct start_line){0};
    if (parts_parse(bytes, size, request->count, parts + standard) ||
        (request->slot && zygote_parse(bytes + size, request->slot, &zygote)))
        return -1;
    struct slot_config config = {
        .number = slot->number,
        .is_root = launcher->is_root,
        .is_network_fresh = launcher->is_network_fresh,
        .control = -1,
        .lifeline = -1,
        .devices = -1,
        .parts = parts,
        .part_count = standard + request->count,
        .groups = {0, {-1, -1, -1, -1}, -1},
        .ceilings = launcher->ceilings,
        .zygote = &zygote,
    };
    fds[0] = slot->lifeline = slot->pidfd = -1;
    int result = open_config(launcher, &config, slot, fds);
    if (!result)
        result = spawn(launcher, slot, &config);
    int weight = config.groups.weight;
    close_config(&config);
    slot->serial = ++launcher->last_serial;
    *serial = slot->serial;
    if (!result) {
        fds[1] = weight;
        return 0;
    }
    if (fds[0] >= 0)
        close(fds[0]);
    if (weight >= 0)
        close(weight);
    char words[FAULT_BYTES];
    memcpy(words, fault_words, sizeof words);
    launcher_slot_end(launcher, slot);
    memcpy(fault_words, words, sizeof words);
    return -1;
}

/* A slot's process is gone, and with it, by its pid namespace, all of its jobs. */
void launcher_slot_ended(struct launcher *launcher, struct launched_slot *slot)
{
    if (slot->pid)
        while (waitpid(slot->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    if (slot->pidfd >= 0)
        close(slot->pidfd);
    if (slot->lifeline >= 0)
        close(slot->lifeline);
    slot_groups_remove(&launcher->cgroups, slot->number);
    slot->pid = 0;
    slot->pidfd = slot->lifeline = -1;
}

void launcher_slot_end(struct launcher *launcher, struct launched_slot *slot)
{
    if (slot->pid && slot->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, slot->pidfd, SIGKILL, NULL, 0);
    launcher_slot_ended(launcher, slot);
}
