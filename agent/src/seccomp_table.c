/* The list itself. Numbers above 423 are the same on every architecture and written out where a
 * C library may not know them yet. */
#define _GNU_SOURCE
#include "seccomp_table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define DENY(name) {SYS_##name, EPERM, CHECK_NONE}
#define ABSENT(number) {number, ENOSYS, CHECK_NONE}

struct rule seccomp_table[] = {
    /* Namespaces. clone3 hides its flags behind a pointer; libc falls back to clone. */
    {SYS_clone, 0, CHECK_CLONE},
    {SYS_unshare, 0, CHECK_UNSHARE},
    ABSENT(435) /* clone3 */,
    DENY(setns),
    /* Mounts. */
    DENY(mount),
    DENY(umount2),
    DENY(pivot_root),
    DENY(chroot),
    {428, EPERM, CHECK_NONE} /* open_tree */,
    {429, EPERM, CHECK_NONE} /* move_mount */,
    {430, EPERM, CHECK_NONE} /* fsopen */,
    {431, EPERM, CHECK_NONE} /* fsconfig */,
    {432, EPERM, CHECK_NONE} /* fsmount */,
    {433, EPERM, CHECK_NONE} /* fspick */,
    {442, EPERM, CHECK_NONE} /* mount_setattr */,
    ABSENT(457) /* statmount */,
    ABSENT(458) /* listmount */,
    DENY(name_to_handle_at),
    DENY(open_by_handle_at),
    DENY(fanotify_init),
    DENY(fanotify_mark),
    DENY(quotactl),
    {443, EPERM, CHECK_NONE} /* quotactl_fd */,
    DENY(swapon),
    DENY(swapoff),
    /* Messages through keyrings. */
    DENY(add_key),
    DENY(request_key),
    DENY(keyctl),
    /* Large or young parts of the kernel that programs do without. */
    ABSENT(425) /* io_uring_setup */,
    ABSENT(426) /* io_uring_enter */,
    ABSENT(427) /* io_uring_register */,
    DENY(userfaultfd),
    DENY(bpf),
    DENY(perf_event_open),
    DENY(kcmp),
    {438, EPERM, CHECK_NONE} /* pidfd_getfd */,
    DENY(lookup_dcookie),
    ABSENT(459) /* lsm_get_self_attr */,
    ABSENT(460) /* lsm_set_self_attr */,
    ABSENT(461) /* lsm_list_modules */,
    ABSENT(SYS_nfsservctl),
    /* Memory placement. */
    DENY(mbind),
    DENY(migrate_pages),
    DENY(move_pages),
    {450, EPERM, CHECK_NONE} /* set_mempolicy_home_node */,
    /* The machine. */
    DENY(kexec_load),
    DENY(kexec_file_load),
    DENY(init_module),
    DENY(finit_module),
    DENY(delete_module),
    DENY(acct),
    DENY(syslog),
    DENY(reboot),
    DENY(settimeofday),
    DENY(clock_settime),
    DENY(clock_adjtime),
    DENY(adjtimex),
    DENY(vhangup),
    DENY(sethostname),
    DENY(setdomainname),
    /* Calls whose arguments decide. */
    {SYS_socket, 0, CHECK_SOCKET},
    {SYS_socketpair, 0, CHECK_SOCKETPAIR},
    {SYS_ioctl, 0, CHECK_IOCTL},
    {SYS_personality, 0, CHECK_PERSONALITY},
    {SYS_kill, 0, CHECK_FIRST_IS_INIT},
    {SYS_tkill, 0, CHECK_FIRST_IS_INIT},
    {SYS_tgkill, 0, CHECK_FIRST_IS_INIT},
    {SYS_rt_sigqueueinfo, 0, CHECK_FIRST_IS_INIT},
    {SYS_rt_tgsigqueueinfo, 0, CHECK_FIRST_IS_INIT},
    {434, 0, CHECK_FIRST_IS_INIT} /* pidfd_open */,
    {SYS_prlimit64, 0, CHECK_PRLIMIT},
    {SYS_setrlimit, 0, CHECK_SETRLIMIT},
    {SYS_sched_setscheduler, 0, CHECK_FIRST_IS_INIT},
    {SYS_sched_setparam, 0, CHECK_FIRST_IS_INIT},
    {SYS_sched_setaffinity, 0, CHECK_FIRST_IS_INIT},
    {SYS_sched_setattr, 0, CHECK_FIRST_IS_INIT},
    {SYS_setpriority, 0, CHECK_SETPRIORITY},
    {SYS_ioprio_set, 0, CHECK_IOPRIO_SET},
#if defined(__x86_64__)
    DENY(iopl),
    DENY(ioperm),
    ABSENT(SYS_modify_ldt),
    ABSENT(SYS_uselib),
    ABSENT(SYS_ustat),
    ABSENT(SYS_sysfs),
    ABSENT(SYS__sysctl),
    ABSENT(SYS_create_module),
    ABSENT(SYS_get_kernel_syms),
    ABSENT(SYS_query_module),
#endif
};

static int compare_rules(const void *left, const void *right)
{
    return ((const struct rule *)left)->number - ((const struct rule *)right)->number;
}

/* Order the table by number for the search tree; return how many rules there are. */
unsigned seccomp_table_sort(void)
{
    unsigned count = sizeof seccomp_table / sizeof *seccomp_table;
    _Static_assert(sizeof seccomp_table / sizeof *seccomp_table <= RULE_COUNT_MAX, "rules");
    qsort(seccomp_table, count, sizeof *seccomp_table, compare_rules);
    return count;
}
