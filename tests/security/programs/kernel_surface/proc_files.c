/* Opens files through which the kernel tells secrets or takes orders. Nothing is written to them. */
#include "probe.h"

#include <linux/keyctl.h>

static void report_addresses(void)
{
    char line[128] = "";
    int fd = open("/proc/kallsyms", O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
    report(length > 0, "kernel_symbols %ld bytes", (long)length);
}

static void report_text(const char *probe, const char *path)
{
    char text[64];
    errno = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
    report(length > 0, "%s %ld bytes, errno %d (%s)", probe, (long)length, errno, strerror(errno));
}

int main(void)
{
    report_addresses();
    syscall(SYS_add_key, "user", "runyard:visible", "x", 1, KEY_SPEC_PROCESS_KEYRING);
    report_text("keys", "/proc/keys");
    report_text("interrupts", "/proc/interrupts");
    report_text("modules", "/proc/modules");
    report_text("command_line", "/proc/cmdline");
    report_text("timers", "/proc/timer_list");
    report_text("sched_debug", "/proc/sched_debug");
    report_text("partitions", "/proc/partitions");
    report_text("diskstats", "/proc/diskstats");
    report_text("core_image", "/proc/kcore");
    report_open("kernel_log", "/proc/kmsg", O_RDONLY);
    report_open("log_device", "/dev/kmsg", O_WRONLY);
    report_open("sysrq", "/proc/sysrq-trigger", O_WRONLY);
    report_open("core_pattern", "/proc/sys/kernel/core_pattern", O_WRONLY);
    report_open("modprobe", "/proc/sys/kernel/modprobe", O_WRONLY);
    report_open("uevent_helper", "/sys/kernel/uevent_helper", O_WRONLY);
    report_open("binfmt", "/proc/sys/fs/binfmt_misc/register", O_WRONLY);
    report_open("sysctl_net", "/proc/sys/net/ipv4/ip_forward", O_WRONLY);
    report_open("memory_device", "/dev/mem", O_RDONLY);
    report_open("oom_panic", "/proc/sys/vm/panic_on_oom", O_WRONLY);
    report_open("irq_affinity", "/proc/irq/default_smp_affinity", O_WRONLY);
    report_open("cgroup_tree", "/sys/fs/cgroup", O_RDONLY | O_DIRECTORY);
    return 0;
}
