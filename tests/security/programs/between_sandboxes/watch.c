/* Watches files that every sandbox shows for what others do to them: watch watch | touch | both.
 * The watcher says "ready", looks when its stdin ends, and reports. */
#include "probe.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>

static const char *const files[] = {"/usr/bin/env", "/usr/bin/true", "/etc/passwd", "/usr/bin"};
static volatile sig_atomic_t dnotified;

static void on_change(int number)
{
    (void)number;
    dnotified = 1;
}

static void touch(void)
{
    char byte;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int fd = open(files[i], O_RDONLY);
        if (read(fd, &byte, 1) < 0 && errno != EISDIR)
            report(false, "touch %s: %s", files[i], strerror(errno));
        close(fd);
    }
    pid_t child = fork();
    if (child == 0)
        execl("/usr/bin/true", "true", NULL);
    waitpid(child, NULL, 0);
}

static void watch(int input, int output)
{
    char byte, events[4096];
    int queue = inotify_init1(IN_NONBLOCK), leased = open("/usr/bin/env", O_RDONLY);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        inotify_add_watch(queue, files[i], IN_ALL_EVENTS);
    signal(SIGIO, on_change);
    int directory = open("/usr/bin", O_RDONLY);
    fcntl(directory, F_NOTIFY, DN_ACCESS | DN_MULTISHOT);
    fcntl(leased, F_SETSIG, SIGIO);
    /* What was noticed until here was done by this program. */
    while (read(queue, events, sizeof events) > 0)
        dnotified = 0;
    if (write(output, "ready\n", 6) < 0)
        return;
    while (read(input, &byte, 1) > 0 || errno == EINTR)
        errno = 0;
    ssize_t length = read(queue, events, sizeof events);
    report(length > 0, "inotify %ld bytes of events", (long)length);
    report(dnotified, "dnotify");
}

/* The toucher starts on the watcher's "ready" and ends the watcher's input by exiting. */
static void both(void)
{
    int wake[2], ready[2];
    char line[8];
    if (pipe(wake) < 0 || pipe(ready) < 0)
        return;
    if (fork() == 0) {
        close(wake[0]);
        if (read(ready[0], line, sizeof line) > 0)
            touch();
        _exit(0);
    }
    close(wake[1]);
    watch(wake[0], ready[1]);
}

int main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    if (!strcmp(role, "touch"))
        touch();
    if (!strcmp(role, "watch"))
        watch(0, 1);
    if (!strcmp(role, "both"))
        both();
    return 0;
}
