/* The zygote of a slot: an interpreter that the slot keeps started, for programs to be forked from.
 *
 * It lives beside the jobs, never in one: in the slot's namespaces, with the few rights that
 * joining a job takes. Everything that programs forked from one zygote share, such as where their
 * libraries lie in memory, is shared for a while only: it is replaced after FORK_COUNT_MAX jobs. */
#define _GNU_SOURCE
#include "launcher.h"

#include "../zygote/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORK_COUNT_MAX 200u
#define READY_MS 10000
#define VARIABLE_COUNT 2u

/* The library of agent/zygote/, as it was built. */
extern const char zygote_library[], zygote_library_end[];
__asm__(".section .rodata\n"
        ".global zygote_library\n"
        ".global zygote_library_end\n"
        "zygote_library:\n"
        ".incbin \"" ZYGOTE_LIBRARY "\"\n"
        "zygote_library_end:\n"
        ".byte 0\n"
        ".previous\n");

/* Read the block of a request: how many words there are of either kind, and the words. */
int zygote_parse(const char *bytes, size_t size, struct start_line *line)
{
    uint16_t counts[2];
    if (size < sizeof counts || size - sizeof counts > sizeof line->strings)
        return refuse("the command of a zygote has %zu bytes", size);
    memcpy(counts, bytes, sizeof counts);
    line->arg_count = counts[0];
    line->env_count = counts[1];
    line->string_bytes = size - sizeof counts;
    memcpy(line->strings, bytes + sizeof counts, line->string_bytes);
    unsigned ends = 0;
    for (size_t i = 0; i < line->string_bytes; i++)
        ends += line->strings[i] == '\0';
    if (!counts[0] || counts[0] > ZYGOTE_WORD_COUNT_MAX || counts[1] > ZYGOTE_WORD_COUNT_MAX ||
        ends != (unsigned)counts[0] + counts[1] || line->strings[line->string_bytes - 1])
        return refuse("the command of a zygote does not add up");
    return 0;
}

/* Put the library where the dynamic linker can open it and nobody can change it. */
static int open_library(void)
{
    int fd = memfd_create("zygote", MFD_ALLOW_SEALING);
    size_t size = (size_t)(zygote_library_end - zygote_library);
    if (fd < 0 || write(fd, zygote_library, size) != (ssize_t)size ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return fault("make the zygote's library");
    return fd;
}

/* Pipes like those of a program: an interpreter looks at what they are when it starts. */
static void take_pipes(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        int ends[2];
        if (pipe(ends) || dup2(ends[fd != 0], fd) != fd)
            _exit(127);
        close(ends[0]);
        close(ends[1]);
    }
}

static _Noreturn void become_zygote(const struct start_line *line, int control, int library)
{
    char *argv[ZYGOTE_WORD_COUNT_MAX + 1], *envp[ZYGOTE_WORD_COUNT_MAX + VARIABLE_COUNT + 1];
    char preload[64], variable[64], *at = (char *)line->strings;
    for (unsigned i = 0; i < line->arg_count + line->env_count; i++, at += strlen(at) + 1)
        *(i < line->arg_count ? &argv[i] : &envp[i - line->arg_count]) = at;
    snprintf(preload, sizeof preload, "LD_PRELOAD=/proc/self/fd/%d", library);
    snprintf(variable, sizeof variable, "%s=%d", ZYGOTE_VARIABLE, control);
    argv[line->arg_count] = NULL;
    envp[line->env_count] = preload;
    envp[line->env_count + 1] = variable;
    envp[line->env_count + VARIABLE_COUNT] = NULL;
    take_pipes();
    struct program program = {.argv = argv, .envp = envp, .search = request_search(envp)};
    if (!child_reset_signals() || chdir(ZYGOTE_WORK) || credentials_zygote())
        _exit(127);
    child_exec(&program);
    _exit(127);
}

static int wait_ready(const struct zygote *zygote)
{
    char byte;
    struct pollfd in = {zygote->socket, POLLIN, 0};
    int count;
    do {
        count = poll(&in, 1, READY_MS);
    } while (count < 0 && errno == EINTR);
    return count == 1 && read(zygote->socket, &byte, 1) == 1 ? 0 : -1;
}

/* Start the interpreter and wait until it can be forked from. If it cannot, programs start cold. */
void zygote_start(struct zygote *zygote, const struct start_line *line)
{
    int ends[2], library = line->arg_count && !zygote->has_failed ? open_library() : -1;
    *zygote = (struct zygote){.socket = -1, .has_failed = zygote->has_failed};
    if (library < 0)
        return;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        zygote->pid = fork();
        if (zygote->pid == 0) {
            fcntl(ends[1], F_SETFD, 0);
            become_zygote(line, ends[1], library);
        }
        close(ends[1]);
        zygote->socket = ends[0];
    }
    close(library);
    if (zygote->pid <= 0 || wait_ready(zygote)) {
        zygote_end(zygote);
        zygote->has_failed = true;
    }
}

void zygote_end(struct zygote *zygote)
{
    if (zygote->pid > 0 && kill(zygote->pid, SIGKILL) == 0)
        while (waitpid(zygote->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    if (zygote->socket >= 0)
        close(zygote->socket);
    *zygote = (struct zygote){.socket = -1, .has_failed = zygote->has_failed};
}

/* Count a job; true when it is time for another zygote. */
bool zygote_is_spent(struct zygote *zygote)
{
    return zygote->pid > 0 && ++zygote->job_count >= FORK_COUNT_MAX;
}

/* Whether it ended by itself; `zygote_end` still has to collect it. */
bool zygote_is_dead(const struct zygote *zygote)
{
    siginfo_t info = {0};
    return zygote->pid > 0 &&
           waitid(P_PID, (id_t)zygote->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}
