/* How a hostile program reports: one line per probe, "ESCAPED probe detail" when it could do what a
 * sandbox must not allow, "BLOCKED probe detail" when it could not. */
#ifndef PROBE_H
#define PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One unbuffered write per line: nothing is lost or doubled when the process is forked or killed. */
__attribute__((format(printf, 3, 4), unused)) static void report_to(int fd, bool escaped,
                                                                    const char *format, ...)
{
    char line[512];
    int length = snprintf(line, sizeof line, "%s ", escaped ? "ESCAPED" : "BLOCKED");
    va_list arguments;
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2)
        length = (int)sizeof line - 2;
    line[length++] = '\n';
    if (write(fd, line, (size_t)length) < 0)
        _exit(99);
}

#define report(escaped, ...) report_to(1, escaped, __VA_ARGS__)

/* Reports the result of a system call: not failing is an escape. */
__attribute__((unused)) static void report_call(const char *probe, long result)
{
    int error = errno;
    if (result >= 0)
        report(true, "%s returned %ld", probe, result);
    else
        report(false, "%s errno %d (%s)", probe, error, strerror(error));
}

/* Reports whether the call got past the permission check: `reached` is what the kernel says about
 * its deliberately senseless arguments. */
__attribute__((unused)) static void report_reached(const char *probe, long result, int reached)
{
    int error = errno;
    bool escaped = result >= 0 || error == reached;
    if (result >= 0)
        error = 0;
    report(escaped, "%s errno %d (%s)", probe, error, strerror(error));
}

/* Opening is the whole attack; nothing is read or written. */
__attribute__((unused)) static void report_open(const char *probe, const char *path, int flags)
{
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    report_call(probe, fd);
    if (fd >= 0)
        close(fd);
}

__attribute__((unused)) static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Runs a probe in a child, so that what it changes or breaks stays away from the next one. */
__attribute__((unused)) static void in_child(void (*probe)(void))
{
    pid_t child = fork();
    if (child == 0) {
        probe();
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

#endif
