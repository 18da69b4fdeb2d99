/* A slot's network: loopback and nothing else, and whether a job left anything in it. */
#define _GNU_SOURCE
#include "launcher.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where a later job could see what an earlier one did on the network. No socket outlives its job,
 * and every packet, connection and TIME_WAIT counts in one of the first four. sockstat is left
 * out: half of its figures are those of the whole machine. */
static const char *const files[NETWORK_FILE_COUNT] = {
    "dev", "snmp", "netstat", "snmp6", "unix",
};

/* Bring loopback up: a connection to a closed port is then refused at once. */
int network_up(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault("socket for loopback");
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int result = ioctl(fd, SIOCSIFFLAGS, &request);
    if (result)
        fault("bring loopback up");
    close(fd);
    return result;
}

/* FNV-1a over a file. 0 stands for a file that this kernel does not have. */
static uint64_t sum_file(int fd)
{
    char bytes[8192];
    uint64_t sum = 14695981039346656037ull;
    off_t at = 0;
    ssize_t count;
    if (fd < 0)
        return 0;
    while ((count = pread(fd, bytes, sizeof bytes, at)) > 0) {
        for (ssize_t i = 0; i < count; i++)
            sum = (sum ^ (unsigned char)bytes[i]) * 1099511628211ull;
        at += count;
    }
    return count < 0 ? 1 : sum;
}

int network_remember(struct network_state *state)
{
    for (unsigned i = 0; i < NETWORK_FILE_COUNT; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/net/%s", files[i]);
        state->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        state->sums[i] = sum_file(state->fds[i]);
    }
    if (state->fds[0] < 0 || state->fds[1] < 0)
        return fault("read /proc/self/net");
    return 0;
}

bool network_is_unchanged(const struct network_state *state)
{
    for (unsigned i = 0; i < NETWORK_FILE_COUNT; i++)
        if (sum_file(state->fds[i]) != state->sums[i])
            return false;
    return true;
}

/* Leave the network namespace for a new one. */
int network_replace(struct network_state *state)
{
    for (unsigned i = 0; i < NETWORK_FILE_COUNT; i++)
        if (state->fds[i] >= 0)
            close(state->fds[i]);
    if (unshare(CLONE_NEWNET))
        return fault("unshare the network");
    return network_up() || network_remember(state) ? -1 : 0;
}
