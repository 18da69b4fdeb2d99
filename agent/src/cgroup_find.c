/* Where control groups can be made on this host.
 *
 * Version 2 (one tree) is preferred where it has the memory and pids controllers, else each
 * controller's own version 1 tree is used. Our group is made below the group that the launcher
 * runs in, so that whatever bounds the server bounds its sandboxes too. Version 2 allows that only
 * where the parent passes its controllers on, which a group with processes in it cannot: then an
 * ancestor that does is taken, or our own group is vacated into a leaf if only the server and the
 * launcher are in it. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 4096

static const char *const controllers[CGROUP_KINDS] = {"memory", "pids", "cpuacct", "cpu"};

/* Whether `word` is one of the words of `text`, which `separators` divide. */
static bool has_word(const char *text, const char *word, const char *separators)
{
    size_t length = strlen(word);
    for (const char *at = text; *at; at += strspn(at, separators)) {
        size_t size = strcspn(at, separators);
        if (size == length && !memcmp(at, word, size))
            return true;
        at += size;
    }
    return false;
}

/* Find the group of this process for a controller, or for version 2 with NULL. */
static int find_own_path(const char *controller, char *path, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[LINE_BYTES];
    int result = -1;
    while (file && result && fgets(line, sizeof line, file)) {
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        group[strcspn(group, "\n")] = '\0';
        names++;
        if (controller ? has_word(names, controller, ",") : !*names) {
            snprintf(path, size, "%s", group);
            result = 0;
        }
    }
    if (file)
        fclose(file);
    return result;
}

/* Find where a hierarchy is mounted and which of its groups is at the mount's root. */
static int find_mount(const char *controller, char *root, char *target, size_t size)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[LINE_BYTES], at_root[1024], at[1024], type[64], options[512];
    int result = -1;
    while (file && result && fgets(line, sizeof line, file)) {
        char *rest = strstr(line, " - ");
        if (!rest || sscanf(line, "%*s %*s %*s %1023s %1023s", at_root, at) != 2 ||
            sscanf(rest, " - %63s %*s %511s", type, options) != 2)
            continue;
        bool is_it = controller ? !strcmp(type, "cgroup") && has_word(options, controller, ",")
                                : !strcmp(type, "cgroup2");
        if (is_it) {
            snprintf(root, size, "%s", at_root);
            snprintf(target, size, "%s", at);
            result = 0;
        }
    }
    if (file)
        fclose(file);
    return result;
}

/* Return the directory of our own group in a hierarchy. */
static int find_directory(const char *controller, char *path, size_t size, size_t *mount_size)
{
    char group[1024], root[1024], target[1024];
    if (find_own_path(controller, group, sizeof group) ||
        find_mount(controller, root, target, sizeof root))
        return refuse("cgroup %s is not mounted", controller ? controller : "version 2");
    size_t length = strcmp(root, "/") ? strlen(root) : 0;
    if (strncmp(group, root, length) || strstr(group, "/.."))
        return refuse("the cgroup %.80s lies outside its mount %.80s", group, target);
    const char *rest = group + length;
    if ((size_t)snprintf(path, size, "%s%s", target, strcmp(rest, "/") ? rest : "") >= size)
        return refuse("the cgroup path %.80s is too long", group);
    *mount_size = strlen(target);
    return 0;
}

