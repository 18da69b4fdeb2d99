/* Bytes to frames and back.
 *
 * What comes in is checked completely before anything is done with it: a bad frame is answered by
 * a fatal ERROR. What goes out is collected in one buffer and written once per turn of the loop.
 */
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define FIELD_HEADER_BYTES 6u
#define FIELD_OPTIONAL_TAG 0x8000u

static void store(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t load(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* Read what there is. Returns false once the stream has ended. */
bool frame_fill(struct agent *agent)
{
    if (agent->in_start == agent->in_end) {
        agent->in_start = agent->in_end = 0;
    } else if (agent->in_start > 0 && agent->in_end > IN_BYTES / 2) {
        agent->in_end -= agent->in_start;
        memmove(agent->in, agent->in + agent->in_start, agent->in_end);
        agent->in_start = 0;
    }
    ssize_t got = read(agent->in_fd, agent->in + agent->in_end, IN_BYTES - agent->in_end);
    if (got > 0)
        agent->in_end += (size_t)got;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    return got > 0;
}

/* Look at the next complete frame. */
bool frame_peek(struct agent *agent, struct frame *frame)
{
    const uint8_t *head = agent->in + agent->in_start;
    size_t have = agent->in_end - agent->in_start;
    if (agent->is_closing || have < FRAME_HEADER_BYTES)
        return false;
    frame->size = (size_t)load(head, 4);
    frame->type = head[4];
    frame->flags = head[5];
    frame->payload = head + FRAME_HEADER_BYTES;
    if (frame->size > FRAME_PAYLOAD_BYTES_MAX) {
        frame_fatal(agent, ERROR_TOO_LARGE, "a frame has more than 1048576 bytes");
        return false;
    }
    if (load(head + 6, 2) != 0 || (frame->flags & ~FRAME_FLAG_MORE) != 0 ||
        (frame->flags != 0 && frame->type != FRAME_PUT_FILE && frame->type != FRAME_PUT_CHUNK)) {
        frame_fatal(agent, ERROR_MALFORMED, "a frame has unknown flags or reserved bits");
        return false;
    }
    return have >= FRAME_HEADER_BYTES + frame->size;
}

void frame_drop(struct agent *agent, const struct frame *frame)
{
    agent->in_start += FRAME_HEADER_BYTES + frame->size;
}

struct field_cursor field_first(const struct frame *frame)
{
    return (struct field_cursor){.next = frame->payload, .end = frame->payload + frame->size};
}

bool field_next(struct field_cursor *cursor, struct field *field)
{
    size_t left = (size_t)(cursor->end - cursor->next);
    if (left == 0 || cursor->is_bad)
        return false;
    if (left >= FIELD_HEADER_BYTES) {
        field->tag = (uint16_t)load(cursor->next, 2);
        field->size = (size_t)load(cursor->next + 2, 4);
        field->value = cursor->next + FIELD_HEADER_BYTES;
        if (field->size <= left - FIELD_HEADER_BYTES) {
            cursor->next = field->value + field->size;
            return true;
        }
    }
    cursor->is_bad = true;
    return false;
}

bool field_number(struct field_cursor *cursor, const struct field *field, uint64_t *number)
{
    if (field->size != 8) {
        cursor->is_bad = true;
        return false;
    }
    *number = load(field->value, 8);
    return true;
}

/* Copy a text and end it with NUL. One that is longer than `size` is cut there and thereby
 * refused by whoever checks its length against a smaller bound. */
bool field_text(struct field_cursor *cursor, const struct field *field, char *text, size_t size)
{
    size_t count = field->size < size ? field->size : size - 1;
    if (memchr(field->value, 0, field->size) != NULL) {
        cursor->is_bad = true;
        return false;
    }
    memcpy(text, field->value, count);
    text[count] = 0;
    return true;
}

void field_unknown(struct field_cursor *cursor, const struct field *field)
{
    if (field->tag < FIELD_OPTIONAL_TAG)
        cursor->is_bad = true;
}

static void make_space(struct agent *agent, size_t size)
{
    if (OUT_BYTES - agent->out_end >= size)
        return;
    if (agent->out_end - agent->out_start > OUT_BYTES - size)
        frame_flush_all(agent);
    agent->out_end -= agent->out_start;
    memmove(agent->out, agent->out + agent->out_start, agent->out_end);
    agent->out_start = 0;
}

/* How many bytes can be queued without waiting for the server. */
size_t frame_space(const struct agent *agent)
{
    return OUT_BYTES - (agent->out_end - agent->out_start);
}

/* Return where the content of a data frame may be put, FRAME_DATA_BYTES_MAX at most. */
uint8_t *frame_data(struct agent *agent)
{
    make_space(agent, OUT_UNIT_BYTES);
    return agent->out + agent->out_end + FRAME_HEADER_BYTES;
}

/* Queue the data frame whose content was put there. */
void frame_data_end(struct agent *agent, enum frame_type type, uint8_t flags, size_t size)
{
    uint8_t *head = agent->out + agent->out_end;
    store(head, size, 4);
    head[4] = (uint8_t)type;
    head[5] = flags;
    store(head + 6, 0, 2);
    agent->out_end += FRAME_HEADER_BYTES + size;
}

/* Begin a frame of fields, which together have less than FRAME_DATA_BYTES_MAX bytes. */
void frame_begin(struct agent *agent, enum frame_type type, uint8_t flags)
{
    make_space(agent, OUT_UNIT_BYTES);
    agent->frame_start = agent->out_end;
    frame_data_end(agent, type, flags, 0);
}

void frame_number(struct agent *agent, uint16_t tag, uint64_t number)
{
    uint8_t value[8];
    store(value, number, 8);
    frame_bytes(agent, tag, value, sizeof value);
}

void frame_bytes(struct agent *agent, uint16_t tag, const void *value, size_t size)
{
    uint8_t *at = agent->out + agent->out_end;
    store(at, tag, 2);
    store(at + 2, size, 4);
    memcpy(at + FIELD_HEADER_BYTES, value, size);
    agent->out_end += FIELD_HEADER_BYTES + size;
}

void frame_end(struct agent *agent)
{
    size_t size = agent->out_end - agent->frame_start - FRAME_HEADER_BYTES;
    store(agent->out + agent->frame_start, size, 4);
}

/* Write what the stream takes now. */
void frame_flush(struct agent *agent)
{
    if (agent->is_batch) {
        batch_flush(agent);
        return;
    }
    while (agent->out_start < agent->out_end && !agent->is_gone) {
        ssize_t put =
            write(agent->out_fd, agent->out + agent->out_start, agent->out_end - agent->out_start);
        if (put > 0)
            agent->out_start += (size_t)put;
        else if (put < 0 && errno == EAGAIN)
            return;
        else if (put == 0 || errno != EINTR)
            agent->is_gone = true;
    }
    agent->out_start = agent->out_end = 0;
}

/* Write everything, however long the server takes to read it. */
void frame_flush_all(struct agent *agent)
{
    frame_flush(agent);
    while (agent->out_start < agent->out_end) {
        struct pollfd writable = {.fd = agent->out_fd, .events = POLLOUT};
        if (poll(&writable, 1, -1) < 0 && errno != EINTR)
            agent->is_gone = true;
        frame_flush(agent);
    }
}

static void send_error(struct agent *agent, enum error_code code, const char *message, bool fatal)
{
    frame_begin(agent, FRAME_ERROR, 0);
    frame_number(agent, 1, code);
    frame_bytes(agent, 2, message, strlen(message));
    frame_number(agent, 3, fatal);
    frame_end(agent);
}

void frame_error(struct agent *agent, enum error_code code, const char *message)
{
    send_error(agent, code, message, false);
}

/* Let the loop end the stream. The first reason is the one that counts; it is sent when nothing
 * runs any more, because sending may wait for a server that does not read. */
void frame_fatal(struct agent *agent, enum error_code code, const char *message)
{
    if (agent->is_closing)
        return;
    agent->is_closing = true;
    agent->fatal = code;
    agent->fatal_message = message;
}

void frame_farewell(struct agent *agent)
{
    if (agent->fatal != ERROR_NONE)
        send_error(agent, agent->fatal, agent->fatal_message, true);
    frame_flush_all(agent);
}
