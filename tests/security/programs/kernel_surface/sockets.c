/* Sockets of families with a large kernel surface or a way out of the machine. */
#include "probe.h"

#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef AF_SMC
#define AF_SMC 43
#endif
#ifndef AF_XDP
#define AF_XDP 44
#endif

static void probe(const char *name, int family, int type, int protocol)
{
    int fd = socket(family, type, protocol);
    report_call(name, fd);
    if (fd >= 0)
        close(fd);
}

int main(void)
{
    int pair[2];
    probe("vsock", AF_VSOCK, SOCK_STREAM, 0);
    probe("alg", AF_ALG, SOCK_SEQPACKET, 0);
    probe("packet", AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    probe("raw_ip", AF_INET, SOCK_RAW, IPPROTO_ICMP);
    probe("raw_ip6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    probe("key", AF_KEY, SOCK_RAW, 2);
    probe("xdp", AF_XDP, SOCK_RAW, 0);
    probe("can", AF_CAN, SOCK_RAW, 1);
    probe("tipc", AF_TIPC, SOCK_STREAM, 0);
    probe("rds", AF_RDS, SOCK_SEQPACKET, 0);
    probe("bluetooth", AF_BLUETOOTH, SOCK_RAW, 1);
    probe("smc", AF_SMC, SOCK_STREAM, 0);
    probe("netlink_netfilter", AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    probe("netlink_uevent", AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
    probe("netlink_generic", AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
    probe("netlink_audit", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
    probe("netlink_xfrm", AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
    probe("netlink_crypto", AF_NETLINK, SOCK_RAW, NETLINK_CRYPTO);
    probe("netlink_diag", AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
    report_call("netlink_pair", socketpair(AF_TIPC, SOCK_STREAM, 0, pair));
    return 0;
}
