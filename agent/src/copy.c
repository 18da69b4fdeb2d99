/* Copy a tree of files that nobody changes any more: how a later step gets /work where a layer over
 * it would not do. Directories, regular files with their holes, symbolic links and FIFOs keep their
 * mode and time; sockets mean nothing without the process that made them. Nothing is followed. */
#define _GNU_SOURCE
#include "launcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 128u

static int finish(int fd, const struct stat *status)
{
    const struct timespec times[] = {status->st_atim, status->st_mtim};
    if (fchown(fd, status->st_uid, status->st_gid) || fchmod(fd, status->st_mode & 01777) ||
        futimens(fd, times))
        return fault("set the mode of a copy");
    return 0;
}

/* Copy what lies between the holes. */
static int copy_bytes(int from, int to, off_t size)
{
    if (ftruncate(to, size))
        return fault("size a copy");
    for (off_t at = 0; at < size;) {
        at = lseek(from, at, SEEK_DATA);
        if (at < 0)
            return errno == ENXIO ? 0 : fault("find the content of a file");
        off_t end = lseek(from, at, SEEK_HOLE);
        if (end < 0 || lseek(to, at, SEEK_SET) < 0)
            return fault("find the end of a file's content");
        while (at < end)
            if (sendfile(to, from, &at, (size_t)(end - at)) <= 0)
                return fault("copy a file");
    }
    return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *status)
{
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (source < 0)
        return fault("open a file to copy");
    int copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int result = copy < 0 ? fault("create a copy") : copy_bytes(source, copy, status->st_size);
    if (!result)
        result = finish(copy, status);
    if (copy >= 0)
        close(copy);
    close(source);
    return result;
}

static int copy_link(int from, int to, const char *name, const struct stat *status)
{
    char target[4096];
    ssize_t size = readlinkat(from, name, target, sizeof target - 1);
    if (size < 0)
        return fault("read a link");
    target[size] = '\0';
    if (symlinkat(target, to, name) ||
        fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW))
        return fault("copy a link");
    return 0;
}

static int copy_fifo(int to, const char *name, const struct stat *status)
{
    if (mkfifoat(to, name, status->st_mode & 0777) ||
        fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW))
        return fault("copy a FIFO");
    return 0;
}

static int copy_directory(int from, int to, unsigned depth);

static int copy_entry(int from, int to, const char *name, unsigned depth)
{
    struct stat status;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW))
        return fault("look at a file to copy");
    if (S_ISREG(status.st_mode))
        return copy_file(from, to, name, &status);
    if (S_ISLNK(status.st_mode))
        return copy_link(from, to, name, &status);
    if (S_ISFIFO(status.st_mode))
        return copy_fifo(to, name, &status);
    if (!S_ISDIR(status.st_mode))
        return 0;
    if (depth == DEPTH_MAX)
        return refuse("directories in /work are more than %u deep", DEPTH_MAX);
    int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int copy = -1, result;
    if (source < 0 || mkdirat(to, name, 0700) ||
        (copy = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        result = fault("copy a directory");
    else
        result = copy_directory(source, copy, depth + 1) || finish(copy, &status) ? -1 : 0;
    if (copy >= 0)
        close(copy);
    if (source >= 0)
        close(source);
    return result;
}

static int copy_directory(int from, int to, unsigned depth)
{
    int list = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = list < 0 ? NULL : fdopendir(list);
    if (!entries) {
        if (list >= 0)
            close(list);
        return fault("list a directory to copy");
    }
    int result = 0;
    for (struct dirent *entry; !result && (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            result = copy_entry(from, to, entry->d_name, depth);
    closedir(entries);
    return result;
}

/* Copy everything below `from` into the empty directory `to`. */
int copy_tree(const char *from, const char *to)
{
    int source = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = source < 0 || target < 0 ? fault("open %s", source < 0 ? from : to)
                                          : copy_directory(source, target, 0);
    if (source >= 0)
        close(source);
    if (target >= 0)
        close(target);
    return result;
}
