/* Functions of the C library that take a path, in front of the library's own. The interpreter comes
 * here with the first path in the work folder; what returns from that call is a program.
 *
 * No header declares what is defined here: the types behind the pointers are none of our business,
 * and older C libraries have some of these names as macros. */
#define _GNU_SOURCE
#include "zygote.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define AT_FDCWD (-100)
#define EXPORT __attribute__((visibility("default")))

static bool is_program;

static void look(const char *path)
{
    if (is_program || path == NULL || path[0] == 0)
        return;
    size_t size = sizeof ZYGOTE_WORK - 1;
    if (path[0] == '/' &&
        (strncmp(path, ZYGOTE_WORK, size) != 0 || (path[size] != 0 && path[size] != '/')))
        return;
    zygote_serve();
    is_program = true;
}

static void look_at(int folder, const char *path)
{
    if (path != NULL && (folder == AT_FDCWD || path[0] == '/'))
        look(path);
}

/* The library's own function of that name; found once. */
#define NEXT(name, type)                                                                           \
    static __typeof__(type) next;                                                                  \
    if (next == NULL)                                                                              \
    next = (type)dlsym(RTLD_NEXT, #name)

#define HOOK_PATH(result, name)                                                                    \
    EXPORT result name(const char *path)                                                           \
    {                                                                                              \
        NEXT(name, result (*)(const char *));                                                      \
        look(path);                                                                                \
        return next(path);                                                                         \
    }
#define HOOK_PATH_1(result, name, type)                                                            \
    EXPORT result name(const char *path, type first)                                               \
    {                                                                                              \
        NEXT(name, result (*)(const char *, type));                                                \
        look(path);                                                                                \
        return next(path, first);                                                                  \
    }
#define HOOK_PATH_2(result, name, type_1, type_2)                                                  \
    EXPORT result name(const char *path, type_1 first, type_2 second)                              \
    {                                                                                              \
        NEXT(name, result (*)(const char *, type_1, type_2));                                      \
        look(path);                                                                                \
        return next(path, first, second);                                                          \
    }
#define HOOK_PATH_3(result, name, type_1, type_2, type_3)                                          \
    EXPORT result name(const char *path, type_1 first, type_2 second, type_3 third)                \
    {                                                                                              \
        NEXT(name, result (*)(const char *, type_1, type_2, type_3));                              \
        look(path);                                                                                \
        return next(path, first, second, third);                                                   \
    }
#define HOOK_XSTAT(name)                                                                           \
    EXPORT int name(int version, const char *path, void *status)                                   \
    {                                                                                              \
        NEXT(name, int (*)(int, const char *, void *));                                            \
        look(path);                                                                                \
        return next(version, path, status);                                                        \
    }
#define HOOK_AT_2(result, name, type_1, type_2)                                                    \
    EXPORT result name(int folder, const char *path, type_1 first, type_2 second)                  \
    {                                                                                              \
        NEXT(name, result (*)(int, const char *, type_1, type_2));                                 \
        look_at(folder, path);                                                                     \
        return next(folder, path, first, second);                                                  \
    }
#define HOOK_AT_3(result, name, type_1, type_2, type_3)                                            \
    EXPORT result name(int folder, const char *path, type_1 first, type_2 second, type_3 third)    \
    {                                                                                              \
        NEXT(name, result (*)(int, const char *, type_1, type_2, type_3));                         \
        look_at(folder, path);                                                                     \
        return next(folder, path, first, second, third);                                           \
    }
/* A mode follows where the flags ask for one; to pass on what is not there does no harm. */
#define HOOK_OPEN(name)                                                                            \
    EXPORT int name(const char *path, int flags, ...)                                              \
    {                                                                                              \
        NEXT(name, int (*)(const char *, int, unsigned));                                          \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        unsigned mode = va_arg(rest, unsigned);                                                    \
        va_end(rest);                                                                              \
        look(path);                                                                                \
        return next(path, flags, mode);                                                            \
    }
#define HOOK_OPENAT(name)                                                                          \
    EXPORT int name(int folder, const char *path, int flags, ...)                                  \
    {                                                                                              \
        NEXT(name, int (*)(int, const char *, int, unsigned));                                     \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        unsigned mode = va_arg(rest, unsigned);                                                    \
        va_end(rest);                                                                              \
        look_at(folder, path);                                                                     \
        return next(folder, path, flags, mode);                                                    \
    }

HOOK_OPEN(open)
HOOK_OPEN(open64)
HOOK_OPENAT(openat)
HOOK_OPENAT(openat64)
HOOK_PATH_1(int, __open_2, int)
HOOK_PATH_1(int, __open64_2, int)
HOOK_PATH_1(void *, fopen, const char *)
HOOK_PATH_1(void *, fopen64, const char *)
HOOK_PATH(void *, opendir)
HOOK_PATH_1(int, stat, void *)
HOOK_PATH_1(int, stat64, void *)
HOOK_PATH_1(int, lstat, void *)
HOOK_PATH_1(int, lstat64, void *)
HOOK_XSTAT(__xstat)
HOOK_XSTAT(__xstat64)
HOOK_XSTAT(__lxstat)
HOOK_XSTAT(__lxstat64)
HOOK_AT_2(int, fstatat, void *, int)
HOOK_AT_2(int, fstatat64, void *, int)
HOOK_AT_3(int, statx, int, unsigned, void *)
HOOK_PATH_1(int, access, int)
HOOK_AT_2(int, faccessat, int, int)
HOOK_PATH_2(long, readlink, char *, size_t)
HOOK_PATH_3(long, __readlink_chk, char *, size_t, size_t)
HOOK_AT_2(long, readlinkat, char *, size_t)
HOOK_PATH_1(char *, realpath, char *)
HOOK_PATH_2(char *, __realpath_chk, char *, size_t)
