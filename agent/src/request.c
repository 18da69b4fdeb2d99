/* What EXEC and WARM ask for. */
#include "agent.h"

#include <string.h>

static void add_string(struct request *request, struct field_cursor *cursor,
                       const struct field *field, char **list, unsigned *count)
{
    char *text = request->strings + request->string_bytes;
    if (*count == STRING_COUNT_MAX) {
        request->has_too_many = true;
        return;
    }
    /* A field's header is longer than the NUL, so all strings of a payload fit. */
    if (!field_text(cursor, field, text, field->size + 1))
        return;
    request->string_bytes += field->size + 1;
    list[(*count)++] = text;
}

static void parse_field(struct request *request, struct field_cursor *cursor,
                        const struct field *field)
{
    uint64_t *const numbers[] = {
        [4] = &request->limits.wall_ns,
        [5] = &request->limits.cpu_ns,
        [6] = &request->limits.memory_bytes,
        [7] = &request->limits.output_bytes,
        [9] = &request->keep_stdin_open,
        [10] = &request->rows,
        [11] = &request->columns,
        [12] = &request->merge_stderr,
    };
    if (field->tag == 1) {
        add_string(request, cursor, field, request->argv, &request->arg_count);
    } else if (field->tag == 2) {
        add_string(request, cursor, field, request->envp, &request->env_count);
    } else if (field->tag == 3) {
        field_text(cursor, field, request->cwd, sizeof request->cwd);
    } else if (field->tag == 8) {
        request->input = field->value;
        request->input_size = field->size;
    } else if (field->tag < sizeof numbers / sizeof *numbers && numbers[field->tag] != NULL) {
        field_number(cursor, field, numbers[field->tag]);
    } else {
        field_unknown(cursor, field);
    }
}

/* Return where programs without a slash in their name are looked for. */
const char *request_search(char *const *envp)
{
    for (; *envp != NULL; envp++) {
        if (strncmp(*envp, "PATH=", 5) == 0)
            return *envp + 5;
    }
    return "/usr/local/bin:/usr/bin:/bin";
}

/* Read EXEC or WARM. Returns ERROR_NONE if it makes sense. */
enum error_code request_parse(struct request *request, const struct frame *frame)
{
    memset(request, 0, offsetof(struct request, argv));
    request->limits.output_bytes = UINT64_MAX;
    struct field_cursor cursor = field_first(frame);
    struct field field;
    while (field_next(&cursor, &field))
        parse_field(request, &cursor, &field);
    request->argv[request->arg_count] = request->envp[request->env_count] = NULL;
    if (request->has_too_many)
        return ERROR_TOO_LARGE;
    const uint64_t century = 100ull * 366 * 24 * 3600 * NS_PER_SECOND;
    if (cursor.is_bad || request->arg_count == 0 || request->limits.wall_ns == 0 ||
        request->limits.cpu_ns == 0 || request->limits.output_bytes == UINT64_MAX ||
        request->limits.wall_ns > century || request->limits.cpu_ns > century ||
        request->input_size > STDIN_WINDOW_BYTES || request->keep_stdin_open > 1 ||
        request->merge_stderr > 1 || request->rows > SIDE_MAX || request->columns > SIDE_MAX ||
        (request->rows == 0) != (request->columns == 0))
        return ERROR_MALFORMED;
    if (request->cwd[0] != 0 && !files_check_path(request->cwd, strlen(request->cwd)))
        return ERROR_BAD_PATH;
    request->program.argv = request->argv;
    request->program.envp = request->envp;
    request->program.search = request_search(request->envp);
    request->program.has_terminal = request->rows > 0;
    memset(request->program.fds, 0xff, sizeof request->program.fds);
    return ERROR_NONE;
}

/* Whether the words are the same and in the same order. */
bool request_is_same(const struct start_line *line, const struct request *request)
{
    return line->arg_count == request->arg_count && line->env_count == request->env_count &&
           line->string_bytes == request->string_bytes &&
           memcmp(line->strings, request->strings, request->string_bytes) == 0;
}
