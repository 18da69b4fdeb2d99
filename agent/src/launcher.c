/* The launcher of the linux engine.
 *
 *   server (Python) --fork, exec--> launcher --clone3--> slot N --clone3--> job = agent, pid 1
 *
 * The server starts the launcher while it still has root's rights and then gives them up; the
 * launcher keeps them and does three things with them: it opens host directories for a slot's
 * root, writes the slot's id maps and makes its control groups. It trusts nobody: a request names
 * numbers and paths, every path must lie below a directory allowed on the command line, and limits
 * are capped by ceilings given there too. Started by an ordinary user it does the same with an
 * ordinary user's rights.
 *
 * A slot is a process in namespaces of its own (user, pid, mount, network, ipc, uts) that has
 * pivoted into a minimal read-only root and waits. As root it maps two ids of a reserved range, so
 * nothing in a sandbox is ever the host's root. The server talks to it directly, over a socket that
 * the launcher hands out; a job costs no hop. A job is one clone3 of the slot: fresh pid, mount,
 * ipc, uts and cgroup namespaces, fresh /proc, /tmp, /dev/shm and terminals, no capability, a
 * system call filter, and then the agent, without an exec in between. It cannot reach its slot:
 * that is in another pid namespace, and none of its descriptors are left.
 *
 * Dying. The slot is init of its pid namespace: when it dies the kernel ends its jobs. The slot
 * dies with the launcher (parent death signal, and the end of its lifeline pipe), the launcher
 * with the server (SIGTERM as parent death signal, and the end of its control socket) after it has
 * removed its control groups. If it is killed first, the next launcher finds them by their name.
 *
 * fault.c words for failures          namespaces.c clone3, id maps, descriptors
 * parts.c mounts.c etc.c the root     work.c copy.c what a job may write to
 * cgroup_*.c control groups           credentials.c seccomp*.c network.c walls of a job
 * slot.c order.c zygote.c supervisor  job.c forked.c probe.c inside the job */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_reply(const struct launcher *launcher, const struct reply_header *header,
                      const char *words, const int *fds)
{
    size_t count = fds == NULL || fds[0] < 0 ? 0 : fds[1] < 0 ? 1 : SLOT_FD_COUNT;
    struct iovec parts[] = {{(void *)header, sizeof *header}, {(void *)words, strlen(words)}};
    union {
        char bytes[CMSG_SPACE(SLOT_FD_COUNT * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof *fds);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(count * sizeof *fds);
        memcpy(CMSG_DATA(rights), fds, count * sizeof *fds);
    }
    return sendmsg(launcher->control, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* Say how this host was found. */
static int greet(const struct launcher *launcher)
{
    char words[1024];
    const struct cgroup_host *cgroups = &launcher->cgroups;
    struct reply_header header = {.kind = REPLY_HELLO, .count = launcher->slot_count_max};
    bool is_unified = cgroups->version == 2;
    snprintf(words, sizeof words,
             "mode=%s\ncgroup=%d\nmemory=%d\npids=%d\ncpu=%d\ngroup=%s\nwhy=%s",
             launcher->is_root ? "root" : "user", cgroups->version,
             is_unified || cgroups->dirs[CGROUP_MEMORY] >= 0,
             is_unified || cgroups->dirs[CGROUP_PIDS] >= 0,
             is_unified || cgroups->dirs[CGROUP_CPU] >= 0, cgroups->name, cgroups->why_not);
    return send_reply(launcher, &header, words, NULL);
}

/* Do what a request asks; return what to say, or -1 after a fault. */
static int follow(struct launcher *launcher, const struct request_header *request,
                  const char *bytes, size_t size, char *words, size_t words_size, int *fds,
                  unsigned *slot)
{
    struct launched_slot *found;
    switch (request->kind) {
    case REQUEST_CREATE_SLOT:
        return launcher_slot_create(launcher, bytes, size, request, slot, fds);
    case REQUEST_DESTROY_SLOT:
        found = launcher_slot_find(launcher, request->slot);
        if (found)
            launcher_slot_end(launcher, found);
        return 0;
    case REQUEST_LIST:
        cgroup_leftovers(&launcher->cgroups, words, words_size);
        return 0;
    case REQUEST_REAP:
        return cgroup_reap(&launcher->cgroups, bytes);
    default:
        return refuse("unknown request %u", request->kind);
    }
}

/* Serve one request; false once the server is gone. */
static bool serve_request(struct launcher *launcher)
{
    static char packet[PACKET_BYTES_MAX + 1], words[16384];
    ssize_t size = recv(launcher->control, packet, PACKET_BYTES_MAX, 0);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (size <= 0)
        return false;
    struct request_header request;
    if ((size_t)size < sizeof request)
        return true;
    memcpy(&request, packet, sizeof request);
    packet[size] = '\0';
    words[0] = '\0';
    int fds[SLOT_FD_COUNT] = {-1, -1};
    unsigned slot = request.slot;
    int result = follow(launcher, &request, packet + sizeof request, (size_t)size - sizeof request,
                        words, sizeof words, fds, &slot);
    struct reply_header header = {result ? REPLY_ERROR : REPLY_OK, request.id, slot, 0};
    int sent = send_reply(launcher, &header, result ? fault_words : words, result ? NULL : fds);
    for (unsigned i = 0; !result && i < SLOT_FD_COUNT; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return !sent;
}

static void serve(struct launcher *launcher, int signals)
{
    for (;;) {
        struct pollfd fds[SLOT_COUNT_MAX + 2] = {{launcher->control, POLLIN, 0},
                                                 {signals, POLLIN, 0}};
        for (unsigned i = 0; i < launcher->slot_count_max; i++)
            fds[i + 2] =
                (struct pollfd){launcher->slots[i].pid ? launcher->slots[i].pidfd : -1, POLLIN, 0};
        if (poll(fds, launcher->slot_count_max + 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents)
            return;
        for (unsigned i = 0; i < launcher->slot_count_max; i++)
            if (fds[i + 2].revents)
                launcher_slot_ended(launcher, &launcher->slots[i]);
        if (fds[0].revents && !serve_request(launcher))
            return;
    }
}

/* End with the server, whichever way it ends; return a descriptor that says so, or -1. */
static int follow_server(pid_t server)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) || prctl(PR_SET_PDEATHSIG, SIGTERM))
        return fault("follow the server");
    if (getppid() != server)
        return refuse("the server ended");
    /* Keys typed into the server's terminal are for the server. */
    if (setsid() < 0)
        return fault("setsid");
    int fd = signalfd(-1, &signals, SFD_CLOEXEC);
    return fd < 0 ? fault("signalfd") : fd;
}

static int setup(struct launcher *launcher)
{
    char names[4096];
    launcher->is_root = geteuid() == 0;
    /* Launchers side by side use ids of their own. */
    launcher->uid_base += (uid_t)(getpid() % LAUNCHER_COUNT_MAX) * 2 * SLOT_COUNT_MAX;
    for (unsigned i = 0; i < SLOT_COUNT_MAX; i++)
        launcher->slots[i] = (struct launched_slot){.number = i, .pidfd = -1, .lifeline = -1};
    if (parts_standard(&launcher->sources, launcher->standard_parts,
                       &launcher->standard_part_count))
        return -1;
    cgroup_find(&launcher->cgroups);
    if (cgroup_leftovers(&launcher->cgroups, names, sizeof names) > 0)
        for (char *name = strtok(names, "\n"); name; name = strtok(NULL, "\n"))
            cgroup_reap(&launcher->cgroups, name);
    return 0;
}

int launcher_main(int argc, char **argv)
{
    static struct launcher launcher;
    prctl(PR_SET_NAME, "runyard-launch");
    if (launcher_options(&launcher, argc, argv)) {
        dprintf(STDERR_FILENO, "runyard-agent launcher: %s\n", fault_words);
        return 125;
    }
    int control = launcher.control;
    launcher.control = namespaces_move_fd(control);
    int signals = namespaces_reserve_fds() ? -1 : follow_server(getppid());
    if (launcher.control < 0 || signals < 0 || setup(&launcher)) {
        struct reply_header header = {.kind = REPLY_ERROR};
        send_reply(&launcher, &header, fault_words, NULL);
        return 125;
    }
    if (!greet(&launcher))
        serve(&launcher, signals);
    for (unsigned i = 0; i < launcher.slot_count_max; i++)
        if (launcher.slots[i].pid)
            launcher_slot_end(&launcher, &launcher.slots[i]);
    cgroup_close(&launcher.cgroups);
    return 0;
}
