/* Calls into parts of the kernel that no program of a user needs and many exploits did. Arguments
 * are harmless or senseless: that the kernel looks at them at all is the finding. */
#include "probe.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/fanotify.h>
#include <sys/io.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/timex.h>

static long call_bpf(void)
{
    union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map);
}

static long call_perf(void)
{
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof event,
                                    .config = PERF_COUNT_SW_CPU_CLOCK,
                                    .exclude_kernel = 1,
                                    .exclude_hv = 1};
    return syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static long call_io_uring(void)
{
    struct io_uring_params parameters = {0};
    return syscall(SYS_io_uring_setup, 2, &parameters);
}

static void probe_keys(void)
{
    long key = syscall(SYS_add_key, "user", "runyard:probe", "x", 1, KEY_SPEC_PROCESS_KEYRING);
    report_call("add_key", key);
    report_reached("request_key",
                   syscall(SYS_request_key, "user", "runyard:absent", NULL, KEY_SPEC_PROCESS_KEYRING),
                   ENOKEY);
    report_call("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1));
}

static void probe_handles(void)
{
    union {
        struct file_handle handle;
        char room[256];
    } space = {.handle = {.handle_bytes = 128}};
    int mount_id;
    report_call("name_to_handle_at",
                syscall(SYS_name_to_handle_at, AT_FDCWD, "/usr", &space, &mount_id, 0));
    report_reached("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, &space, O_RDONLY), EBADF);
}

static void probe_memory_of_parent(void)
{
    char byte;
    struct { void *base; size_t length; } local = {&byte, 1}, remote = {(void *)1, 1};
    report_reached("process_vm_readv",
                   syscall(SYS_process_vm_readv, getppid(), &local, 1, &remote, 1, 0), EFAULT);
    report_call("kcmp", syscall(SYS_kcmp, getppid(), getppid(), 0 /* KCMP_FILE */, 0, 0));
    report_call("move_pages", syscall(SYS_move_pages, getppid(), 0, NULL, NULL, NULL, 0));
    report_reached("process_madvise",
                   syscall(SYS_process_madvise, syscall(SYS_pidfd_open, getppid(), 0), &remote, 0, 20, 0),
                   EINVAL);
}

static void probe_machine(void)
{
    report_reached("kexec_load", syscall(SYS_kexec_load, 0, 1000, NULL, 0), EINVAL);
    report_reached("init_module", syscall(SYS_init_module, NULL, 0, ""), ENOEXEC);
    report_reached("finit_module", syscall(SYS_finit_module, -1, "", 0), EBADF);
    report_reached("delete_module", syscall(SYS_delete_module, "runyard_absent", O_NONBLOCK), ENOENT);
    report_reached("swapon", syscall(SYS_swapon, "/nonexistent", 0), ENOENT);
    report_reached("swapoff", syscall(SYS_swapoff, "/nonexistent"), ENOENT);
    report_reached("acct", syscall(SYS_acct, "/nonexistent"), ENOENT);
    report_call("syslog", syscall(SYS_syslog, 10 /* size of the buffer */, NULL, 0));
    report_reached("reboot", syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL);
    struct timex nonsense = {.modes = ADJ_TICK, .tick = 0};
    report_reached("clock_adjtime", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &nonsense), EINVAL);
    report_reached("adjtimex", syscall(SYS_adjtimex, &nonsense), EINVAL);
}

int main(void)
{
    report_call("bpf", call_bpf());
    report_call("perf_event_open", call_perf());
    report_call("io_uring_setup", call_io_uring());
    report_reached("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0), EBADF);
    report_call("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* user mode only */));
    report_call("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
    probe_keys();
    probe_handles();
    probe_memory_of_parent();
    probe_machine();
#ifdef __x86_64__
    report_call("iopl", iopl(3));
    report_call("ioperm", ioperm(0x80, 1, 1));
    char entry[16] = {0};
    report_reached("modify_ldt", syscall(SYS_modify_ldt, 1, entry, 16), EINVAL);
#endif
    report_call("personality_layout", personality(ADDR_COMPAT_LAYOUT | READ_IMPLIES_EXEC));
    return 0;
}
