/* A terminal for the program: both ends come from one open of /dev/ptmx, so no path inside
 * /dev/pts is looked up. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

bool terminal_open(uint64_t rows, uint64_t columns, int *master, int *slave)
{
    int unlocked = 0;
    *master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (*master < 0)
        return false;
    *slave = -1;
    if (ioctl(*master, TIOCSPTLCK, &unlocked) == 0)
        *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave < 0) {
        int reason = errno;
        close(*master);
        errno = reason;
        return false;
    }
    terminal_resize(*master, rows, columns);
    return true;
}

void terminal_resize(int master, uint64_t rows, uint64_t columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    if (ioctl(master, TIOCSWINSZ, &size) < 0)
        serve_note("resizing the terminal: %s", strerror(errno));
}

/* Return the foreground process group, or 0 if there is none. */
pid_t terminal_foreground(int master)
{
    pid_t group = 0;
    if (ioctl(master, TIOCGPGRP, &group) < 0 || group < 1)
        return 0;
    return group;
}
