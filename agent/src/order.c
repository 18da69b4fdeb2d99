/* What the server orders a slot to do: packets that are checked before anything is done. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Whether a job may be started with these limits. */
int order_check(const struct order *order, const struct ceilings *ceilings)
{
    if (order->flags & ~(uint32_t)ORDER_FLAGS_ALL || order->reserved)
        return refuse("unknown flags in an order");
    if (!order->memory_bytes || order->memory_bytes > ceilings->memory_bytes)
        return refuse("memory_bytes is %llu; at most %llu is allowed on this host",
                      (unsigned long long)order->memory_bytes,
                      (unsigned long long)ceilings->memory_bytes);
    if (!order->disk_bytes || order->disk_bytes > ceilings->disk_bytes)
        return refuse("disk_bytes is %llu; at most %llu is allowed on this host",
                      (unsigned long long)order->disk_bytes,
                      (unsigned long long)ceilings->disk_bytes);
    if (!order->processes || order->processes > ceilings->processes)
        return refuse("processes is %u; at most %llu is allowed on this host", order->processes,
                      (unsigned long long)ceilings->processes);
    if (!order->deadline_ms || order->deadline_ms > ceilings->deadline_ms)
        return refuse("a job may last %llu ms at most on this host",
                      (unsigned long long)ceilings->deadline_ms);
    return 0;
}

/* Receive one order and at most one descriptor; false once the server is gone. */
bool order_receive(int control, struct order *order, int *stream)
{
    struct iovec part = {order, sizeof *order};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } rights;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = sizeof rights.bytes};
    ssize_t size = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    *stream = -1;
    if (size <= 0)
        return size < 0 && (errno == EINTR || errno == EAGAIN) ? (order->kind = 0, true) : false;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(stream, CMSG_DATA(header), sizeof(int));
    /* The kernel closes descriptors that do not fit; more than one is not an order of ours. */
    return size == (ssize_t)sizeof *order && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
}
