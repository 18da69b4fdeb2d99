/* The launcher's command line. It is read while the server is still trusted, and wiped: processes
 * below inherit the memory it lies in. */
#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_number(const char *name, const char *text, uint64_t low, uint64_t high,
                        uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || *number < low || *number > high)
        return refuse("%s is %.40s; it must be between %llu and %llu", name, text,
                      (unsigned long long)low, (unsigned long long)high);
    return 0;
}

static int parse_source(struct launcher *launcher, const char *path)
{
    char *copy = strdup(path);
    return copy ? parts_allow(&launcher->sources, copy) : fault("copy an option");
}

/* `found` is set to whether the option is one with a number. */
static int parse_option(struct launcher *launcher, const char *name, const char *value)
{
    struct ceilings *ceilings = &launcher->ceilings;
    uint64_t number;
    const struct {
        const char *name;
        uint64_t low, high, *to;
    } numbers[] = {
        {"--memory-bytes-max", 1, 1ull << 46, &ceilings->memory_bytes},
        {"--disk-bytes-max", 1, 1ull << 46, &ceilings->disk_bytes},
        {"--job-ms-max", 1, 1ull << 32, &ceilings->deadline_ms},
        {"--processes-max", 1, 1 << 20, &ceilings->processes},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!strcmp(name, numbers[i].name))
            return parse_number(name, value, numbers[i].low, numbers[i].high, numbers[i].to);
    if (!strcmp(name, "--source"))
        return parse_source(launcher, value);
    if (!strcmp(name, "--fd")) {
        int result = parse_number(name, value, 3, 1 << 20, &number);
        launcher->control = (int)number;
        return result;
    }
    if (!strcmp(name, "--slots-max")) {
        int result = parse_number(name, value, 1, SLOT_COUNT_MAX, &number);
        launcher->slot_count_max = (unsigned)number;
        return result;
    }
    if (!strcmp(name, "--uid-base")) {
        /* Room for every slot of every launcher; never an id that the host uses. */
        int result = parse_number(name, value, 1 << 16,
                                  UINT32_MAX - 2 * SLOT_COUNT_MAX * LAUNCHER_COUNT_MAX, &number);
        launcher->uid_base = (uid_t)number;
        return result;
    }
    if (!strcmp(name, "--fresh-network")) {
        int result = parse_number(name, value, 0, 1, &number);
        launcher->is_network_fresh = number == 1;
        return result;
    }
    return refuse("unknown option %.40s", name);
}

int launcher_options(struct launcher *launcher, int argc, char **argv)
{
    launcher->control = -1;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return refuse("%.40s needs a value", argv[i]);
        if (parse_option(launcher, argv[i], argv[i + 1]))
            return -1;
    }
    const struct ceilings *ceilings = &launcher->ceilings;
    if (launcher->control < 0 || !launcher->slot_count_max || !launcher->uid_base ||
        !ceilings->memory_bytes || !ceilings->disk_bytes || !ceilings->deadline_ms ||
        !ceilings->processes)
        return refuse("an option is missing");
    for (int i = 1; i < argc; i++)
        memset(argv[i], 0, strlen(argv[i]));
    return 0;
}
