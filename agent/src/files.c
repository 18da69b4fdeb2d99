/* Names below the work folder, and files that come in.
 *
 * A name is resolved by openat2 beneath the work folder and never through a symbolic link. Kernels
 * and sandboxes without openat2 get the same from one openat with O_NOFOLLOW for each part, since
 * parts such as ".." were refused before.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER_MODE 0755
#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

bool files_check_path(const char *path, size_t size)
{
    size_t part = 0;
    if (size == 0 || size > PATH_BYTES_MAX)
        return false;
    for (size_t i = 0; i <= size; i++) {
        unsigned char byte = i < size ? (unsigned char)path[i] : '/';
        if (byte < 0x20 || byte == 0x7f)
            return false;
        if (byte != '/') {
            part++;
            continue;
        }
        const char *name = path + i - part;
        if (part == 0 || part > NAME_BYTES_MAX || (part == 1 && name[0] == '.') ||
            (part == 2 && name[0] == '.' && name[1] == '.'))
            return false;
        part = 0;
    }
    return true;
}

/* Open part by part; with `makes_folders` what is missing is made. */
static int open_by_parts(int root_fd, const char *path, int flags, bool makes_folders)
{
    char part[NAME_BYTES_MAX + 1];
    int fd = root_fd;
    for (bool is_last = false; !is_last && fd >= 0;) {
        size_t size = strcspn(path, "/");
        is_last = path[size] == 0;
        int next = -1;
        errno = ENAMETOOLONG;
        if (size <= NAME_BYTES_MAX) {
            int part_flags = (is_last ? flags : FOLDER_FLAGS) | O_NOFOLLOW;
            memcpy(part, path, size);
            part[size] = 0;
            next = openat(fd, part, part_flags);
            if (next < 0 && errno == ENOENT && makes_folders && mkdirat(fd, part, FOLDER_MODE) == 0)
                next = openat(fd, part, part_flags);
        }
        int reason = errno;
        if (fd != root_fd)
            close(fd);
        errno = reason;
        fd = next;
        path += size + 1;
    }
    return fd;
}

/* Open an existing file or folder below `root_fd`; "." is the root itself. */
int files_open_beneath(int root_fd, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_NOFOLLOW),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    for (int attempt = 0; attempt < 8; attempt++) {
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (errno == ENOSYS || errno == EPERM)
            return open_by_parts(root_fd, path, flags, false);
        /* The kernel asks to try again when something was renamed meanwhile. */
        if (errno != EAGAIN)
            break;
    }
    return -1;
}

/* Open the folder of a file and make what is missing of it. */
static int open_parent(int root_fd, char *path, const char **name)
{
    char *slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;
    if (slash == NULL)
        return files_open_beneath(root_fd, ".", FOLDER_FLAGS);
    *slash = 0;
    int fd = files_open_beneath(root_fd, path, FOLDER_FLAGS);
    if (fd < 0 && errno == ENOENT)
        fd = open_by_parts(root_fd, path, FOLDER_FLAGS, true);
    *slash = '/';
    return fd;
}

/* Make the file anew, so that nothing that stands there (a link, a pipe, a program that is being
 * executed) is ever opened for writing. */
static int create(int root_fd, char *path, bool is_executable)
{
    const char *name;
    int folder = open_parent(root_fd, path, &name);
    if (folder < 0)
        return -1;
    int fd = -1;
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    is_executable ? 0755 : 0644);
    int reason = errno;
    close(folder);
    errno = reason;
    return fd;
}

static void fail(struct agent *agent, enum error_code code, const char *path, const char *reason)
{
    struct upload *upload = &agent->upload;
    upload->is_spoilt = true;
    if (upload->failure.code != ERROR_NONE)
        return;
    upload->failure.code = code;
    snprintf(upload->failure.message, sizeof upload->failure.message, "file '%.150s': %s", path,
             reason);
}

