/* One program, from EXEC to EXITED. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_FOUND 127u
#define EXIT_NOT_STARTED 126u
#define DRAIN_IDLE_NS (200 * NS_PER_MS)

static struct request the_request;

/* Make a pipe of which our end does not block. `ours` is 0 to read and 1 to write. */
static bool open_pipe(int *our_fd, int *program_fd, int ours)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    *our_fd = ends[ours];
    *program_fd = ends[!ours];
    return fcntl(*our_fd, F_SETFL, (ours ? O_WRONLY : O_RDONLY) | O_NONBLOCK) == 0;
}

bool command_open_streams(struct command *command, struct request *request)
{
    int *fds = request->program.fds;
    if (request->program.has_terminal) {
        if (!terminal_open(request->rows, request->columns, &command->outputs[0].fd, &fds[0]))
            return false;
        command->input.fd = fcntl(command->outputs[0].fd, F_DUPFD_CLOEXEC, 3);
        fds[1] = fds[2] = fds[0];
        return command->input.fd >= 0;
    }
    if (!open_pipe(&command->input.fd, &fds[0], 1) ||
        !open_pipe(&command->outputs[0].fd, &fds[1], 0))
        return false;
    fds[2] = fds[1];
    return request->merge_stderr || open_pipe(&command->outputs[1].fd, &fds[2], 0);
}

void command_close_program_fds(struct program *program)
{
    for (int i = 0; i < 3; i++) {
        bool is_shared = i > 0 && program->fds[i] == program->fds[i - 1];
        if (program->fds[i] >= 0 && !is_shared)
            close(program->fds[i]);
    }
}

static void close_streams(struct command *command)
{
    input_close(&command->input);
    output_close(&command->outputs[0]);
    output_close(&command->outputs[1]);
}

static void report(struct agent *agent, const char *message)
{
    struct command *command = &agent->command;
    frame_begin(agent, FRAME_EXITED, 0);
    if (WIFSIGNALED(command->status))
        frame_number(agent, 2, (uint64_t)WTERMSIG(command->status));
    else
        frame_number(agent, 1, (uint64_t)WEXITSTATUS(command->status));
    if (command->hit != HIT_NONE)
        frame_number(agent, 3, command->hit);
    frame_number(agent, 4, command->wall_ns);
    frame_number(agent, 5, command->cpu_ns);
    if (command->memory_peak_bytes > 0)
        frame_number(agent, 6, command->memory_peak_bytes);
    frame_number(agent, 7, command->outputs[0].count);
    frame_number(agent, 8, command->outputs[1].count);
    frame_number(agent, 9,
                 (uint64_t)command->outputs[0].is_truncated |
                     (uint64_t)command->outputs[1].is_truncated << 1);
    if (message != NULL)
        frame_bytes(agent, 10, message, strlen(message));
    if (command->started != STARTED_COLD)
        frame_number(agent, 11, command->started);
    frame_end(agent);
}

static void report_not_started(struct agent *agent, const char *what, const char *name, int reason)
{
    char message[256];
    unsigned code = reason == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED;
    snprintf(message, sizeof message, "cannot %s '%.100s': %s", what, name,
             reason == ENOEXEC ? "it is neither a program nor a script with #!" : strerror(reason));
    agent->command.status = (int)code << 8;
    report(agent, message);
}

static void run(struct agent *agent, const struct request *request)
{
    agent->command.state = COMMAND_RUNNING;
    input_add(agent, request->input, request->input_size);
    if (!request->keep_stdin_open)
        input_end(agent);
}

static void begin(struct agent *agent, struct request *request)
{
    struct command *command = &agent->command;
    struct program *program = &request->program;
    int reply = -1;
    limits_begin(agent);
    command->pid = forked_is_possible(agent, request) ? forked_start(agent, program, &reply) : -1;
    command->started = command->pid > 0 && forked_go(&reply) ? STARTED_FORKED : STARTED_COLD;
    if (command->started == STARTED_COLD)
        command->pid = child_start(agent, program);
    command_close_program_fds(program);
    if (command->pid < 0) {
        close_streams(command);
        frame_fatal(agent, ERROR_INTERNAL, "no process could be made");
        return;
    }
    if (program->error != 0 && command->started == STARTED_COLD) {
        close_streams(command);
        while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        report_not_started(agent, "start", program->argv[0], program->error);
        return;
    }
    run(agent, request);
}

/* Forget the last program: all but `limits` and `has_terminal` are as the next one needs them. */
void command_clear(struct command *command)
{
    memset(command, 0, sizeof *command);
    command->input.fd = command->outputs[0].fd = command->outputs[1].fd = -1;
    command->outputs[0].type = FRAME_STDOUT;
    command->outputs[1].type = FRAME_STDERR;
}

