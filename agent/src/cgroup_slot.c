/* Groups of slots, and what a launcher that died left behind.
 *
 *   <parent>/runyard-<pid>-<start>-<pid namespace>/slot-N/{supervisor,job-M}
 *
 * slot-N belongs to the slot's user, who may make groups in it; the limits of slot-N itself stay
 * with the launcher and bound whatever the slot does. */
#define _GNU_SOURCE
#include "launcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room in a slot's own bounds for the supervisor and for what the kernel charges. */
#define OVERHEAD_BYTES (64ull << 20)
#define OVERHEAD_PROCESSES 16u
#define REMOVE_DEPTH_MAX 6u

static unsigned kind_count(int version)
{
    return version == 2 ? 1 : CGROUP_KINDS;
}

/* Return when a process started, in clock ticks since boot, or 0 if there is none or only a zombie
 * that nobody has waited for. */
unsigned long long cgroup_process_start(pid_t pid)
{
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    read_text(fd, text, sizeof text);
    close(fd);
    /* The 22nd field; the second is a name in parentheses that may contain anything. */
    char *at = strrchr(text, ')');
    if (at && at[1] == ' ' && (at[2] == 'Z' || at[2] == 'X'))
        return 0;
    for (unsigned field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* Whether a group's name is that of a launcher of this pid namespace that is no more. */
bool cgroup_is_abandoned(const char *name)
{
    int pid, size = 0;
    unsigned long long started, pid_namespace;
    struct stat own;
    if (sscanf(name, "runyard-%d-%llu-%llu%n", &pid, &started, &pid_namespace, &size) != 3 ||
        name[size] || stat("/proc/self/ns/pid", &own) || own.st_ino != pid_namespace)
        return false;
    return cgroup_process_start(pid) != started;
}

static int write_file(int dir, const char *name, const char *text)
{
    int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return fault("open %s", name);
    int result = write_all(fd, text, name);
    close(fd);
    return result;
}

static void kill_members(int dir)
{
    char text[8192];
    int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    read_text(fd, text, sizeof text);
    close(fd);
    for (char *at = text; *at; at += strspn(at, "\n")) {
        pid_t pid = (pid_t)strtol(at, &at, 10);
        if (pid > 1 && pid != getpid())
            kill(pid, SIGKILL);
    }
}

static int remove_tree(int parent, const char *name, unsigned depth)
{
    int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = dir < 0 ? NULL : fdopendir(dir);
    if (!entries) {
        if (dir >= 0)
            close(dir);
        return errno == ENOENT ? 0 : fault("open the cgroup %.80s", name);
    }
    for (struct dirent *entry; depth && (entry = readdir(entries));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_tree(dir, entry->d_name, depth - 1);
    /* A process that was killed leaves its group a moment later. */
    int result = -1;
    for (unsigned attempt = 0; attempt < 50 && result; attempt++) {
        kill_members(dir);
        result = unlinkat(parent, name, AT_REMOVEDIR);
        if (result && errno != EBUSY)
            break;
        if (result)
            usleep(2000);
    }
    closedir(entries);
    return result && errno != ENOENT ? fault("remove the cgroup %.80s", name) : 0;
}

/* End every process in a group and in those below it, and remove them. */
int cgroup_remove_tree(int parent, const char *name)
{
    return remove_tree(parent, name, REMOVE_DEPTH_MAX);
}

/* List what dead launchers left, one name a line. Returns how many there are. */
int cgroup_leftovers(const struct cgroup_host *host, char *names, size_t size)
{
    int count = 0;
    size_t used = 0;
    names[0] = '\0';
    for (unsigned kind = 0; host->version && kind < kind_count(host->version); kind++) {
        int dir = host->parents[kind] < 0
                      ? -1
                      : openat(host->parents[kind], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *entries = dir < 0 ? NULL : fdopendir(dir);
        for (struct dirent *entry; entries && (entry = readdir(entries));) {
            size_t length = strlen(entry->d_name);
            if (!cgroup_is_abandoned(entry->d_name) || used + length + 2 > size ||
                strstr(names, entry->d_name))
                continue;
            used += (size_t)snprintf(names + used, size - used, "%s\n", entry->d_name);
            count++;
        }
        if (entries)
            closedir(entries);
    }
    return count;
}

/* Remove what one dead launcher left; `name` may be one that never was. */
int cgroup_reap(const struct cgroup_host *host, const char *name)
{
    int result = 0;
    if (!cgroup_is_abandoned(name))
        return 0;
    for (unsigned kind = 0; host->version && kind < kind_count(host->version); kind++)
        if (host->parents[kind] >= 0 && cgroup_remove_tree(host->parents[kind], name))
            result = -1;
    return result;
}

/* Remove our own group, at the end. */
void cgroup_close(struct cgroup_host *host)
{
    for (unsigned kind = 0; host->version && kind < kind_count(host->version); kind++)
        if (host->parents[kind] >= 0)
            cgroup_remove_tree(host->parents[kind], host->name);
}

static int bound_slot(const struct slot_groups *groups, const struct ceilings *ceilings)
{
    char memory[32], processes[32];
    snprintf(memory, sizeof memory, "%llu",
             (unsigned long long)(ceilings->memory_bytes + 4 * ceilings->disk_bytes +
                                  SHM_BYTES_MAX + OVERHEAD_BYTES));
    snprintf(processes, sizeof processes, "%llu",
             (unsigned long long)ceilings->processes + OVERHEAD_PROCESSES);
    const int *dirs = groups->dirs;
    if (groups->version == 2)
        return write_file(dirs[0], "cgroup.subtree_control", "+memory +pids") ||
                       write_file(dirs[0], "memory.max", memory) ||
                       write_file(dirs[0], "pids.max", processes)
                   ? -1
                   : 0;
    if (dirs[CGROUP_MEMORY] >= 0 &&
        write_file(dirs[CGROUP_MEMORY], "memory.limit_in_bytes", memory))
        return -1;
    if (dirs[CGROUP_PIDS] >= 0 && write_file(dirs[CGROUP_PIDS], "pids.max", processes))
        return -1;
    return 0;
}

static int own_slot(const struct slot_groups *groups, uid_t owner)
{
    for (unsigned kind = 0; kind < kind_count(groups->version); kind++) {
        int dir = groups->dirs[kind];
        if (dir >= 0 && fchown(dir, owner, owner))
            return fault("give a cgroup to its slot");
        /* Version 2 asks for the common ancestor's file when a process moves below it. */
        if (dir >= 0 && groups->version == 2 && fchownat(dir, "cgroup.procs", owner, owner, 0))
            return fault("give cgroup.procs to its slot");
    }
    return 0;
}

static int open_weight(const struct slot_groups *groups)
{
    const int *dirs = groups->dirs;
    if (groups->version == 2)
        return openat(dirs[0], "cpu.weight", O_WRONLY | O_CLOEXEC);
    /* Where both are mounted together there is one group for them. */
    int dir = dirs[CGROUP_WEIGHT] >= 0 ? dirs[CGROUP_WEIGHT] : dirs[CGROUP_CPU];
    return dir < 0 ? -1 : openat(dir, "cpu.shares", O_WRONLY | O_CLOEXEC);
}

/* Make the groups of a slot and hand them to its user; `owner` is our own id without root. */
int slot_groups_open(const struct cgroup_host *host, struct slot_groups *groups, unsigned slot,
                     uid_t owner, const struct ceilings *ceilings)
{
    char name[32];
    snprintf(name, sizeof name, "slot-%u", slot);
    groups->version = host->version;
    groups->weight = -1;
    for (unsigned kind = 0; kind < CGROUP_KINDS; kind++)
        groups->dirs[kind] = -1;
    for (unsigned kind = 0; host->version && kind < kind_count(host->version); kind++) {
        if (host->dirs[kind] < 0)
            continue;
        if (mkdirat(host->dirs[kind], name, 0755))
            return fault("create the cgroup %s", name);
        groups->dirs[kind] = openat(host->dirs[kind], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (groups->dirs[kind] < 0)
            return fault("open the cgroup %s", name);
    }
    if (!host->version)
        return 0;
    groups->weight = open_weight(groups);
    return bound_slot(groups, ceilings) || (geteuid() == 0 && own_slot(groups, owner)) ? -1 : 0;
}

/* Version 1: put the supervisor into its groups. */
int slot_groups_join(const struct slot_groups *groups, pid_t pid)
{
    char text[16];
    snprintf(text, sizeof text, "%d", (int)pid);
    for (unsigned kind = 0; groups->version == 1 && kind < CGROUP_KINDS; kind++)
        if (groups->dirs[kind] >= 0 && write_file(groups->dirs[kind], "cgroup.procs", text))
            return -1;
    return 0;
}

/* Version 2: return a leaf for clone3 to start the supervisor in. */
int slot_groups_supervisor(const struct slot_groups *groups)
{
    if (groups->version != 2)
        return -1;
    if (mkdirat(groups->dirs[0], "supervisor", 0755))
        return fault("create the supervisor's cgroup");
    int dir = openat(groups->dirs[0], "supervisor", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 ? fault("open the supervisor's cgroup") : dir;
}

void slot_groups_close(struct slot_groups *groups)
{
    for (unsigned kind = 0; kind < CGROUP_KINDS; kind++)
        if (groups->dirs[kind] >= 0)
            close(groups->dirs[kind]);
}

void slot_groups_remove(const struct cgroup_host *host, unsigned slot)
{
    char name[32];
    snprintf(name, sizeof name, "slot-%u", slot);
    for (unsigned kind = 0; host->version && kind < kind_count(host->version); kind++)
        if (host->dirs[kind] >= 0)
            cgroup_remove_tree(host->dirs[kind], name);
}
