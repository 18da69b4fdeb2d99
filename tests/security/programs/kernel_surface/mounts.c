/* Changes what is mounted where. In the proof: in a throw-away mount namespace. */
#include "probe.h"

#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static void probe_remount(void)
{
    mount("/usr", "/usr", NULL, MS_BIND, NULL);
    report_call("remount_writable", mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
}

static void probe_proc(void)
{
    mkdir("proc", 0755);
    report_call("mount_proc", mount("proc", "proc", "proc", 0, NULL));
}

static void probe_pivot(void)
{
    mkdir("root", 0755);
    if (mount("none", "root", "tmpfs", 0, NULL) < 0)
        report(false, "pivot_root errno %d", errno);
    else
        report_call("pivot_root", chdir("root") < 0 ? -1 : syscall(SYS_pivot_root, ".", "."));
}

static void probe_chroot(void)
{
    mkdir("jail", 0755);
    report_call("chroot", chroot("jail"));
}

static void probe_new_calls(void)
{
    long context = syscall(SYS_fsopen, "tmpfs", 0);
    report_call("fsopen", context);
    long tree = syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | AT_RECURSIVE);
    report_call("open_tree", tree);
    report_reached("fsconfig", syscall(SYS_fsconfig, -1, 0, NULL, NULL, 0), EINVAL);
    report_reached("fsmount", syscall(SYS_fsmount, -1, 0, 0), EBADF);
    report_reached("fspick", syscall(SYS_fspick, AT_FDCWD, "/nonexistent", 0), ENOENT);
    report_reached("move_mount", syscall(SYS_move_mount, AT_FDCWD, "/nonexistent", AT_FDCWD, "/", 0),
                   ENOENT);
    struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
    report_reached("mount_setattr",
                   syscall(SYS_mount_setattr, AT_FDCWD, "/nonexistent", 0, &attributes,
                           sizeof attributes),
                   ENOENT);
}

int main(void)
{
    mkdir("empty", 0755);
    report_call("mount_tmpfs", mount("none", "empty", "tmpfs", 0, NULL));
    report_call("mount_bind", mount("/usr", "empty", NULL, MS_BIND, NULL));
    report_call("umount", umount2("empty", MNT_DETACH));
    in_child(probe_remount);
    in_child(probe_proc);
    in_child(probe_new_calls);
    in_child(probe_pivot);
    in_child(probe_chroot);
    return 0;
}
