/* Who a slot and a job are. Whatever is the same for every job is set once in the slot and
 * inherited: the empty bounding set, locked securebits, no_new_privs, resource limits. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Disk space is bounded by the size of each tmpfs, which a program meets as ENOSPC. This is only
 * for offsets, and leaves room for the 2 GiB memfd that .NET makes for its code. */
#define FILE_BYTES_MAX (16ull << 30)

#define BIT(capability) (1u << (capability))

/* To mount, to become the job's user, to end it, to bring loopback up; the last line is for
 * overlayfs, which copies files of /work up with the rights of whoever mounted it. */
#define SLOT_CAPABILITIES                                                                          \
    (BIT(CAP_SYS_ADMIN) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL) | BIT(CAP_NET_ADMIN) | \
     BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID))

/* A slot with a zygote passes on what joining a job takes, and can still make it final there. */
#define ZYGOTE_CAPABILITIES                                                                        \
    (BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |                \
     BIT(CAP_SETPCAP))

#define SECUREBITS_FIRST (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED)
#define SECUREBITS_LAST                                                                            \
    (SECUREBITS_FIRST | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static int set_capabilities(uint32_t low)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{.effective = low, .permitted = low}};
    if (syscall(SYS_capset, &header, sets))
        return fault("capset");
    return 0;
}

/* Take the slot's ids in its new user namespace. */
int credentials_slot_first(void)
{
    if (geteuid() != JOB_UID) {
        if (setgroups(0, NULL))
            return fault("setgroups");
        if (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0))
            return fault("become the slot's root");
    }
    umask(022);
    if (setsid() < 0 && errno != EPERM)
        return fault("setsid");
    return 0;
}

static int set_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now, wanted;
    if (getrlimit((unsigned)resource, &now))
        return fault("getrlimit %d", resource);
    wanted.rlim_max = hard < now.rlim_max ? hard : now.rlim_max;
    wanted.rlim_cur = soft < wanted.rlim_max ? soft : wanted.rlim_max;
    if (setrlimit((unsigned)resource, &wanted))
        return fault("setrlimit %d", resource);
    return 0;
}

/* A core limit of 0 does not stop a core_pattern that pipes to a program of the host: 1 does, and
 * is too small for a file. seccomp.c sees to it that it stays.
 * RLIMIT_AS is never set: the JVM, Go and Node reserve far more than they use. */
static int set_limits(void)
{
    return set_limit(RLIMIT_CORE, 1, 1) || set_limit(RLIMIT_NOFILE, 1024, 4096) ||
                   set_limit(RLIMIT_MEMLOCK, 64 << 10, 64 << 10) ||
                   set_limit(RLIMIT_STACK, 8 << 20, RLIM_INFINITY) ||
                   set_limit(RLIMIT_MSGQUEUE, 256 << 10, 256 << 10) ||
                   set_limit(RLIMIT_SIGPENDING, 1024, 1024) ||
                   set_limit(RLIMIT_FSIZE, FILE_BYTES_MAX, FILE_BYTES_MAX) ||
                   set_limit(RLIMIT_RTPRIO, 0, 0) || set_limit(RLIMIT_NICE, 0, 0)
               ? -1
               : 0;
}

/* Nothing that is executed from here on can have a capability that is not in `kept`. */
static int bound_capabilities(uint32_t kept)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if ((capability > 31 || !(kept & BIT(capability))) && prctl(PR_CAPBSET_DROP, capability))
            return fault("drop capability %lu", capability);
    return 0;
}

/* Give up what the set-up needed and starting jobs does not. */
int credentials_slot_last(bool has_zygote)
{
    uint32_t zygote = has_zygote ? ZYGOTE_CAPABILITIES : 0;
    /* Keyrings are messages between whoever shares them; jobs get an empty one and no keyctl. */
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        return fault("join a new session keyring");
    if (bound_capabilities(zygote))
        return -1;
    if (prctl(PR_SET_SECUREBITS, has_zygote ? SECUREBITS_FIRST : SECUREBITS_LAST))
        return fault("set securebits");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return fault("set no_new_privs");
    if (set_limits())
        return -1;
    if (set_capabilities(SLOT_CAPABILITIES | zygote))
        return -1;
    if (prctl(PR_SET_DUMPABLE, 0))
        return fault("clear the dumpable flag");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL))
        return fault("set the parent death signal");
    return 0;
}

/* Before a zygote is executed: keep through that what it will need, and nothing else. */
int credentials_zygote(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{.effective = ZYGOTE_CAPABILITIES,
                                              .permitted = ZYGOTE_CAPABILITIES,
                                              .inheritable = ZYGOTE_CAPABILITIES}};
    if (syscall(SYS_capset, &header, sets))
        return fault("capset");
    for (unsigned long capability = 0; capability < 32; capability++)
        if ((ZYGOTE_CAPABILITIES & BIT(capability)) &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))
            return fault("keep capability %lu", capability);
    return 0;
}

/* What the slot of a zygote had to leave open. */
static int close_ways_back(void)
{
    for (unsigned long capability = 0; capability < 32; capability++)
        if ((ZYGOTE_CAPABILITIES & BIT(capability)) && capability != CAP_SETPCAP &&
            prctl(PR_CAPBSET_DROP, capability))
            return fault("drop capability %lu", capability);
    if (prctl(PR_CAPBSET_DROP, CAP_SETPCAP) || prctl(PR_SET_SECUREBITS, SECUREBITS_LAST))
        return fault("set securebits");
    return 0;
}

/* Become the job's user, without a capability and without a way to get one. `processes` bounds
 * them by resource limit where no cgroup does, else it is 0. */
int credentials_job(uint64_t processes, bool has_zygote)
{
    if (has_zygote && close_ways_back())
        return -1;
    if (processes && set_limit(RLIMIT_NPROC, processes, processes))
        return -1;
    if (geteuid() != JOB_UID && (syscall(SYS_setresgid, JOB_UID, JOB_UID, JOB_UID) ||
                                 syscall(SYS_setresuid, JOB_UID, JOB_UID, JOB_UID)))
        return fault("become the job's user");
    if (set_capabilities(0))
        return -1;
    if (prctl(PR_SET_DUMPABLE, 0))
        return fault("clear the dumpable flag");
    return 0;
}
