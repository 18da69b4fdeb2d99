/* Reads what belongs to the host. argv[1] is a world-readable file of the host. */
#include "probe.h"

#include <dirent.h>

static void report_listing(const char *probe, const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    report(count > 0, "%s %d entries", probe, count);
}

/* Only true device nodes count; the sandbox's own /dev has a few harmless ones. */
static void report_devices(void)
{
    static const char *const wanted[] = {"vda",          "sda",     "nvme0n1", "mem",      "kmsg",
                                         "loop-control", "fuse",    "kvm",     "vsock",    "tty1",
                                         "userfaultfd",  "hwrng",   "port",    "ttyS0",    "mapper",
                                         "cpu_dma_latency", "rtc0", "zram0",   "net/tun",  "input"};
    char found[200] = "";
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char path[64];
        snprintf(path, sizeof path, "/dev/%s", wanted[i]);
        if (access(path, F_OK) == 0 && strlen(found) < 150)
            strcat(strcat(found, wanted[i]), " ");
    }
    report(found[0], "devices %s", found);
}

static void report_mount_sources(void)
{
    static char text[1 << 18];
    int fd = open("/proc/self/mountinfo", O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = 0;
    const char *found = strstr(text, "/dev/vd");
    if (!found)
        found = strstr(text, "/dev/sd");
    if (!found)
        found = strstr(text, "/dev/root");
    if (!found)
        found = strstr(text, " /home");
    if (!found)
        found = strstr(text, " /root");
    report(found, "mount_sources %.20s", found ? found : "");
}

int main(int argc, char **argv)
{
    char path[64];
    report_open("host_file", argc > 1 ? argv[1] : "/nonexistent", O_RDONLY);
    report_open("machine_id", "/etc/machine-id", O_RDONLY);
    report_open("shadow", "/etc/shadow", O_RDONLY);
    report_listing("root_home", "/root");
    report_listing("var_log", "/var/log");
    report_listing("sys_kernel", "/sys/kernel");
    report_listing("boot_or_run", access("/run", F_OK) == 0 ? "/run" : "/boot");
    report_devices();
    report_mount_sources();
    snprintf(path, sizeof path, "/proc/%d/root/etc/passwd", getppid());
    report_open("parent_root", path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%d/cwd/.", getppid());
    report_open("parent_cwd", path, O_RDONLY | O_DIRECTORY);
    return 0;
}
