/* Looks at what it may do and tries to be allowed more. */
#include "probe.h"

#include <grp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const char *status_line(const char *key)
{
    static char text[8192], value[64];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = 0;
    close(fd);
    const char *line = strstr(text, key);
    value[0] = 0;
    if (line)
        sscanf(line + strlen(key), " %63s", value);
    return value;
}

static void report_set(const char *probe, const char *key)
{
    const char *value = status_line(key);
    report(strcmp(value, "0000000000000000") != 0, "%s %s", probe, value);
}

static void probe_root(void)
{
    report_call("become_root", setresuid(0, 0, 0));
}

static void probe_groups(void)
{
    gid_t groups[] = {0, 42};
    report_call("set_groups", setgroups(2, groups));
}

static void probe_other_user(void)
{
    report_call("become_other", setresuid(12345, 12345, 12345));
}

static void probe_rlimits(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    report(files.rlim_max > 4096, "files_limit %lu", (unsigned long)files.rlim_max);
    struct rlimit core = {0};
    getrlimit(RLIMIT_CORE, &core);
    report(core.rlim_max > 1, "core_limit %lu", (unsigned long)core.rlim_max);
    /* 0 would let a core through that the kernel pipes to a program of the host. */
    struct rlimit none = {0}, seen = {1, 1};
    setrlimit(RLIMIT_CORE, &none);
    syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, &none, NULL);
    syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, NULL);
    getrlimit(RLIMIT_CORE, &seen);
    report(seen.rlim_cur == 0, "lower_core_limit %lu", (unsigned long)seen.rlim_cur);
    struct rlimit locked = {0};
    getrlimit(RLIMIT_MEMLOCK, &locked);
    report(locked.rlim_max > 65536, "locked_limit %lu", (unsigned long)locked.rlim_max);
}

int main(void)
{
    report_set("effective_capabilities", "CapEff:");
    report_set("permitted_capabilities", "CapPrm:");
    report_set("bounding_capabilities", "CapBnd:");
    report_set("root_capabilities", "CapEff:");
    report(strcmp(status_line("NoNewPrivs:"), "1") != 0, "new_privileges NoNewPrivs %s",
           status_line("NoNewPrivs:"));
    report(strcmp(status_line("Seccomp:"), "2") != 0, "no_filter Seccomp %s",
           status_line("Seccomp:"));
    report(getuid() == 0 || geteuid() == 0, "is_root uid %d", (int)getuid());
    report(getgroups(0, NULL) > 0, "supplementary_groups %d", getgroups(0, NULL));
    in_child(probe_root);
    in_child(probe_groups);
    in_child(probe_other_user);
    report_call("raise_priority", setpriority(PRIO_PROCESS, 0, -5));
    probe_rlimits();
    return 0;
}