static void fail_with(struct agent *agent, const char *path, int reason)
{
    bool is_full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
    bool is_name = reason == ELOOP || reason == ENOTDIR || reason == EXDEV || reason == EISDIR ||
                   reason == ENAMETOOLONG;
    enum error_code code = is_full ? ERROR_NO_SPACE : is_name ? ERROR_BAD_PATH : ERROR_STORAGE;
    fail(agent, code, path, strerror(reason));
}

void files_close(struct agent *agent)
{
    if (agent->upload.fd >= 0)
        close(agent->upload.fd);
    agent->upload.fd = -1;
}

/* Write content of the open file; the last of it completes the file. */
static void store(struct agent *agent, const uint8_t *data, size_t size, bool is_last)
{
    struct upload *upload = &agent->upload;
    upload->is_open = !is_last;
    while (upload->fd >= 0 && size > 0) {
        ssize_t put = write(upload->fd, data, size);
        if (put > 0) {
            data += put;
            size -= (size_t)put;
        } else if (put == 0 || errno != EINTR) {
            fail_with(agent, "content", put == 0 ? EIO : errno);
            files_close(agent);
        }
    }
    if (!is_last || upload->fd < 0)
        return;
    files_close(agent);
    upload->count++;
}

static void make_folder(struct agent *agent, const char *path)
{
    int fd = open_by_parts(agent->work_fd, path, FOLDER_FLAGS, true);
    if (fd < 0) {
        fail_with(agent, path, errno);
        return;
    }
    close(fd);
    agent->upload.count++;
}

void files_put(struct agent *agent, const struct frame *frame)
{
    struct upload *upload = &agent->upload;
    char path[PATH_BYTES_MAX + 2] = "";
    uint64_t is_executable = 0, is_folder = 0;
    const uint8_t *content = NULL;
    size_t path_size = 0, size = 0;
    struct field_cursor cursor = field_first(frame);
    struct field field;
    while (field_next(&cursor, &field)) {
        if (field.tag == 1) {
            path_size = field.size;
            /* A NUL is one of the bytes that files_check_path refuses. */
            memcpy(path, field.value, path_size < sizeof path ? path_size : sizeof path - 1);
        } else if (field.tag == 2) {
            field_number(&cursor, &field, &is_executable);
        } else if (field.tag == 3) {
            content = field.value;
            size = field.size;
        } else if (field.tag == PUT_FILE_IS_FOLDER) {
            field_number(&cursor, &field, &is_folder);
        } else {
            field_unknown(&cursor, &field);
        }
    }
    bool is_last = (frame->flags & FRAME_FLAG_MORE) == 0;
    bool has_content = size > 0 || !is_last;
    if (cursor.is_bad || is_executable > 1 || is_folder > 1 || (is_folder && has_content)) {
        frame_fatal(agent, ERROR_MALFORMED, "PUT_FILE is malformed");
        return;
    }
    upload->is_open = !is_last;
    if (upload->is_spoilt)
        return;
    if (!files_check_path(path, path_size)) {
        fail(agent, ERROR_BAD_PATH, "", "its name is refused");
        return;
    }
    if (is_folder) {
        make_folder(agent, path);
        return;
    }
    upload->fd = create(agent->work_fd, path, is_executable != 0);
    if (upload->fd < 0)
        fail_with(agent, path, errno);
    else
        store(agent, content, size, is_last);
}

void files_put_chunk(struct agent *agent, const struct frame *frame)
{
    store(agent, frame->payload, frame->size, (frame->flags & FRAME_FLAG_MORE) == 0);
}

void files_put_done(struct agent *agent)
{
    struct upload *upload = &agent->upload;
    if (upload->is_spoilt) {
        frame_error(agent, upload->failure.code, upload->failure.message);
    } else {
        frame_begin(agent, FRAME_PUT_REPLY, 0);
        frame_number(agent, 1, upload->count);
        frame_end(agent);
    }
    upload->is_spoilt = false;
    upload->count = 0;
}
