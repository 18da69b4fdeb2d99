/* What a slot's root may be made of: host directories below an allowed source, opened with the
 * launcher's rights, so that a toolchain can be shown whose parent nobody else may enter. */
#define _GNU_SOURCE
#include "launcher.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* First components that belong to the root itself. */
static const char *const reserved[] = {"bin",  "dev",  "etc", "lib", "lib32", "lib64", "libx32",
                                       "proc", "sbin", "sys", "tmp", "usr",   "work"};

/* Whether the path is absolute, short, and free of empty, "." and ".." parts, so that a prefix
 * comparison means what it looks like. */
static bool is_plain(const char *path)
{
    size_t size = strlen(path);
    if (path[0] != '/' || size < 2 || size >= PART_PATH_BYTES_MAX || path[size - 1] == '/')
        return false;
    for (const char *part = path; part; part = strchr(part + 1, '/')) {
        size_t length = strcspn(part + 1, "/");
        if (length == 0 || (length == 1 && part[1] == '.') ||
            (length == 2 && part[1] == '.' && part[2] == '.'))
            return false;
    }
    return strpbrk(path, "\n,:\\\"") == NULL;
}

static bool is_target_free(const char *target)
{
    size_t length = strcspn(target + 1, "/");
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strlen(reserved[i]) == length && !memcmp(reserved[i], target + 1, length))
            return false;
    return true;
}

/* Add a directory below which sources may lie. It is opened now, by whoever started the launcher:
 * a name that is bent later is of no use. */
int parts_allow(struct sources *sources, const char *path)
{
    if (sources->count == SOURCE_COUNT_MAX)
        return refuse("more than %u allowed sources", SOURCE_COUNT_MAX);
    if (!is_plain(path))
        return refuse("allowed source %.80s is not a plain absolute path", path);
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault("open the allowed source %.80s", path);
    sources->fds[sources->count] = fd;
    sources->paths[sources->count++] = path;
    return 0;
}

/* The parts of every root: /usr, and on hosts that keep them apart /bin, /lib and the like. */
int parts_standard(struct sources *sources, struct part *parts, unsigned *count)
{
    static const char *const paths[] = {"/usr",   "/bin",   "/sbin",  "/lib",
                                        "/lib32", "/lib64", "/libx32"};
    *count = 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct stat status;
        if (lstat(paths[i], &status) || !S_ISDIR(status.st_mode))
            continue;
        if (parts_allow(sources, paths[i]))
            return -1;
        struct part *part = &parts[(*count)++];
        snprintf(part->source, sizeof part->source, "%s", paths[i]);
        snprintf(part->target, sizeof part->target, "%s", paths[i]);
        part->tree = -1;
    }
    return 0;
}

/* Read `count` parts as the server sent them: it may be anyone by now. */
int parts_parse(const char *bytes, size_t size, unsigned count, struct part *parts)
{
    if (count > PART_COUNT_MAX)
        return refuse("%u parts; at most %u are possible", count, PART_COUNT_MAX);
    for (unsigned i = 0; i < count; i++) {
        uint16_t sizes[2];
        if (size < sizeof sizes)
            return refuse("part %u is cut off", i);
        memcpy(sizes, bytes, sizeof sizes);
        bytes += sizeof sizes;
        size -= sizeof sizes;
        if (sizes[0] >= PART_PATH_BYTES_MAX || sizes[1] >= PART_PATH_BYTES_MAX ||
            size < (size_t)sizes[0] + sizes[1])
            return refuse("part %u has a path that is too long", i);
        struct part *part = &parts[i];
        memcpy(part->source, bytes, sizes[0]);
        part->source[sizes[0]] = '\0';
        memcpy(part->target, bytes + sizes[0], sizes[1]);
        part->target[sizes[1]] = '\0';
        part->tree = -1;
        bytes += sizes[0] + sizes[1];
        size -= (size_t)sizes[0] + sizes[1];
        if (strlen(part->source) != sizes[0] || strlen(part->target) != sizes[1] ||
            !is_plain(part->source) || !is_plain(part->target))
            return refuse("part %u is not a pair of plain absolute paths", i);
        if (!is_target_free(part->target))
            return refuse("nothing can be mounted at %.80s", part->target);
    }
    return size ? refuse("%zu bytes after the last part", size) : 0;
}

/* Open `source` below one of the allowed directories and nowhere else, whatever links say. */
static int open_allowed(const struct sources *sources, const char *source)
{
    for (unsigned i = 0; i < sources->count; i++) {
        size_t length = strlen(sources->paths[i]);
        if (strncmp(source, sources->paths[i], length) ||
            (source[length] != '/' && source[length] != '\0'))
            continue;
        struct open_how how = {
            .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
        };
        const char *rest = source[length] ? source + length + 1 : ".";
        int fd = (int)syscall(SYS_openat2, sources->fds[i], rest, &how, sizeof how);
        return fd < 0 ? fault("open %.120s", source) : fd;
    }
    return refuse("%.120s is below no allowed source; allow it when the server starts", source);
}

/* Open every part; as root also detach a mount of it that the slot can attach in its namespace.
 * An ordinary user's slot clones the tree in its own mount namespace: see mounts.c. */
int parts_open(const struct sources *sources, struct part *parts, unsigned count, bool is_root)
{
    for (unsigned i = 0; i < count; i++) {
        int fd = open_allowed(sources, parts[i].source);
        if (fd < 0)
            return -1;
        if (is_root) {
            parts[i].tree = (int)syscall(SYS_open_tree, fd, "",
                                         AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
            if (parts[i].tree < 0)
                fault("clone the mount of %.120s", parts[i].source);
        }
        close(fd);
        if (is_root && parts[i].tree < 0)
            return -1;
    }
    return 0;
}

void parts_close(struct part *parts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (parts[i].tree >= 0)
            close(parts[i].tree);
}
