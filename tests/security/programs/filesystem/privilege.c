/* Gains rights through files: set-user-ID programs and device nodes. */
#include "probe.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

static int effective_uid(pid_t process, const char *program)
{
    char path[64], text[4096], name[64];
    snprintf(path, sizeof path, "/proc/%d/status", process);
    int fd = open(path, O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    close(fd);
    text[length < 0 ? 0 : length] = 0;
    snprintf(name, sizeof name, "Name:\t%s\n", program);
    if (!strstr(text, name) || !strstr(text, "Uid:"))
        return -1;
    int real, effective;
    sscanf(strstr(text, "Uid:"), "Uid: %d %d", &real, &effective);
    return effective;
}

/* su waits for a password on a pipe that nobody writes; meanwhile its user can be seen. */
static void probe_setuid(void)
{
    int input[2], uid = -1;
    if (pipe(input) < 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        dup2(input[0], 0);
        close(input[0]);
        close(input[1]);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        execl("/usr/bin/su", "su", "-c", "true", NULL);
        _exit(1);
    }
    for (double end = seconds_now() + 3; uid < 0 && seconds_now() < end; usleep(1000))
        if (waitpid(child, NULL, WNOHANG) == child)
            break;
        else
            uid = effective_uid(child, "su");
    report(uid == 0, "setuid_program effective uid %d", uid);
    close(input[1]);
    kill(child, SIGKILL);
}

static void probe_suid_mounts(void)
{
    struct statvfs usr;
    bool honoured = statvfs("/usr/bin", &usr) == 0 && !(usr.f_flag & ST_NOSUID);
    report(honoured, "suid_honoured flags %#lx", usr.f_flag);
}

int main(void)
{
    probe_setuid();
    probe_suid_mounts();
    report_call("device_node", mknod("memory", S_IFCHR | 0600, makedev(1, 1)));
    report_call("block_node", mknod("disk", S_IFBLK | 0600, makedev(254, 0)));
    unlink("memory");
    unlink("disk");
    return 0;
}
