/* The memory of a zygote that a program takes over as its own.
 *
 * A copy shares every page with the zygote until it writes to it, and then takes a fault for it.
 * Even a short program writes to nearly all of them, because CPython counts references in its
 * objects: 600 of 735 pages for one print. To take them over in one go costs less. */
#define _GNU_SOURCE
#include "zygote.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define RUN_COUNT_MAX 128u
#define CHUNK_PAGES 512u
#define IS_PRESENT (1ull << 63)
#define IS_OF_FILE (1ull << 61)

static struct {
    char *start;
    size_t bytes;
} runs[RUN_COUNT_MAX];
static unsigned run_count;

static void add(char *start, size_t bytes)
{
    if (run_count > 0 && runs[run_count - 1].start + runs[run_count - 1].bytes == start)
        runs[run_count - 1].bytes += bytes;
    else if (run_count < RUN_COUNT_MAX)
        runs[run_count++].start = start, runs[run_count - 1].bytes = bytes;
}

static void add_private_pages(int pagemap, uintptr_t at, uintptr_t end, size_t page)
{
    uint64_t entries[CHUNK_PAGES];
    while (at < end) {
        size_t count = (end - at) / page < CHUNK_PAGES ? (end - at) / page : CHUNK_PAGES;
        ssize_t size =
            pread(pagemap, entries, count * sizeof *entries, (off_t)(at / page * sizeof *entries));
        if (size != (ssize_t)(count * sizeof *entries))
            return;
        for (size_t i = 0; i < count; i++, at += page)
            if ((entries[i] & IS_PRESENT) && !(entries[i] & IS_OF_FILE))
                add((char *)at, page);
    }
}

/* Find what the zygote has written to. What is not found is copied when it is written to. */
void memory_learn(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    unsigned long start, end;
    char line[512], flags[5];
    run_count = 0;
    while (maps != NULL && pagemap >= 0 && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx %4s", &start, &end, flags) == 3 && strcmp(flags, "rw-p") == 0)
            add_private_pages(pagemap, start, end, (size_t)sysconf(_SC_PAGESIZE));
    if (maps != NULL)
        fclose(maps);
    close(pagemap);
}

/* Before Linux 5.14 there is no such advice, and nothing happens. */
void memory_own(void)
{
    for (unsigned i = 0; i < run_count; i++)
        madvise(runs[i].start, runs[i].bytes, MADV_POPULATE_WRITE);
}
