/* Keeps changing "swap" between a regular file and a symbolic link to argv[1], a host file, so that
 * a collector that looks first and opens later follows it. Says "ready" on stdout and ends with
 * its stdin. */
#include "probe.h"

#include <poll.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    if (argc < 2 || write(1, "ready\n", 6) < 0)
        return 1;
    int fd = open("regular", O_CREAT | O_WRONLY, 0644);
    if (write(fd, "plain\n", 6) < 0 || symlink(argv[1], "link") < 0)
        return 1;
    while (poll(&input, 1, 0) == 0)
        for (int i = 0; i < 200; i++) {
            unlink("swap");
            link("regular", "swap");
            unlink("swap");
            link("link", "swap");
        }
    return 0;
}
