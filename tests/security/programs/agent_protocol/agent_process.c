/* Attacks the process that watches it: its parent, which in a sandbox is the agent. */
#include "probe.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

static pid_t parent;

static void report_parent_file(const char *probe, const char *name, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", parent, name);
    report_open(probe, path, flags);
}

static void report_others(void)
{
    DIR *directory = opendir("/proc");
    int count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        count += atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid();
    report(count > 0, "other_processes %d seen", count);
}

static void report_descriptors(void)
{
    int written = 0;
    for (int fd = 3; fd < 1024; fd++)
        written += write(fd, "forged\n", 7) > 0;
    report(written > 0, "inherited_descriptor %d written", written);
}

static void probe_attach(void)
{
    long result = ptrace(PTRACE_SEIZE, parent, NULL, NULL);
    report_call("ptrace_seize", result);
}

static void probe_attach_old(void)
{
    long result = ptrace(PTRACE_ATTACH, parent, NULL, NULL);
    report_call("ptrace_attach", result);
    if (result == 0)
        waitpid(parent, NULL, __WALL);
}

static void probe_settings(void)
{
    struct rlimit64 {
        uint64_t soft, hard;
    } old;
    report_call("read_rlimits", syscall(SYS_prlimit64, parent, RLIMIT_NOFILE, NULL, &old));
    report_call("set_rlimits", syscall(SYS_prlimit64, parent, RLIMIT_NOFILE, &old, NULL));
    report_call("set_priority", setpriority(PRIO_PROCESS, parent, 19));
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    report_call("set_affinity", sched_setaffinity(parent, sizeof cpus, &cpus));
    struct sched_param none = {0};
    report_call("set_scheduler", sched_setscheduler(parent, SCHED_BATCH, &none));
    report_call("set_io_priority", syscall(SYS_ioprio_set, 1, parent, 3 << 13 | 7));
    long pidfd = syscall(SYS_pidfd_open, parent, 0);
    report_call("take_descriptor", syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

static char parent_state(void)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", parent);
    int fd = open(path, O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    close(fd);
    char *name_end = length > 0 ? strrchr(text, ')') : NULL;
    return name_end ? name_end[2] : '?';
}

static void probe_signals(void)
{
    kill(parent, SIGSTOP);
    usleep(20000);
    report(parent_state() == 'T', "stop_parent state %c", parent_state());
    kill(parent, SIGCONT);
    int deadly[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGSEGV, SIGABRT, SIGKILL};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        kill(parent, deadly[i]);
    long pidfd = syscall(SYS_pidfd_open, parent, 0);
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    syscall(SYS_tgkill, parent, parent, SIGKILL);
    union sigval value = {.sival_int = 0};
    sigqueue(parent, SIGKILL, value);
    usleep(20000);
    report(getppid() != parent, "kill_parent parent is %d", getppid());
}

int main(void)
{
    parent = getppid();
    report_others();
    report_descriptors();
    report_parent_file("parent_environment", "environ", O_RDONLY);
    report_parent_file("parent_memory", "mem", O_RDWR);
    report_parent_file("parent_maps", "maps", O_RDONLY);
    report_parent_file("parent_stdin", "fd/0", O_WRONLY);
    report_parent_file("parent_descriptors", "fd", O_RDONLY | O_DIRECTORY);
    report_parent_file("parent_syscall", "syscall", O_RDONLY);
    report_parent_file("parent_oom_score", "oom_score_adj", O_WRONLY);
    in_child(probe_attach);
    in_child(probe_attach_old);
    probe_settings();
    probe_signals();
    return 0;
}
