/* The loop: wait for the server, the program or a limit, and pass each on to whom it concerns. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXIT_ENVIRONMENT 125
#define CLOSE_ON_EXEC 4u /* CLOSE_RANGE_CLOEXEC */

static struct agent the_agent;

uint64_t serve_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        return 0;
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* Tell the operator something on stderr, which is never part of the protocol. */
void serve_note(const char *format, ...)
{
    char line[512];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(line, sizeof line - 1, format, values);
    va_end(values);
    if (size < 0)
        return;
    if ((size_t)size > sizeof line - 2)
        size = (int)sizeof line - 2;
    line[size] = '\n';
    /* There is nobody to tell if telling fails. */
    if (write(STDERR_FILENO, line, (size_t)size + 1) < 0)
        return;
}

/* Descriptors 0-2 must be taken: a pipe to a program that landed there would be overwritten. */
static bool setup_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    }
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_ON_EXEC) == 0)
        return true;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return false;
    int count = files.rlim_cur < 65536 ? (int)files.rlim_cur : 65536;
    for (int fd = 3; fd < count; fd++) {
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 && errno != EBADF)
            return false;
    }
    return true;
}

static bool setup_stream(struct agent *agent)
{
    if (agent->is_batch)
        return true;
    int in_flags = fcntl(agent->in_fd, F_GETFL), out_flags = fcntl(agent->out_fd, F_GETFL);
    return in_flags >= 0 && out_flags >= 0 &&
           fcntl(agent->in_fd, F_SETFL, in_flags | O_NONBLOCK) == 0 &&
           fcntl(agent->out_fd, F_SETFL, out_flags | O_NONBLOCK) == 0;
}

static void on_child(int number)
{
    (void)number; /* It only has to interrupt the wait. */
}

/* Programs inherit ignored signals, so none may be ignored here; all are blocked instead. */
static bool setup_signals(struct agent *agent)
{
    struct sigaction child = {.sa_handler = on_child};
    sigset_t all;
    if (!child_reset_signals())
        return false;
    sigfillset(&all);
    sigfillset(&agent->wait_mask);
    sigdelset(&agent->wait_mask, SIGCHLD);
    return sigaction(SIGCHLD, &child, NULL) == 0 && sigprocmask(SIG_SETMASK, &all, NULL) == 0;
}

/* A process that is not dumpable cannot open its own oom_score_adj, so that comes first. Without
 * it the OOM killer may choose the agent, which the platform then reports. */
