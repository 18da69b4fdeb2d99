/* Makes or enters namespaces: a user namespace gives back every capability the sandbox took. */
#include "probe.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>

static const struct {
    const char *probe;
    int flag;
} kinds[] = {
    {"unshare_user", CLONE_NEWUSER}, {"unshare_mount", CLONE_NEWNS},
    {"unshare_pid", CLONE_NEWPID},   {"unshare_net", CLONE_NEWNET},
    {"unshare_ipc", CLONE_NEWIPC},   {"unshare_uts", CLONE_NEWUTS},
    {"unshare_cgroup", CLONE_NEWCGROUP}, {"unshare_time", CLONE_NEWTIME},
};

static void probe_clone(const char *probe, unsigned long flags)
{
    long child = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        _exit(0);
    report_call(probe, child);
    if (child > 0)
        waitpid((pid_t)child, NULL, __WALL);
}

static void probe_clone3(const char *probe, uint64_t flags)
{
    struct clone_args arguments = {.flags = flags, .exit_signal = SIGCHLD};
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0)
        _exit(0);
    report_call(probe, child);
    if (child > 0)
        waitpid((pid_t)child, NULL, __WALL);
}

static void enter_own(const char *probe, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/ns/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    /* Entering the namespace one is already in needs the same rights as any other. */
    report_call(probe, fd < 0 ? -1 : syscall(SYS_setns, fd, 0));
}

static void probe_parent_namespaces(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", getppid());
    report_open("parent_mount_namespace", path, O_RDONLY);
}

int main(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        pid_t child = fork();
        if (child == 0) {
            report_call(kinds[i].probe, unshare(kinds[i].flag));
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    probe_clone("clone_user", CLONE_NEWUSER);
    probe_clone("clone_pid", CLONE_NEWPID);
    probe_clone("clone_net", CLONE_NEWNET);
    probe_clone("clone_mount", CLONE_NEWNS);
    probe_clone3("clone3_user", CLONE_NEWUSER);
    probe_clone3("clone3_user_mount", CLONE_NEWUSER | CLONE_NEWNS);
    enter_own("setns_uts", "uts");
    enter_own("setns_net", "net");
    enter_own("setns_ipc", "ipc");
    probe_parent_namespaces();
    return 0;
}
