/* Measuring without a cgroup: the processes of the step as /proc shows them. */
#include "agent.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PID_COUNT_MAX 4096u

static pid_t found[PID_COUNT_MAX];

static ssize_t read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    text[got < 0 ? 0 : got] = 0;
    return got;
}

/* Read a decimal number behind blanks and step over it. strtol is not used for this: where there
 * is no number, libcs differ in where they say it ended. */
bool procfs_number(const char **text, uint64_t *number)
{
    const char *at = *text;
    while (*at == ' ' || *at == '\t')
        at++;
    bool is_negative = *at == '-';
    at += is_negative;
    if (*at < '0' || *at > '9')
        return false;
    for (*number = 0; *at >= '0' && *at <= '9'; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    if (is_negative)
        *number = 0;
    *text = at;
    return true;
}

static unsigned parse_pids(const char *text, pid_t *pids, unsigned count_max)
{
    unsigned count = 0;
    uint64_t pid;
    while (count < count_max && procfs_number(&text, &pid)) {
        if (pid > 1)
            pids[count++] = (pid_t)pid;
    }
    return count;
}

/* The agent's own children. */
unsigned procfs_children(pid_t *pids, unsigned count_max)
{
    static char text[PID_COUNT_MAX * 8];
    if (read_text("/proc/thread-self/children", text, sizeof text) < 0)
        return 0;
    return parse_pids(text, pids, count_max);
}

static unsigned add_children(pid_t parent, unsigned count)
{
    static char text[PID_COUNT_MAX * 8];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)parent);
    DIR *threads = opendir(path);
    if (threads == NULL)
        return count;
    for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads)) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)parent, entry->d_name);
        if (read_text(path, text, sizeof text) > 0)
            count += parse_pids(text, found + count, PID_COUNT_MAX - count);
    }
    closedir(threads);
    return count;
}

static unsigned find_all(void)
{
    unsigned count = procfs_children(found, PID_COUNT_MAX);
    for (unsigned i = 0; i < count; i++)
        count = add_children(found[i], count);
    return count;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
    static long per_second;
    if (per_second < 1)
        per_second = sysconf(_SC_CLK_TCK);
    return ticks * (NS_PER_SECOND / (uint64_t)(per_second < 1 ? 100 : per_second));
}

/* Read fields 14-17 (user and system time, own and of reaped children) and 24 (resident pages).
 * The name in field 2 may contain anything, hence the search for its last parenthesis. */
static void add_process(pid_t pid, struct procfs_sum *sum)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_text(path, text, sizeof text) <= 0)
        return;
    const char *at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ')
        return;
    at += 3;
    for (int number = 4; number <= 24; number++) {
        uint64_t value;
        if (!procfs_number(&at, &value))
            return;
        if (number >= 14 && number <= 17)
            sum->cpu_ns += ticks_to_ns(value);
        if (number == 24)
            sum->resident_bytes += value * (uint64_t)sysconf(_SC_PAGESIZE);
    }
}

struct procfs_sum procfs_measure(void)
{
    struct procfs_sum sum = {0};
    unsigned count = find_all();
    for (unsigned i = 0; i < count; i++)
        add_process(found[i], &sum);
    return sum;
}

/* What the step really holds: pages that several processes share count once. */
uint64_t procfs_proportional_bytes(void)
{
    uint64_t bytes = 0;
    unsigned count = find_all();
    for (unsigned i = 0; i < count; i++) {
        char path[64], text[2048];
        struct procfs_sum one = {0};
        snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)found[i]);
        const char *line = NULL;
        if (read_text(path, text, sizeof text) > 0)
            line = strstr(text, "\nPss:");
        uint64_t shared_out = 0;
        line = line == NULL ? NULL : line + strlen("\nPss:");
        if (line != NULL && procfs_number(&line, &shared_out)) {
            bytes += shared_out * 1024;
        } else {
            add_process(found[i], &one);
            bytes += one.resident_bytes;
        }
    }
    return bytes;
}
