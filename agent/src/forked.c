/* Asks the slot's zygote for a program, from inside the job. */
#define _GNU_SOURCE
#include "agent.h"

#include "../zygote/zygote.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS 2000

static bool send_request(const struct zygote_link *link, const struct program *program, int reply)
{
    int fds[ZYGOTE_FD_COUNT] = {
        [ZYGOTE_STDIN] = program->fds[0],
        [ZYGOTE_STDOUT] = program->fds[1],
        [ZYGOTE_STDERR] = program->fds[2],
        [ZYGOTE_CWD] = program->cwd_fd,
        [ZYGOTE_REPLY] = reply,
        [ZYGOTE_CGROUP] = link->cgroup,
    };
    memcpy(fds + ZYGOTE_PID_NAMESPACE, link->namespaces, sizeof link->namespaces);
    size_t size = (link->cgroup >= 0 ? ZYGOTE_FD_COUNT : ZYGOTE_CGROUP) * sizeof *fds;
    char byte = 'f';
    struct iovec part = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof fds)];
        struct cmsghdr align;
    } rights = {0};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = rights.bytes,
                             .msg_controllen = CMSG_SPACE(size)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), fds, size);
    return sendmsg(link->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* Wait for the new process to say who it is. One that comes too late finds nobody and ends. */
static pid_t receive_pid(int reply)
{
    pid_t pid;
    struct pollfd in = {.fd = reply, .events = POLLIN};
    uint64_t until = serve_now() + ANSWER_MS * NS_PER_MS;
    for (;;) {
        uint64_t now = serve_now();
        int count = poll(&in, 1, now < until ? (int)((until - now) / NS_PER_MS) + 1 : 0);
        if (count < 0 && errno == EINTR)
            continue;
        return count == 1 && recv(reply, &pid, sizeof pid, 0) == sizeof pid ? pid : -1;
    }
}

/* Return the pid of a process that is our child, has the program's streams and waits at `reply` to
 * run what the zygote was started for; or -1, and then there is none. */
pid_t forked_start(struct agent *agent, struct program *program, int *reply)
{
    int ends[2];
    *reply = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    bool is_sent = send_request(&agent->zygote, program, ends[1]);
    close(ends[1]);
    pid_t pid = is_sent ? receive_pid(ends[0]) : -1;
    if (pid < 0)
        close(ends[0]);
    else
        *reply = ends[0];
    return pid;
}

/* Let it run. Returns false if it has died meanwhile. */
bool forked_go(int *reply)
{
    bool is_alive = send(*reply, "g", 1, MSG_NOSIGNAL) == 1;
    forked_close(reply);
    return is_alive;
}

/* One that was not let go ends. */
void forked_close(int *reply)
{
    if (*reply >= 0)
        close(*reply);
    *reply = -1;
}

/* Whether the zygote was started as what is asked for. */
bool forked_is_possible(const struct agent *agent, const struct request *request)
{
    const struct zygote_link *link = &agent->zygote;
    return link->socket >= 0 && !request->program.has_terminal && request->cwd[0] == 0 &&
           request_is_same(link->line, request);
}
