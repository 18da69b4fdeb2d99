/* Why something failed, in words that reach the server. */
#include "launcher.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char own_words[FAULT_BYTES];
char *fault_words = own_words;

static void write_words(const char *reason, const char *format, va_list arguments)
{
    int count = vsnprintf(fault_words, FAULT_BYTES, format, arguments);
    if (count < 0)
        count = 0;
    if (reason && (size_t)count < FAULT_BYTES)
        snprintf(fault_words + count, FAULT_BYTES - (size_t)count, ": %s", reason);
}

/* Say what failed, with errno's words. */
int fault(const char *format, ...)
{
    int reason = errno;
    va_list arguments;
    va_start(arguments, format);
    write_words(strerror(reason), format, arguments);
    va_end(arguments);
    errno = reason;
    return -1;
}

/* Say what is not accepted. */
int refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_words(NULL, format, arguments);
    va_end(arguments);
    return -1;
}

/* One write: files of the kernel take their text whole or not at all. */
int write_all(int fd, const char *text, const char *what)
{
    size_t size = strlen(text);
    if (write(fd, text, size) != (ssize_t)size)
        return fault("write %s", what);
    return 0;
}

/* Read a small file of the kernel from its start, as a string. */
ssize_t read_text(int fd, char *text, size_t size)
{
    ssize_t count = pread(fd, text, size - 1, 0);
    text[count > 0 ? count : 0] = '\0';
    return count;
}
