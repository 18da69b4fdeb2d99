/* Runs with a terminal: pushes input to whoever reads it next, loads line disciplines. */
#include "probe.h"

#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
    char letter = 'x', paste[8] = {2};
    struct termios quiet;
    tcgetattr(0, &quiet);
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(0, TCSANOW, &quiet);
    report_call("push_input", ioctl(0, TIOCSTI, &letter));
    tcflush(0, TCIFLUSH);
    report_reached("paste", ioctl(0, 0x541C /* TIOCLINUX */, paste), ENOTTY);
    /* The upper half of the 64-bit argument is not looked at by the kernel, maybe by a filter. */
    report_call("push_input_high", syscall(SYS_ioctl, 0, TIOCSTI | 0x100000000UL, &letter));
    tcflush(0, TCIFLUSH);
    int discipline = 27; /* N_NULL */
    int result = ioctl(0, TIOCSETD, &discipline), error = errno, usual = 0;
    /* What is written under the other discipline does not arrive. */
    ioctl(0, TIOCSETD, &usual);
    errno = error;
    report_call("line_discipline", result);
    return 0;
}
