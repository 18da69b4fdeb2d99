/* Programs that are started before anybody asked for them: WARM, and the EXEC that gets one. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct request the_request;

/* Remember what was started, to compare it with what is asked for. */
static bool remember(struct waiting *waiting, const struct request *request)
{
    struct start_line *line = &waiting->line;
    if (request->string_bytes > sizeof line->strings)
        return false;
    line->arg_count = request->arg_count;
    line->env_count = request->env_count;
    line->string_bytes = request->string_bytes;
    memcpy(line->strings, request->strings, request->string_bytes);
    memcpy(waiting->cwd, request->cwd, sizeof waiting->cwd);
    return true;
}

static bool is_same(const struct waiting *waiting, const struct request *request)
{
    return !request->program.has_terminal && !request->merge_stderr &&
           strcmp(waiting->cwd, request->cwd) == 0 && request_is_same(&waiting->line, request);
}

/* Start the program and hold it. Returns NULL, or why that was not possible. */
static const char *start(struct agent *agent, struct request *request, const char *cwd)
{
    struct waiting *waiting = &agent->waiting;
    struct program *program = &request->program;
    struct command *command = &agent->command;
    if (!remember(waiting, request))
        return "the command is too long";
    command_clear(command);
    program->cwd_fd = files_open_beneath(agent->work_fd, cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (program->cwd_fd < 0)
        return "there is no such folder";
    const char *why = "no process could be made";
    bool has_streams = command_open_streams(command, request);
    waiting->pid = -1;
    if (has_streams && forked_is_possible(agent, request))
        waiting->pid = forked_start(agent, program, &waiting->reply);
    bool is_forked = waiting->pid > 0;
    if (has_streams && !is_forked)
        waiting->pid = child_start_stopped(agent, program);
    command_close_program_fds(program);
    close(program->cwd_fd);
    waiting->input_fd = command->input.fd;
    waiting->output_fds[0] = command->outputs[0].fd;
    waiting->output_fds[1] = command->outputs[1].fd;
    if (is_forked)
        why = NULL;
    else if (waiting->pid > 0)
        why = trace_hold(agent, waiting->pid, request->limits.wall_ns, &waiting->held);
    return why;
}

/* End what waits, if anything does. */
void warm_discard(struct agent *agent)
{
    struct waiting *waiting = &agent->waiting;
    if (waiting->pid == 0)
        return;
    const int fds[] = {waiting->input_fd, waiting->output_fds[0], waiting->output_fds[1]};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    forked_close(&waiting->reply);
    waiting->pid = 0;
    waiting->held.count = 0;
    if (!reap_everything(agent))
        frame_fatal(agent, ERROR_INTERNAL, "a program that waits cannot be killed");
}

void warm_start(struct agent *agent, const struct frame *frame)
{
    struct request *request = &the_request;
    const char *why = "this platform has no time for it";
    enum error_code fault = request_parse(request, frame);
    if (fault == ERROR_MALFORMED || fault == ERROR_TOO_LARGE) {
        frame_fatal(agent, fault, "WARM is malformed or too large");
        return;
    }
    warm_discard(agent);
    if (fault == ERROR_NONE && !agent->is_batch)
        why = start(agent, request, request->cwd[0] ? request->cwd : ".");
    if (why != NULL)
        warm_discard(agent);
    frame_begin(agent, FRAME_WARMED, 0);
    frame_number(agent, 1, why == NULL);
    if (why != NULL)
        frame_bytes(agent, 2, why, strlen(why));
    frame_end(agent);
}

/* Let the waiting program go on as the one that is asked for. Returns false if there is none that
 * is the same; what waits in its place has ended then. */
bool warm_go(struct agent *agent, const struct request *request)
{
    struct waiting *waiting = &agent->waiting;
    struct command *command = &agent->command;
    if (waiting->pid == 0)
        return false;
    if (!is_same(waiting, request)) {
        warm_discard(agent);
        return false;
    }
    limits_begin(agent);
    bool is_forked = waiting->reply >= 0;
    if (is_forked ? !forked_go(&waiting->reply) : !trace_release(&waiting->held)) {
        warm_discard(agent);
        return false;
    }
    command->pid = waiting->pid;
    command->input.fd = waiting->input_fd;
    command->outputs[0].fd = waiting->output_fds[0];
    command->outputs[1].fd = waiting->output_fds[1];
    command->started = is_forked ? STARTED_FORKED : STARTED_WAITING;
    waiting->pid = 0;
    return true;
}
