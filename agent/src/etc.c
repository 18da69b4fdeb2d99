/* A slot's /etc: written here, plus copies of what toolchains read in the host's. Only the names
 * below are looked at, only what everybody may read is copied, and nothing is followed: the copy
 * is small, belongs to the slot alone and leads nowhere. */
#define _GNU_SOURCE
#include "launcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_COUNT_MAX 4096u
#define FILE_BYTES_MAX (1u << 20)
#define DEPTH_MAX 6u

/* Names directly below the host's /etc, as patterns. */
static const char *const wanted[] = {
    "alternatives", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "java*",       "perl",
    "python[23]*",  "php*",        "R",
    "ghc*",         "mono",        "ca-certificates",
    "ssl",          "maven",       "dotnet",
    "erlang",       "fonts",       "groovy*",
    "locale.alias", "mime.types",  "protocols",
    "services",     "magic",       "gnuplot",
    "octave*",      "scala*",      "kotlin*",
    "terminfo",     "texmf",       "sbcl*",
    "swipl*",       "lua*",        "tcl*",
    "guile*",       "julia*",      "fpc*",
    "ocaml*",       "npmrc.d",     "debian_version",
    "emacs",        "gnucobol*",   "ldc2.conf",
    "nim",          "GNUstep",     "racket",
    "jython",
};

/* Below ssl only these: private keys live beside them. */
static const char *const wanted_ssl[] = {"certs", "openssl.cnf"};

static const struct {
    const char *name, *text;
} written[] = {
    {"passwd", "root:x:0:0:root:/tmp:/bin/sh\nrunner:x:1000:1000:runner:/tmp:/bin/sh\n"
               "nobody:x:65534:65534:nobody:/:/bin/false\n"},
    {"group", "root:x:0:\nrunner:x:1000:\nnogroup:x:65534:\n"},
    {"hosts", "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n"},
    {"hostname", "sandbox\n"},
    {"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
    {"host.conf", "multi on\n"},
    {"resolv.conf", ""},
    {"shells", "/bin/sh\n/bin/bash\n"},
    {"timezone", "Etc/UTC\n"},
};

static unsigned entry_count;

static int write_file(int dir, const char *name, const char *bytes, size_t size, mode_t mode)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return fault("create /etc/%.80s", name);
    bool is_whole = write(fd, bytes, size) == (ssize_t)size;
    close(fd);
    return is_whole ? 0 : fault("write /etc/%.80s", name);
}

static int copy_link(int from, int to, const char *name)
{
    char target[PART_PATH_BYTES_MAX];
    ssize_t size = readlinkat(from, name, target, sizeof target - 1);
    if (size < 0)
        return 0;
    target[size] = '\0';
    if (symlinkat(target, to, name))
        return fault("link /etc/.../%.80s", name);
    return 0;
}

/* Files that are too large or that not everybody may read are left out. */
static int copy_file(int from, int to, const char *name, const struct stat *status)
{
    if (!(status->st_mode & S_IROTH) || status->st_size > FILE_BYTES_MAX)
        return 0;
    int fd = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    char *bytes = malloc(FILE_BYTES_MAX);
    ssize_t size = bytes ? read(fd, bytes, FILE_BYTES_MAX) : -1;
    close(fd);
    int result = size < 0 ? 0 : write_file(to, name, bytes, (size_t)size, status->st_mode & 0555);
    free(bytes);
    return result;
}

static bool is_one_of(const char *const *patterns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!fnmatch(patterns[i], name, FNM_PERIOD))
            return true;
    return false;
}

static int copy_directory(int from, int to, const char *name, unsigned depth);

static int copy_entry(int from, int to, const char *name, unsigned depth)
{
    struct stat status;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW))
        return 0;
    if (++entry_count > ENTRY_COUNT_MAX)
        return 0;
    if (S_ISLNK(status.st_mode))
        return copy_link(from, to, name);
    if (S_ISREG(status.st_mode))
        return copy_file(from, to, name, &status);
    if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX && (status.st_mode & S_IXOTH))
        return copy_directory(from, to, name, depth + 1);
    return 0;
}

static int copy_directory(int from, int to, const char *name, unsigned depth)
{
    int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (source < 0)
        return 0;
    DIR *entries = fdopendir(source);
    if (!entries) {
        close(source);
        return fault("read /etc/.../%.80s", name);
    }
    int result = mkdirat(to, name, 0755) ? fault("create /etc/.../%.80s", name) : 0;
    int target = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_ssl = depth == 1 && !strcmp(name, "ssl");
    for (struct dirent *entry; !result && target >= 0 && (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
            (!is_ssl || is_one_of(wanted_ssl, 2, entry->d_name)))
            result = copy_entry(source, target, entry->d_name, depth);
    if (target >= 0)
        close(target);
    closedir(entries);
    return result;
}

/* Fill ./etc from the host's, which `host_etc` is open on. */
int etc_fill(int host_etc)
{
    int to = open("etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0)
        return fault("open the new /etc");
    int result = 0;
    for (size_t i = 0; !result && i < sizeof written / sizeof *written; i++)
        result = write_file(to, written[i].name, written[i].text, strlen(written[i].text), 0444);
    if (!result && symlinkat("/usr/share/zoneinfo/Etc/UTC", to, "localtime"))
        result = fault("link /etc/localtime");
    if (!result && symlinkat("/proc/self/mounts", to, "mtab"))
        result = fault("link /etc/mtab");
    if (!result && symlinkat("../usr/lib/os-release", to, "os-release"))
        result = fault("link /etc/os-release");
    int list = host_etc < 0 ? -1 : openat(host_etc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = list < 0 ? NULL : fdopendir(list);
    entry_count = 0;
    if (entries) {
        for (struct dirent *entry; !result && (entry = readdir(entries));)
            if (is_one_of(wanted, sizeof wanted / sizeof *wanted, entry->d_name))
                result = copy_entry(list, to, entry->d_name, 0);
        closedir(entries);
    }
    close(to);
    return result;
}
