/* The frame reader and everything behind it that starts no program, fed with arbitrary bytes.
 *
 * Linked with libFuzzer (clang -fsanitize=fuzzer,address) or, with FUZZ_MAIN, run over files that
 * are named on the command line; `-` reads many inputs from stdin, each as u32 length and bytes. */
#define _GNU_SOURCE
#include "agent.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct agent the_agent;

/* Read every field of a frame in each of the ways that there are. */
static uint64_t read_fields(const struct frame *frame)
{
    char text[64];
    uint64_t sum = 0, number;
    struct field field;
    struct field_cursor cursor = field_first(frame);
    while (field_next(&cursor, &field)) {
        if (field.size > 0)
            sum += field.value[0] + field.value[field.size - 1];
        struct field_cursor copy = cursor;
        if (field_number(&copy, &field, &number))
            sum += number;
        if (field_text(&copy, &field, text, sizeof text)) {
            struct glob glob;
            sum += strlen(text) + files_check_path(text, strlen(text));
            if (glob_parse(&glob, text))
                sum += glob_step(&glob, glob_start(&glob), text);
        }
        field_unknown(&cursor, &field);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct agent *agent = &the_agent;
    static uint64_t sum;
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        return -1;
    agent->in_fd = fd;
    agent->in_start = agent->in_end = 0;
    agent->is_closing = false;
    for (bool has_more = true; has_more && !agent->is_closing;) {
        struct frame frame;
        has_more = frame_fill(agent);
        while (frame_peek(agent, &frame)) {
            sum += read_fields(&frame);
            frame_drop(agent, &frame);
        }
    }
    close(fd);
    return 0;
}

#ifdef FUZZ_MAIN
static uint8_t input[2 * IN_BYTES];

static int run_stream(void)
{
    uint32_t size;
    while (fread(&size, sizeof size, 1, stdin) == 1) {
        if (size > sizeof input || fread(input, 1, size, stdin) != size)
            return 2;
        if (LLVMFuzzerTestOneInput(input, size) != 0)
            return 3;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "-") == 0)
        return run_stream();
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL)
            return 2;
        size_t size = fread(input, 1, sizeof input, file);
        if (fclose(file) != 0 || LLVMFuzzerTestOneInput(input, size) != 0)
            return 3;
    }
    return 0;
}
#endif
