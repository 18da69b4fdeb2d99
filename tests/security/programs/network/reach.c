/* Tries to reach NAME=KIND:ADDRESS[:PORT] for every argument: tcp4, tcp6, udp4, unix, abstract.
 * "interfaces" and "routes" look around. Every try ends at once or within two seconds. */
#include "probe.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static void connect_to(const char *name, int type, struct sockaddr *address, socklen_t length)
{
    int fd = socket(address->sa_family, type | SOCK_NONBLOCK, 0), error = errno;
    double start = seconds_now();
    int result = fd < 0 ? -1 : connect(fd, address, length);
    if (fd >= 0)
        error = result < 0 ? errno : 0;
    if (error == EINPROGRESS || error == EAGAIN) {
        struct pollfd waiting = {.fd = fd, .events = POLLOUT};
        socklen_t size = sizeof error;
        error = ETIMEDOUT;
        if (poll(&waiting, 1, 2000) == 1)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0 && type == SOCK_DGRAM && send(fd, "x", 1, 0) < 0)
        error = errno;
    double spent = seconds_now() - start;
    /* Hanging is not an escape, but nor is it being refused at once. */
    bool hung = spent > 1.0;
    report(error == 0 || hung, "%s errno %d (%s) after %.1f s", name, error, strerror(error), spent);
    close(fd);
}

static void try_ip(const char *name, int family, int type, char *target)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address = {0};
    char *port = strrchr(target, ':');
    *port++ = 0;
    address.any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        address.four.sin_port = htons((uint16_t)atoi(port));
        inet_pton(AF_INET, target, &address.four.sin_addr);
    } else {
        address.six.sin6_port = htons((uint16_t)atoi(port));
        inet_pton(AF_INET6, target, &address.six.sin6_addr);
    }
    connect_to(name, type, &address.any, family == AF_INET ? sizeof address.four : sizeof address.six);
}

static void try_unix(const char *name, bool is_abstract, const char *target)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(target);
    memcpy(address.sun_path + is_abstract, target, length);
    connect_to(name, SOCK_STREAM, (struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1));
}

static void report_interfaces(void)
{
    struct ifaddrs *all = NULL;
    char found[128] = "";
    getifaddrs(&all);
    for (struct ifaddrs *each = all; each; each = each->ifa_next)
        if (!(each->ifa_flags & IFF_LOOPBACK) && !strstr(found, each->ifa_name) && strlen(found) < 90)
            strcat(strcat(found, each->ifa_name), " ");
    report(found[0], "interfaces %s", found);
}

static void report_routes(void)
{
    char text[4096];
    int fd = open("/proc/net/route", O_RDONLY), lines = 0;
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text);
    for (ssize_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    report(lines > 1, "routes %d", lines - 1);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *kind = strchr(argv[i], '=');
        if (!kind)
            continue;
        *kind++ = 0;
        char *target = strchr(kind, ':');
        *target++ = 0;
        if (!strcmp(kind, "tcp4"))
            try_ip(argv[i], AF_INET, SOCK_STREAM, target);
        else if (!strcmp(kind, "tcp6"))
            try_ip(argv[i], AF_INET6, SOCK_STREAM, target);
        else if (!strcmp(kind, "udp4"))
            try_ip(argv[i], AF_INET, SOCK_DGRAM, target);
        else
            try_unix(argv[i], !strcmp(kind, "abstract"), target);
    }
    report_interfaces();
    report_routes();
    return 0;
}