static bool file_has_words(int dir, const char *name, const char *first, const char *second)
{
    char text[512];
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    read_text(fd, text, sizeof text);
    close(fd);
    return has_word(text, first, " \n") && has_word(text, second, " \n");
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

/* Move the server and the launcher out of their group if they are alone in it. */
static int vacate(int dir)
{
    char text[512], word[32];
    int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault("open cgroup.procs");
    read_text(fd, text, sizeof text);
    close(fd);
    for (char *at = text; *at; at += strspn(at, "\n")) {
        long pid = strtol(at, &at, 10);
        if (pid != getpid() && pid != getppid())
            return refuse("other processes are in the server's cgroup");
    }
    if (mkdirat(dir, "server", 0755) && errno != EEXIST)
        return fault("create the cgroup of the server");
    int leaf = openat(dir, "server", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (leaf < 0)
        return fault("open the cgroup of the server");
    int result = 0;
    for (char *at = text; !result && *at; at += strspn(at, "\n")) {
        snprintf(word, sizeof word, "%ld", strtol(at, &at, 10));
        result = write_file(leaf, "cgroup.procs", word);
    }
    close(leaf);
    return result;
}

/* Make our group in `dir` if it passes its controllers on, or with `is_eager` can be made to. */
static int place_unified(struct cgroup_host *host, int dir, bool is_eager)
{
    if (!file_has_words(dir, "cgroup.controllers", "memory", "pids"))
        return refuse("the memory and pids controllers are not delegated");
    if (!file_has_words(dir, "cgroup.subtree_control", "memory", "pids")) {
        if (!is_eager)
            return refuse("the server's cgroup does not pass its controllers on");
        if (write_file(dir, "cgroup.subtree_control", "+memory +pids") &&
            (vacate(dir) || write_file(dir, "cgroup.subtree_control", "+memory +pids")))
            return -1;
    }
    /* CPU time is counted without this controller; weights are set where it is there. */
    write_file(dir, "cgroup.subtree_control", "+cpu");
    if (mkdirat(dir, host->name, 0755))
        return fault("create the cgroup %s", host->name);
    int own = openat(dir, host->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0 || write_file(own, "cgroup.subtree_control", "+memory +pids")) {
        unlinkat(dir, host->name, AT_REMOVEDIR);
        return -1;
    }
    write_file(own, "cgroup.subtree_control", "+cpu");
    host->version = 2;
    host->parents[CGROUP_MEMORY] = dir;
    host->dirs[CGROUP_MEMORY] = own;
    return 0;
}

static int try_unified(struct cgroup_host *host, const char *path, bool is_eager)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0 && !place_unified(host, dir, is_eager))
        return 0;
    if (dir >= 0)
        close(dir);
    return -1;
}

/* Cut the last part of a path. Returns false at the mount. */
static bool ascend(char *path, size_t mount_size)
{
    size_t length = strlen(path);
    while (length > mount_size && path[length - 1] != '/')
        length--;
    if (length <= mount_size)
        return false;
    path[length - 1] = '\0';
    return true;
}

/* Our own group comes first even if it has to be vacated, because what an operator set for it (a
 * unit's MemoryMax=, its stop) has to reach the sandboxes; then those above it up to the mount. */
static int find_unified(struct cgroup_host *host)
{
    char path[2048];
    size_t mount_size;
    if (find_directory(NULL, path, sizeof path, &mount_size))
        return -1;
    if (!try_unified(host, path, false) || !try_unified(host, path, true))
        return 0;
    for (int is_eager = 0; is_eager <= 1; is_eager++) {
        char above[2048];
        snprintf(above, sizeof above, "%s", path);
        while (ascend(above, mount_size))
            if (!try_unified(host, above, is_eager))
                return 0;
    }
    return -1;
}

/* Each controller has a tree of its own; what is missing is left out, but memory is needed. */
static int find_separate(struct cgroup_host *host)
{
    char path[2048];
    size_t mount_size;
    for (unsigned kind = 0; kind < CGROUP_KINDS; kind++) {
        if (find_directory(controllers[kind], path, sizeof path, &mount_size))
            continue;
        int parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent < 0 || mkdirat(parent, host->name, 0755)) {
            fault("create a cgroup in %.120s", path);
            if (parent >= 0)
                close(parent);
            continue;
        }
        host->parents[kind] = parent;
        host->dirs[kind] = openat(parent, host->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (host->dirs[kind] >= 0)
            host->version = 1;
    }
    return host->version ? 0 : -1;
}

/* Our name says who we are, so that a later launcher can tell whether we are gone: our process,
 * when it started, and the pid namespace in which the number means something. */
static int choose_name(struct cgroup_host *host)
{
    struct stat pids;
    unsigned long long started = cgroup_process_start(getpid());
    if (stat("/proc/self/ns/pid", &pids) || !started)
        return fault("read /proc/self");
    snprintf(host->name, sizeof host->name, "runyard-%d-%llu-%llu", (int)getpid(), started,
             (unsigned long long)pids.st_ino);
    return 0;
}

/* Fill in what this host has; `version` 0 and `why_not` if nothing can be used. */
void cgroup_find(struct cgroup_host *host)
{
    host->version = 0;
    for (unsigned kind = 0; kind < CGROUP_KINDS; kind++)
        host->parents[kind] = host->dirs[kind] = -1;
    if (choose_name(host) || !find_unified(host)) {
        snprintf(host->why_not, sizeof host->why_not, "%s", host->version ? "" : fault_words);
        return;
    }
    char unified[FAULT_BYTES];
    snprintf(unified, sizeof unified, "%s", fault_words);
    if (find_separate(host))
        snprintf(host->why_not, sizeof host->why_not, "%.110s; %.110s", unified, fault_words);
}
