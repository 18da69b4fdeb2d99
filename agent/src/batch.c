/* Batch mode, for platforms without a stream: requests from a file, answers as lines of text that
 * survive a platform's log. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* 8,190 bytes become 10,920 characters, below the 12 KiB at which logs begin to cut lines. */
#define LINE_BYTES_MAX 8190u

static size_t encode(const uint8_t *data, size_t size, char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *at = text;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)data[i] << 16;
        group |= left > 1 ? (uint32_t)data[i + 1] << 8 : 0;
        group |= left > 2 ? data[i + 2] : 0;
        *at++ = letters[group >> 18];
        *at++ = letters[group >> 12 & 63];
        *at++ = left > 1 ? letters[group >> 6 & 63] : '=';
        *at++ = left > 2 ? letters[group & 63] : '=';
    }
    *at++ = '\n';
    return (size_t)(at - text);
}

static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, text, size);
        if (put < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = fd, .events = POLLOUT};
            if (poll(&writable, 1, -1) < 0 && errno != EINTR)
                return false;
        } else if (put < 0 && errno != EINTR) {
            return false;
        } else if (put > 0) {
            text += put;
            size -= (size_t)put;
        }
    }
    return true;
}

void batch_flush(struct agent *agent)
{
    static char line[LINE_BYTES_MAX / 3 * 4 + 2];
    while (agent->out_start < agent->out_end && !agent->is_gone) {
        size_t size = agent->out_end - agent->out_start;
        if (size > LINE_BYTES_MAX)
            size = LINE_BYTES_MAX;
        size_t count = encode(agent->out + agent->out_start, size, line);
        agent->is_gone = !write_all(agent->out_fd, line, count);
        agent->out_start += size;
    }
    agent->out_start = agent->out_end = 0;
}

int batch_main(int argc, char **argv)
{
    struct agent_config config = {
        .in_fd = STDIN_FILENO,
        .out_fd = STDOUT_FILENO,
        .work_dir = ".",
        .meter = {-1, -1, -1, -1, -1, false},
        .zygote = {.socket = -1},
    };
    int next = 1;
    if (argc > 2 && strcmp(argv[1], "--work") == 0) {
        config.work_dir = argv[2];
        next = 3;
    }
    if (argc > next + 1) {
        serve_note("usage: runyard-agent batch [--work FOLDER] [FILE]");
        return 125;
    }
    if (argc > next) {
        config.in_fd = open(argv[next], O_RDONLY | O_CLOEXEC);
        if (config.in_fd < 0) {
            serve_note("cannot read %s: %s", argv[next], strerror(errno));
            return 125;
        }
    }
    return serve_run(&config, true);
}
