/* Changes the network it is in. */
#include "probe.h"

#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void probe_interface_down(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ioctl(fd, SIOCGIFFLAGS, &request);
    report_call("set_flags", ioctl(fd, SIOCSIFFLAGS, &request));
}

static void probe_new_link(void)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_NEWLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .link = {.ifi_family = AF_UNSPEC, .ifi_index = 1, .ifi_change = IFF_UP, .ifi_flags = IFF_UP},
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr result;
        char rest[256];
    } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    errno = 0;
    if (fd >= 0 && send(fd, &request, sizeof request, 0) > 0 &&
        recv(fd, &answer, sizeof answer, 0) > 0)
        errno = -answer.result.error;
    report_call("change_link", fd < 0 || errno ? -1 : 0);
}

int main(void)
{
    probe_interface_down();
    probe_new_link();
    int low = socket(AF_INET, SOCK_STREAM, 0), mark = 1;
    report_call("set_mark", setsockopt(low, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
    report_call("transparent",
                setsockopt(low, IPPROTO_IP, 19 /* IP_TRANSPARENT */, &mark, sizeof mark));
    report_open("tunnel", "/dev/net/tun", O_RDWR);
    return 0;
}
