/* What a job may write to. /work is mounted by the slot, because it outlives the first job as the
 * frozen base of the next ones; /proc, /tmp, /dev/shm and the terminals are the job's own. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define QUIET (MS_NOSUID | MS_NODEV)
#define BASE "/.work/base"
#define NEW "/.work/new"

/* Files of /proc that tell about the machine or its other users and that programs do without. */
static const char *const masked[] = {
    "/proc/kallsyms",  "/proc/keys",      "/proc/key-users",     "/proc/interrupts",
    "/proc/modules",   "/proc/cmdline",   "/proc/timer_list",    "/proc/sched_debug",
    "/proc/softirqs",  "/proc/diskstats", "/proc/latency_stats", "/proc/partitions",
    "/proc/config.gz", "/proc/zoneinfo",
};
#define MASKED_COUNT (sizeof masked / sizeof *masked)

static bool is_masked[MASKED_COUNT];
static bool has_layers;

/* Find out whether overlayfs can mark a directory as replaced on a tmpfs: in a user namespace it
 * needs user attributes for that, which tmpfs has since Linux 6.6. Without them `rm -r` of what an
 * earlier step left fails. The new root, which is a tmpfs, is the current directory. */
void work_find_layers(void)
{
    has_layers = !setxattr(".", "user.runyard", "y", 1, 0) && !removexattr(".", "user.runyard");
}

/* Find out once per slot which files exist and can be read by everybody. */
void work_find_masks(void)
{
    for (size_t i = 0; i < MASKED_COUNT; i++) {
        struct stat status;
        is_masked[i] = !stat(masked[i], &status) && (status.st_mode & S_IROTH);
    }
}

static int mount_tmpfs(const char *target, uint64_t bytes, const char *owner)
{
    char options[128];
    snprintf(options, sizeof options, "size=%llu,nr_inodes=%llu,%s", (unsigned long long)bytes,
             TMPFS_INODES_MAX, owner);
    if (mount("tmpfs", target, "tmpfs", QUIET, options))
        return fault("mount %s", target);
    return 0;
}

/* Start an execution with an empty /work. */
int work_mount_empty(uint64_t disk_bytes)
{
    return mount_tmpfs("/work", disk_bytes, "mode=0700,uid=1000,gid=1000");
}

/* Freeze /work as the first step left it. */
int work_freeze(void)
{
    if (mount("/work", BASE, NULL, MS_MOVE, NULL))
        return fault("move /work aside");
    if (mount(NULL, BASE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | QUIET, NULL))
        return fault("freeze /work");
    return 0;
}

static int fill_layers(void)
{
    if (mkdir(NEW "/upper", 0700) || mkdir(NEW "/work", 0700))
        return fault("create the layers of /work");
    if (geteuid() != JOB_UID && lchown(NEW "/upper", JOB_UID, JOB_UID))
        return fault("give /work to the job");
    if (mount("work", "/work", "overlay", QUIET,
              "lowerdir=" BASE ",upperdir=" NEW "/upper,workdir=" NEW "/work,userxattr"))
        return fault("mount /work over its base");
    return 0;
}

static int mount_layer(uint64_t disk_bytes)
{
    if (mount_tmpfs(NEW, disk_bytes, "mode=0700"))
        return -1;
    int result = fill_layers();
    /* The overlay keeps its own clone of the upper mount. */
    if (umount2(NEW, MNT_DETACH) && !result)
        result = fault("detach the upper layer");
    return result;
}

/* Start a later step from the frozen base: what it writes goes to a layer of its own, or to a copy
 * that has as much room left as a layer would. */
int work_mount_step(uint64_t disk_bytes)
{
    if (has_layers)
        return mount_layer(disk_bytes);
    if (mount_tmpfs("/work", disk_bytes + work_base_bytes(), "mode=0700,uid=1000,gid=1000"))
        return -1;
    return copy_tree(BASE, "/work");
}

static int detach(const char *target)
{
    if (umount2(target, MNT_DETACH) && errno != EINVAL)
        return fault("unmount %s", target);
    return 0;
}

/* Drop /work; with `base` also what it started from. */
int work_unmount(bool base)
{
    return detach("/work") || (base && detach(BASE)) ? -1 : 0;
}

/* Memory that the frozen base still takes. */
uint64_t work_base_bytes(void)
{
    struct statfs status;
    if (statfs(BASE, &status))
        return 0;
    return (uint64_t)(status.f_blocks - status.f_bfree) * (uint64_t)status.f_bsize;
}

uint64_t work_shm_bytes(uint64_t disk_bytes)
{
    return disk_bytes < SHM_BYTES_MAX ? disk_bytes : SHM_BYTES_MAX;
}

static int mount_proc(void)
{
    if (mount("proc", "/proc", "proc", QUIET | MS_NOEXEC, "hidepid=invisible"))
        return fault("mount the job's /proc");
    for (size_t i = 0; i < MASKED_COUNT; i++)
        if (is_masked[i] && mount("/dev/null", masked[i], NULL, MS_BIND, NULL))
            return fault("mask %s", masked[i]);
    return 0;
}

/* Called in the job, in its own mount namespace. */
int work_mount_job(uint64_t disk_bytes)
{
    if (mount_proc())
        return -1;
    if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0620,max=64"))
        return fault("mount /dev/pts");
    return mount_tmpfs("/tmp", disk_bytes, "mode=1777") ||
                   mount_tmpfs("/dev/shm", work_shm_bytes(disk_bytes), "mode=1777")
               ? -1
               : 0;
}
