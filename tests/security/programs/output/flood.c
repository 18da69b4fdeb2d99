/* Writes without end, or nearly: flood MODE MIB. Says ESCAPED on the other stream. */
#include "probe.h"

#include <signal.h>

static char block[1 << 16];
static long goal;

static void flood(const char *mode, int fd, size_t size)
{
    int other = fd == 1 ? 2 : 1;
    for (long written = 0; written < goal;) {
        ssize_t count = write(fd, block, size);
        if (count <= 0) {
            report_to(other, false, "%s stopped at %ld: %s", mode, written, strerror(errno));
            return;
        }
        written += count;
    }
    report_to(other, true, "%s wrote %ld KiB", mode, goal / 1024);
}

/* Several processes share the stream, so that no single one of them writes much. */
static void flood_by_children(const char *mode)
{
    goal /= 4;
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            flood(mode, 1, sizeof block);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "";
    goal = atol(argv[2]) << 10;
    memset(block, 'x', sizeof block);
    if (!strcmp(mode, "lines"))
        for (size_t i = 1; i < sizeof block; i += 2)
            block[i] = '\n';
    if (!strcmp(mode, "binary"))
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = (char)(i % 3 == 0 ? 0 : i % 3 == 1 ? 0xff : 0xc3);
    if (!strcmp(mode, "deaf"))
        for (int number = 1; number < 65; number++)
            signal(number, SIG_IGN);
    if (!strcmp(mode, "bytes"))
        flood(mode, 1, 1);
    else if (!strcmp(mode, "stderr"))
        flood(mode, 2, sizeof block);
    else if (!strcmp(mode, "children"))
        flood_by_children(mode);
    else if (!strcmp(mode, "reopened"))
        dup2(open("/proc/self/fd/1", O_WRONLY), 1), flood(mode, 1, sizeof block);
    else
        flood(mode, 1, sizeof block);
    return 0;
}
