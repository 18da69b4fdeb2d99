/* A slot's root.
 *
 * The root is a tmpfs that ends read-only. Every part of the host in it is a read-only overlay of
 * its own: with plain bind mounts sandboxes would share inodes and could signal each other through
 * inotify, flock and leases on them. Mounts are private, nosuid and nodev; /proc/self/mountinfo
 * names no path of the host. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define QUIET (MS_NOSUID | MS_NODEV)
/* Room for /etc and mount points. */
#define ROOT_OPTIONS "size=16m,nr_inodes=8192,mode=0755"

static const struct {
    const char *name;
    unsigned major, minor;
} devices[] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const char *const device_links[][2] = {
    {"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
    {"/proc/self/fd/2", "stderr"}, {"pts/ptmx", "ptmx"},
};

static int make_directory(const char *path)
{
    if (mkdir(path, 0755) && errno != EEXIST)
        return fault("create %.120s", path);
    return 0;
}

/* Make every directory of a path below the current one. */
static int make_directories(char *path)
{
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int result = make_directory(path);
        *slash = '/';
        if (result)
            return -1;
    }
    return make_directory(path);
}

static int fill_devices(int dir)
{
    for (size_t i = 0; i < sizeof device_links / sizeof *device_links; i++)
        if (symlinkat(device_links[i][0], dir, device_links[i][1]))
            return fault("link /dev/%s", device_links[i][1]);
    if (mkdirat(dir, "pts", 0755) || mkdirat(dir, "shm", 0755))
        return fault("create directories in /dev");
    return 0;
}

static int new_tmpfs(const char *size)
{
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0)
        return fault("fsopen tmpfs");
    int mount = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", size, 0) ||
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0755", 0) ||
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
        fault("configure a tmpfs");
    else if ((mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
                                   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)) < 0)
        fault("fsmount");
    close(context);
    return mount;
}

/* As root: a /dev of a slot's own, with nodes that no other slot shares. */
int mounts_devices(void)
{
    int mount = new_tmpfs("64k");
    if (mount < 0)
        return -1;
    mode_t mask = umask(0);
    int result = fill_devices(mount);
    for (size_t i = 0; !result && i < sizeof devices / sizeof *devices; i++)
        if (mknodat(mount, devices[i].name, S_IFCHR | 0666,
                    makedev(devices[i].major, devices[i].minor)))
            result = fault("create /dev/%s", devices[i].name);
    umask(mask);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    if (!result &&
        syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &attributes, sizeof attributes))
        result = fault("make /dev read-only");
    if (result) {
        close(mount);
        return -1;
    }
    return mount;
}

/* An ordinary user may not make device nodes: show the host's. */
static int bind_devices(void)
{
    int dir = open("dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || fill_devices(dir))
        return fault("fill /dev");
    close(dir);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        char source[32], target[32];
        snprintf(source, sizeof source, "/dev/%s", devices[i].name);
        snprintf(target, sizeof target, "dev/%s", devices[i].name);
        int fd = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
        if (fd < 0)
            return fault("create %s", target);
        close(fd);
        if (mount(source, target, NULL, MS_BIND, NULL))
            return fault("show %s", source);
    }
    return 0;
}

static int attach(int tree, const char *target)
{
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH))
        return fault("attach a mount at %.120s", target);
    return 0;
}

/* Show a detached mount at `target` as an overlay. `.under` is where the lower layer is attached
 * for as long as it takes to mount it; overlayfs keeps its own clone. */
static int show_part(int tree, const char *target)
{
    if (attach(tree, ".under"))
        return -1;
    int result = 0;
    if (mount("part", target, "overlay", MS_RDONLY | QUIET, "lowerdir=.under:.empty"))
        result = fault("mount an overlay at /%.120s", target);
    if (umount2(".under", MNT_DETACH))
        result = fault("detach the lower layer");
    return result;
}

static int show_parts(struct part *parts, unsigned count)
{
    if (make_directory(".under") || make_directory(".empty"))
        return -1;
    for (unsigned i = 0; i < count; i++) {
        char *target = parts[i].target + 1;
        if (make_directories(target) || show_part(parts[i].tree, target))
            return -1;
    }
    /* `.empty` stays: overlays hold on to it, and a file system with a removed but held inode
     * cannot be made read-only. */
    if (rmdir(".under"))
        return fault("remove the mount point of lower layers");
    return 0;
}

/* Give the new root the host's way from /bin to /usr/bin. */
static int link_usr(void)
{
    static const char *const names[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char source[16], target[32];
        snprintf(source, sizeof source, "usr/%s", names[i]);
        snprintf(target, sizeof target, "%s", source);
        if (!access(source, F_OK) && symlink(target, names[i]) && errno != EEXIST)
            return fault("link /%s", names[i]);
    }
    return 0;
}

static int fill_root(struct part *parts, unsigned count, int dev, int host_etc)
{
    static const char *const names[] = {"proc", "dev", "etc",  "tmp", "work",
                                        "run",  "var", "home", "usr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (make_directory(names[i]))
            return -1;
    /* Mode 0: passed only with CAP_DAC_OVERRIDE, which jobs do not have. */
    if (mkdir(".work", 0) || mkdir(".work/base", 0) || mkdir(".work/new", 0))
        return fault("create the mount points of layers");
    if (symlink("../tmp", "var/tmp"))
        return fault("link /var/tmp");
    if (show_parts(parts, count) || link_usr() || etc_fill(host_etc))
        return -1;
    /* What a project keeps is put there by the agent; for others the link leads nowhere. */
    if (symlink("work/.data", "data") && errno != EEXIST)
        return fault("link /data");
    if (dev >= 0 ? attach(dev, "dev") : bind_devices())
        return -1;
    if (mount("proc", "proc", "proc", QUIET | MS_NOEXEC, NULL))
        return fault("mount /proc");
    return 0;
}

/* Without root the slot opens what it shows, in its own copy of the mounts. */
static int open_trees(struct part *parts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (parts[i].tree >= 0)
            continue;
        parts[i].tree = (int)syscall(SYS_open_tree, AT_FDCWD, parts[i].source,
                                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (parts[i].tree < 0)
            return fault("clone the mount of %.120s", parts[i].source);
    }
    return 0;
}

/* Build the root in a namespace of its own and leave the host's behind. */
int mounts_slot_root(struct part *parts, unsigned count, int dev)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return fault("make mounts private");
    if (open_trees(parts, count))
        return -1;
    int host_etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mount("root", "/tmp", "tmpfs", QUIET, ROOT_OPTIONS))
        return fault("mount the new root");
    if (chdir("/tmp"))
        return fault("enter the new root");
    work_find_layers();
    if (fill_root(parts, count, dev, host_etc))
        return -1;
    if (host_etc >= 0)
        close(host_etc);
    if (syscall(SYS_pivot_root, ".", "."))
        return fault("pivot_root");
    if (umount2(".", MNT_DETACH))
        return fault("leave the old root");
    if (chdir("/"))
        return fault("enter /");
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | QUIET, ROOT_OPTIONS))
        return fault("make the root read-only");
    return 0;
}
