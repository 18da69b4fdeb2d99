/* Tries to write where only the host may. O_TMPFILE leaves nothing behind; with the argument
 * "named" a named file is tried too. */
#include "probe.h"

#include <sys/stat.h>

static bool is_named;

static void report_write(const char *probe, const char *directory)
{
    char path[128];
    int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 && is_named) {
        snprintf(path, sizeof path, "%s/probe-%d", directory, getpid());
        fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    }
    report_call(probe, fd);
}

int main(int argc, char **argv)
{
    is_named = argc > 1 && strcmp(argv[1], "named") == 0;
    report_write("root_directory", "/");
    report_write("usr", "/usr");
    report_write("usr_bin", "/usr/bin");
    report_write("etc", "/etc");
    report_write("dev", "/dev");
    report_write("var", "/var");
    report_open("passwd", "/etc/passwd", O_WRONLY);
    report_reached("shell", open("/bin/bash", O_WRONLY), ETXTBSY);
    report_open("hostname", "/proc/sys/kernel/hostname", O_WRONLY);
    return 0;
}