void command_exec(struct agent *agent, const struct frame *frame)
{
    struct request *request = &the_request;
    struct command *command = &agent->command;
    struct failure *failure = &agent->upload.failure;
    enum error_code fault = request_parse(request, frame);
    if (fault == ERROR_MALFORMED || fault == ERROR_TOO_LARGE) {
        frame_fatal(agent, fault, "EXEC is malformed or too large");
        return;
    }
    if (fault == ERROR_BAD_PATH || failure->code != ERROR_NONE) {
        fault = failure->code != ERROR_NONE ? failure->code : fault;
        frame_error(agent, fault, failure->code ? failure->message : "the folder is refused");
        failure->code = ERROR_NONE;
        agent->upload.is_spoilt = false;
        return;
    }
    gate_wait(agent->gate);
    command_clear(command);
    command->limits = request->limits;
    command->has_terminal = request->program.has_terminal;
    if (warm_go(agent, request)) {
        run(agent, request);
        return;
    }
    const char *cwd = request->cwd[0] ? request->cwd : ".";
    request->program.cwd_fd =
        files_open_beneath(agent->work_fd, cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (request->program.cwd_fd < 0) {
        report_not_started(agent, "enter", cwd, errno == ENOENT ? ENOTDIR : errno);
    } else if (!command_open_streams(command, request)) {
        close_streams(command);
        command_close_program_fds(&request->program);
        frame_fatal(agent, ERROR_INTERNAL, "no pipe or terminal could be made");
    } else {
        begin(agent, request);
    }
    if (request->program.cwd_fd >= 0)
        close(request->program.cwd_fd);
}

/* End the step: nothing of it is alive after this, what it wrote can still be read. */
void command_end(struct agent *agent, enum limit_hit hit)
{
    struct command *command = &agent->command;
    if (command->hit == HIT_NONE)
        command->hit = hit;
    if (command->state != COMMAND_RUNNING)
        return;
    uint64_t now = serve_now();
    command->state = COMMAND_DRAINING;
    command->wall_ns = now - command->limits.started_ns;
    command->drain_until = now + DRAIN_IDLE_NS;
    input_close(&command->input);
    if (!reap_everything(agent))
        frame_fatal(agent, ERROR_INTERNAL, "a process of the step cannot be killed");
    /* It ended by itself in the moment its time was up. */
    if (command->hit == HIT_WALL && command->is_reaped && WIFEXITED(command->status))
        command->hit = HIT_NONE;
    limits_finish(agent);
}

void command_kill(struct agent *agent)
{
    if (agent->command.state == COMMAND_RUNNING)
        command_end(agent, HIT_NONE);
}

void command_signal(struct agent *agent, const struct frame *frame)
{
    struct command *command = &agent->command;
    struct field_cursor cursor = field_first(frame);
    struct field field;
    uint64_t number = 0;
    while (field_next(&cursor, &field)) {
        if (field.tag == 1)
            field_number(&cursor, &field, &number);
        else
            field_unknown(&cursor, &field);
    }
    if (cursor.is_bad || number < 1 || number > 64) {
        frame_fatal(agent, ERROR_MALFORMED, "SIGNAL is malformed");
        return;
    }
    if (command->state != COMMAND_RUNNING)
        return;
    pid_t group = command->has_terminal && command->outputs[0].fd >= 0
                      ? terminal_foreground(command->outputs[0].fd)
                      : 0;
    /* The group may have just ended; then there is nobody to tell. */
    if (kill(group > 1 ? -group : -command->pid, (int)number) < 0 && errno != ESRCH)
        serve_note("signal %d: %s", (int)number, strerror(errno));
}

void command_resize(struct agent *agent, const struct frame *frame)
{
    struct command *command = &agent->command;
    struct field_cursor cursor = field_first(frame);
    struct field field;
    uint64_t rows = 0, columns = 0;
    while (field_next(&cursor, &field)) {
        if (field.tag == 1)
            field_number(&cursor, &field, &rows);
        else if (field.tag == 2)
            field_number(&cursor, &field, &columns);
        else
            field_unknown(&cursor, &field);
    }
    if (cursor.is_bad || rows < 1 || rows > SIDE_MAX || columns < 1 || columns > SIDE_MAX)
        frame_fatal(agent, ERROR_MALFORMED, "RESIZE is malformed");
    else if (command->state == COMMAND_RUNNING && command->has_terminal &&
             command->outputs[0].fd >= 0)
        terminal_resize(command->outputs[0].fd, rows, columns);
}

static void drain(struct agent *agent)
{
    struct command *command = &agent->command;
    for (int i = 0; i < 2; i++) {
        struct output *output = &command->outputs[i];
        uint64_t before = UINT64_MAX;
        while (output->fd >= 0 && output->count != before && frame_space(agent) > OUT_UNIT_BYTES) {
            before = output->count;
            output_read(agent, output);
            if (output->count != before)
                command->drain_until = serve_now() + DRAIN_IDLE_NS;
        }
    }
    bool has_room = frame_space(agent) > OUT_UNIT_BYTES;
    if (!has_room) {
        command->drain_until = serve_now() + DRAIN_IDLE_NS;
    } else if (serve_now() >= command->drain_until) {
        /* Somebody outside the step holds the other end; what they write is not the step's. */
        output_close(&command->outputs[0]);
        output_close(&command->outputs[1]);
    }
    if (has_room && command->outputs[0].fd < 0 && command->outputs[1].fd < 0) {
        command->state = COMMAND_NONE;
        report(agent, NULL);
    }
}

/* Do what became due since the last turn of the loop. */
void command_advance(struct agent *agent)
{
    struct command *command = &agent->command;
    if (command->state == COMMAND_RUNNING) {
        input_push(agent);
        enum limit_hit hit = command->is_reaped ? HIT_NONE : limits_check(agent, serve_now());
        if (hit != HIT_NONE || command->is_reaped)
            command_end(agent, hit);
    }
    if (command->state == COMMAND_DRAINING)
        drain(agent);
}
