/* Files that go out: a bounded walk below the work folder, then the matches in the order of their
 * names. It runs between programs, when nothing in the sandbox can change anything. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64u
#define ENTRY_COUNT_MAX 200000u
#define WALK_NS_MAX (2 * NS_PER_SECOND)
#define MATCH_COUNT_MAX 4096u
#define CLOCK_EVERY 256u
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FIRST_CONTENT_BYTES_MAX 49152u

struct level {
    DIR *folder;
    size_t path_size;
    uint64_t positions[GLOB_COUNT_MAX];
};

struct walk {
    uint64_t count_max, bytes_max, entry_count, until;
    unsigned glob_count, depth;
    size_t match_count;
    bool is_partial, is_tree;
    /* Where the walk is; at first the folder whose files are all wanted, if that was asked. */
    char path[PATH_BYTES_MAX + 1];
    char *matches[MATCH_COUNT_MAX];
    struct level levels[DEPTH_MAX];
    struct glob globs[GLOB_COUNT_MAX];
};

static struct walk the_walk;

/* Keep the first `count_max` names in order. */
static void add_match(struct walk *walk)
{
    size_t low = 0, high = walk->match_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(walk->matches[middle], walk->path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (walk->match_count == walk->count_max) {
        walk->is_partial = true;
        if (low == walk->match_count)
            return;
        free(walk->matches[--walk->match_count]);
    }
    char *copy = strdup(walk->path);
    if (copy == NULL) {
        walk->is_partial = true;
        return;
    }
    memmove(walk->matches + low + 1, walk->matches + low,
            (walk->match_count - low) * sizeof *walk->matches);
    walk->matches[low] = copy;
    walk->match_count++;
}

static bool enter(struct walk *walk, int fd)
{
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    walk->levels[walk->depth].folder = folder;
    walk->levels[walk->depth].path_size = strlen(walk->path);
    walk->depth++;
    return true;
}

static int open_folder(int parent_fd, const char *name)
{
    return openat(parent_fd, name, FOLDER_FLAGS);
}

static unsigned char find_type(const struct level *level, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(dirfd(level->folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return DT_UNKNOWN;
    return S_ISREG(status.st_mode) ? DT_REG : S_ISDIR(status.st_mode) ? DT_DIR : DT_LNK;
}

static void visit(struct walk *walk, const struct dirent *entry)
{
    struct level *level = &walk->levels[walk->depth - 1];
    const char *name = entry->d_name;
    size_t size = strlen(name), before = level->path_size;
    uint64_t next[GLOB_COUNT_MAX], ahead = walk->is_tree;
    bool is_match = walk->is_tree;
    for (unsigned i = 0; i < walk->glob_count; i++) {
        next[i] = glob_step(&walk->globs[i], level->positions[i], name);
        is_match = is_match || glob_is_match(&walk->globs[i], next[i]);
        ahead |= next[i] & ~(1ull << walk->globs[i].part_count);
    }
    unsigned char type = is_match || ahead != 0 ? find_type(level, entry) : DT_UNKNOWN;
    if ((type != DT_REG || !is_match) && (type != DT_DIR || ahead == 0))
        return;
    if (before + (before > 0) + size > PATH_BYTES_MAX ||
        (type == DT_DIR && walk->depth == DEPTH_MAX)) {
        walk->is_partial = true;
        return;
    }
    if (before > 0)
        walk->path[before] = '/';
    memcpy(walk->path + before + (before > 0), name, size + 1);
    if (!files_check_path(walk->path, strlen(walk->path))) {
        walk->is_partial = true;
    } else if (type == DT_REG) {
        add_match(walk);
    } else if (enter(walk, open_folder(dirfd(level->folder), name))) {
        memcpy(walk->levels[walk->depth - 1].positions, next, sizeof next);
    } else {
        walk->is_partial = true;
    }
}

static void leave(struct walk *walk)
{
    closedir(walk->levels[--walk->depth].folder);
}

static void find_matches(struct agent *agent, struct walk *walk)
{
    walk->until = serve_now() + WALK_NS_MAX;
    int fd = walk->is_tree ? files_open_beneath(agent->work_fd, walk->path, FOLDER_FLAGS)
                           : open_folder(agent->work_fd, ".");
    if (!enter(walk, fd)) {
        /* A tree that is no folder any more is not the same as an empty one. */
        walk->is_partial = walk->is_tree;
        return;
    }
    for (unsigned i = 0; i < walk->glob_count; i++)
        walk->levels[0].positions[i] = glob_start(&walk->globs[i]);
    while (walk->depth > 0) {
        struct dirent *entry = readdir(walk->levels[walk->depth - 1].folder);
        bool is_late = walk->entry_count % CLOCK_EVERY == 0 && serve_now() > walk->until;
        if (entry != NULL && (walk->entry_count >= ENTRY_COUNT_MAX || is_late)) {
            walk->is_partial = true;
            while (walk->depth > 0)
                leave(walk);
        } else if (entry == NULL) {
            leave(walk);
        } else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            walk->entry_count++;
            visit(walk, entry);
        }
    }
}

static ssize_t read_some(int fd, uint8_t *data, size_t size)
{
    ssize_t got;
    do
        got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    return got < 0 ? 0 : got;
}

/* Send one file. What it had when it was opened is announced by MORE; if it turns out shorter, an
 * empty chunk ends it. */
static void send_file(struct agent *agent, int fd, const struct stat *status, const char *path)
{
    static uint8_t content[FIRST_CONTENT_BYTES_MAX];
    uint64_t left = (uint64_t)status->st_size;
    size_t want = left < sizeof content ? (size_t)left : sizeof content;
    size_t got = (size_t)read_some(fd, content, want);
    bool is_last = got == left || got < want;
    frame_begin(agent, FRAME_FILE, is_last ? 0 : FRAME_FLAG_MORE);
    frame_bytes(agent, 1, path, strlen(path));
    frame_number(agent, 2, (status->st_mode & 0111) != 0);
    frame_bytes(agent, 3, content, got);
    frame_end(agent);
    for (left -= got; !is_last && !agent->is_gone; left -= got) {
        want = left < FRAME_DATA_BYTES_MAX ? (size_t)left : FRAME_DATA_BYTES_MAX;
        got = (size_t)read_some(fd, frame_data(agent), want);
        is_last = got == left || got == 0;
        frame_data_end(agent, FRAME_FILE_CHUNK, is_last ? 0 : FRAME_FLAG_MORE, got);
    }
}

static void send_matches(struct agent *agent, struct walk *walk)
{
    uint64_t count = 0, bytes = 0;
    for (size_t i = 0; i < walk->match_count; i++) {
        struct stat status;
        int fd = files_open_beneath(agent->work_fd, walk->matches[i],
                                    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= 0 &&
            (uint64_t)status.st_size <= walk->bytes_max - bytes) {
            send_file(agent, fd, &status, walk->matches[i]);
            bytes += (uint64_t)status.st_size;
            count++;
        } else {
            walk->is_partial = true;
        }
        if (fd >= 0)
            close(fd);
        free(walk->matches[i]);
    }
    frame_begin(agent, FRAME_FILES_DONE, 0);
    frame_number(agent, 1, count);
    frame_number(agent, 2, bytes);
    frame_number(agent, 3, walk->is_partial);
    frame_end(agent);
}

static bool set_tree(struct walk *walk, const char *path)
{
    size_t size = strlen(path);
    if (!files_check_path(path, size))
        return false;
    memcpy(walk->path, path, size + 1);
    return true;
}

static enum error_code parse(struct walk *walk, const struct frame *frame)
{
    char text[PATH_BYTES_MAX + 2];
    bool is_refused = false;
    struct field_cursor cursor = field_first(frame);
    struct field field;
    memset(walk, 0, offsetof(struct walk, matches));
    while (field_next(&cursor, &field)) {
        if (field.tag == 2) {
            field_number(&cursor, &field, &walk->count_max);
        } else if (field.tag == 3) {
            field_number(&cursor, &field, &walk->bytes_max);
        } else if (field.tag == GET_FILES_TREE) {
            walk->is_tree = true;
            if (field_text(&cursor, &field, text, sizeof text))
                is_refused |= !set_tree(walk, text);
        } else if (field.tag != 1) {
            field_unknown(&cursor, &field);
        } else if (walk->glob_count == GLOB_COUNT_MAX) {
            return ERROR_TOO_LARGE;
        } else if (field_text(&cursor, &field, text, sizeof text)) {
            is_refused |= !glob_parse(&walk->globs[walk->glob_count++], text);
        }
    }
    if (walk->count_max > MATCH_COUNT_MAX)
        walk->count_max = MATCH_COUNT_MAX;
    if (cursor.is_bad)
        return ERROR_MALFORMED;
    return is_refused ? ERROR_BAD_PATH : ERROR_NONE;
}

void collect_files(struct agent *agent, const struct frame *frame)
{
    struct walk *walk = &the_walk;
    enum error_code fault = parse(walk, frame);
    if (fault == ERROR_BAD_PATH) {
        frame_error(agent, fault, "a pattern is refused");
    } else if (fault != ERROR_NONE) {
        frame_fatal(agent, fault, "GET_FILES is malformed or has too many patterns");
    } else {
        find_matches(agent, walk);
        send_matches(agent, walk);
    }
}
