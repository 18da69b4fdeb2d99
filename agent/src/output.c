/* The program's three streams. Output is read only while there is room to queue it; input waits in
 * a window until the program takes it. */
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define END_OF_TRANSMISSION 4 /* Ctrl-D: the end of input on a terminal in canonical mode */

void output_close(struct output *output)
{
    if (output->fd >= 0)
        close(output->fd);
    output->fd = -1;
}

/* Read once. Needs room for one frame in the queue. */
void output_read(struct agent *agent, struct output *output)
{
    uint64_t left = agent->command.limits.output_bytes - output->count;
    size_t want = left < FRAME_DATA_BYTES_MAX ? (size_t)left + 1 : FRAME_DATA_BYTES_MAX;
    ssize_t got = read(output->fd, frame_data(agent), want);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        /* A terminal ends with EIO. */
        output_close(output);
        return;
    }
    size_t kept = (uint64_t)got > left ? (size_t)left : (size_t)got;
    if (kept > 0)
        frame_data_end(agent, output->type, 0, kept);
    output->count += kept;
    if (kept < (size_t)got) {
        output->is_truncated = true;
        /* In this order: the program is killed, and never hears of a pipe that nobody reads. */
        command_end(agent, HIT_OUTPUT);
        output_close(output);
    }
}

void input_close(struct input *input)
{
    if (input->fd >= 0)
        close(input->fd);
    input->fd = -1;
}

void input_add(struct agent *agent, const uint8_t *data, size_t size)
{
    struct input *input = &agent->command.input;
    if (agent->command.state != COMMAND_RUNNING || input->is_ending || size == 0)
        return;
    input->received += size;
    if (input->received - input->taken > STDIN_WINDOW_BYTES && !agent->is_batch) {
        frame_fatal(agent, ERROR_MALFORMED, "more stdin than the window allows");
        return;
    }
    if (input->fd < 0) {
        input->taken += size;
        return;
    }
    if (input->end + size > STDIN_WINDOW_BYTES) {
        input->end -= input->start;
        memmove(agent->stdin_bytes, agent->stdin_bytes + input->start, input->end);
        input->start = 0;
    }
    memcpy(agent->stdin_bytes + input->end, data, size);
    input->end += size;
    input_push(agent);
}

void input_end(struct agent *agent)
{
    agent->command.input.is_ending = true;
    if (agent->command.state == COMMAND_RUNNING)
        input_push(agent);
}

static void finish(struct agent *agent)
{
    struct input *input = &agent->command.input;
    /* On an unfinished line the first one only hands over the line. */
    const uint8_t ends[2] = {END_OF_TRANSMISSION, END_OF_TRANSMISSION};
    if (agent->command.has_terminal) {
        size_t count = input->taken > 0 && input->last != '\n' ? 2 : 1;
        if (write(input->fd, ends, count) < 0 && errno == EAGAIN)
            return;
    }
    input_close(input);
}

/* Write what the program takes now, and tell the server from time to time. */
void input_push(struct agent *agent)
{
    struct input *input = &agent->command.input;
    while (input->fd >= 0 && input->start < input->end) {
        ssize_t put =
            write(input->fd, agent->stdin_bytes + input->start, input->end - input->start);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            break;
        if (put < 0) {
            input_close(input);
            break;
        }
        input->start += (size_t)put;
        input->taken += (uint64_t)put;
        input->last = agent->stdin_bytes[input->start - 1];
    }
    if (input->fd < 0) {
        input->taken = input->received;
        input->start = input->end;
    }
    if (input->start == input->end) {
        input->start = input->end = 0;
        if (input->fd >= 0 && input->is_ending)
            finish(agent);
    }
    if (input->taken - input->told >= STDIN_WINDOW_BYTES / 4 &&
        frame_space(agent) > OUT_UNIT_BYTES) {
        input->told = input->taken;
        frame_begin(agent, FRAME_STDIN_TAKEN, 0);
        frame_number(agent, 1, input->taken);
        frame_end(agent);
    }
}

/* Fill in what the loop waits for: stdin, stdout, stderr, OOM. */
unsigned output_poll(struct agent *agent, struct pollfd *fds)
{
    struct command *command = &agent->command;
    struct meter *meter = &agent->meter;
    if (command->state == COMMAND_NONE)
        return 0;
    bool has_room = frame_space(agent) > 2 * OUT_UNIT_BYTES;
    bool is_running = command->state == COMMAND_RUNNING;
    bool has_input = command->input.start < command->input.end || command->input.is_ending;
    fds[0] = (struct pollfd){.fd = has_input ? command->input.fd : -1, .events = POLLOUT};
    for (int i = 0; i < 2; i++)
        fds[1 + i] =
            (struct pollfd){.fd = has_room ? command->outputs[i].fd : -1, .events = POLLIN};
    fds[3] = (struct pollfd){.fd = is_running ? meter->oom_event_fd : -1, .events = POLLIN};
    fds[4] = (struct pollfd){.fd = is_running && meter->v2 ? meter->memory_events_fd : -1,
                             .events = POLLPRI};
    return 5;
}

/* Read what is ready. Stdin is pushed by the next command_advance. */
void output_polled(struct agent *agent, const struct pollfd *fds, unsigned count)
{
    struct command *command = &agent->command;
    if (count == 0)
        return;
    for (int i = 0; i < 2; i++) {
        if (fds[1 + i].fd >= 0 && fds[1 + i].revents != 0 && command->outputs[i].fd >= 0)
            output_read(agent, &command->outputs[i]);
    }
    if (command->state == COMMAND_RUNNING &&
        ((fds[3].fd >= 0 && fds[3].revents != 0) || (fds[4].fd >= 0 && fds[4].revents != 0)))
        limits_oom_event(agent);
}