static bool setup_secrecy(struct agent *agent)
{
    agent->oom_score_fd = -1;
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0)
        agent->oom_score_fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    if (agent->oom_score_fd >= 0 &&
        pread(agent->oom_score_fd, agent->oom_score, sizeof agent->oom_score - 1, 0) < 1) {
        close(agent->oom_score_fd);
        agent->oom_score_fd = -1;
    }
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static bool setup_work(struct agent *agent, const char *work_dir)
{
    agent->work_fd = open(work_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return agent->work_fd >= 0;
}

static void greet(struct agent *agent, const struct frame *frame)
{
    uint64_t version_min = 0, version_max = 0;
    struct field_cursor cursor = field_first(frame);
    struct field field;
    while (field_next(&cursor, &field)) {
        if (field.tag == 1)
            field_number(&cursor, &field, &version_min);
        else if (field.tag == 2)
            field_number(&cursor, &field, &version_max);
        else
            field_unknown(&cursor, &field);
    }
    if (cursor.is_bad || version_min < 1 || version_max < version_min) {
        frame_fatal(agent, ERROR_MALFORMED, "HELLO is malformed");
    } else if (version_min > PROTOCOL_VERSION || version_max < PROTOCOL_VERSION) {
        frame_fatal(agent, ERROR_VERSION, "this agent speaks version 1 only");
    } else {
        agent->has_greeted = true;
        frame_begin(agent, FRAME_HELLO_REPLY, 0);
        frame_number(agent, 1, PROTOCOL_VERSION);
        frame_bytes(agent, 2, AGENT_RELEASE, strlen(AGENT_RELEASE));
        frame_number(agent, 3, agent->is_init);
        frame_number(agent, 4, agent->meter.cpu_fd >= 0);
        frame_end(agent);
    }
}

/* Say what is wrong with a frame at this moment, or NULL. */
static const char *find_fault(const struct agent *agent, const struct frame *frame)
{
    if (frame->type < FRAME_HELLO || frame->type > FRAME_WARM)
        return "a frame has an unknown type";
    if (agent->has_greeted != (frame->type != FRAME_HELLO))
        return "HELLO must come first and once";
    if (agent->upload.is_open != (frame->type == FRAME_PUT_CHUNK))
        return "a chunk has no file, or a file is not complete";
    if (frame->size > 0 && (frame->type == FRAME_PUT_DONE || frame->type == FRAME_STDIN_EOF ||
                            frame->type == FRAME_KILL))
        return "a frame that must be empty is not";
    return NULL;
}

static bool must_wait(const struct agent *agent, const struct frame *frame)
{
    const struct command *command = &agent->command;
    if (command->state == COMMAND_NONE)
        return false;
    if (frame->type < FRAME_STDIN || frame->type > FRAME_KILL)
        return true;
    return frame->type == FRAME_STDIN && agent->is_batch && command->state == COMMAND_RUNNING &&
           command->input.received - command->input.taken + frame->size > STDIN_WINDOW_BYTES;
}

static void serve_frame(struct agent *agent, const struct frame *frame)
{
    const char *fault = find_fault(agent, frame);
    if (fault != NULL) {
        frame_fatal(agent, ERROR_MALFORMED, fault);
        return;
    }
    switch ((enum frame_type)frame->type) {
    case FRAME_HELLO:
        greet(agent, frame);
        break;
    case FRAME_PUT_FILE:
        files_put(agent, frame);
        break;
    case FRAME_PUT_CHUNK:
        files_put_chunk(agent, frame);
        break;
    case FRAME_PUT_DONE:
        files_put_done(agent);
        break;
    case FRAME_EXEC:
        command_exec(agent, frame);
        break;
    case FRAME_STDIN:
        input_add(agent, frame->payload, frame->size);
        break;
    case FRAME_STDIN_EOF:
        input_end(agent);
        break;
    case FRAME_RESIZE:
        command_resize(agent, frame);
        break;
    case FRAME_SIGNAL:
        command_signal(agent, frame);
        break;
    case FRAME_KILL:
        command_kill(agent);
        break;
    case FRAME_GET_FILES:
        collect_files(agent, frame);
        break;
    case FRAME_WARM:
        warm_start(agent, frame);
        break;
    default:
        break;
    }
}

static void serve_frames(struct agent *agent)
{
    struct frame frame;
    agent->is_waiting = false;
    while (frame_peek(agent, &frame)) {
        agent->is_waiting = must_wait(agent, &frame);
        if (agent->is_waiting)
            return;
        serve_frame(agent, &frame);
        frame_drop(agent, &frame);
    }
}

static uint64_t wake_at(const struct agent *agent)
{
    switch (agent->command.state) {
    case COMMAND_RUNNING:
        return limits_wake_at(agent);
    case COMMAND_DRAINING:
        return agent->command.drain_until;
    case COMMAND_NONE:
        break;
    }
    return UINT64_MAX;
}

static void hear(struct agent *agent, const struct pollfd *in)
{
    if (in->revents == 0)
        return;
    if ((in->events & POLLIN) == 0) {
        /* The server hung up while its next request was waiting for the program to end. */
        agent->in_ended = agent->is_gone = true;
    } else if (!frame_fill(agent)) {
        agent->in_ended = true;
    }
}

static void serve_wait(struct agent *agent)
{
    struct pollfd fds[2 + POLL_COUNT_MAX] = {
        {.fd = agent->in_fd, .events = agent->is_waiting ? 0 : POLLIN},
        {.fd = agent->out_start < agent->out_end ? agent->out_fd : -1, .events = POLLOUT},
    };
    if (agent->in_ended || (agent->is_waiting && agent->is_batch))
        fds[0].fd = -1;
    unsigned count = output_poll(agent, fds + 2);
    uint64_t wake = wake_at(agent), now = wake == UINT64_MAX ? 0 : serve_now();
    uint64_t left = wake > now ? wake - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / NS_PER_SECOND),
                               .tv_nsec = (long)(left % NS_PER_SECOND)};
    int ready = ppoll(fds, 2 + count, wake == UINT64_MAX ? NULL : &timeout, &agent->wait_mask);
    if (ready < 0 && errno != EINTR)
        frame_fatal(agent, ERROR_INTERNAL, "waiting failed");
    /* SIGCHLD is not delivered by a wait that found a ready descriptor, hence every time. */
    if (agent->command.state == COMMAND_RUNNING)
        reap_ended(agent);
    if (ready > 0) {
        hear(agent, &fds[0]);
        output_polled(agent, fds + 2, count);
    }
}

static bool has_ended(const struct agent *agent)
{
    if (agent->is_closing || agent->is_gone)
        return true;
    if (!agent->in_ended)
        return false;
    return !agent->is_batch || (agent->command.state == COMMAND_NONE && !agent->is_waiting);
}

int serve_run(const struct agent_config *config, bool is_batch)
{
    struct agent *agent = &the_agent;
    agent->in_fd = config->in_fd;
    agent->out_fd = config->out_fd;
    agent->meter = config->meter;
    agent->zygote = config->zygote;
    agent->gate = config->gate;
    agent->waiting.reply = -1;
    agent->is_batch = is_batch;
    agent->is_init = getpid() == 1;
    agent->upload.fd = -1;
    if (!setup_descriptors() || !setup_stream(agent) || !setup_signals(agent) ||
        !setup_secrecy(agent) || !setup_work(agent, config->work_dir)) {
        serve_note("runyard-agent cannot start: %s", strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    reap_setup(agent);
    while (!has_ended(agent)) {
        serve_wait(agent);
        do {
            serve_frames(agent);
            command_advance(agent);
        } while (agent->is_waiting && agent->command.state == COMMAND_NONE);
        frame_flush(agent);
    }
    if (!reap_everything(agent))
        serve_note("runyard-agent leaves processes that cannot be killed");
    files_close(agent);
    frame_farewell(agent);
    return agent->fatal == ERROR_NONE ? 0 : 1;
}

int agent_serve(const struct agent_config *config)
{
    return serve_run(config, false);
}
