/* runyard-agent: the first process inside every sandbox.
 *
 * Theory of operation
 *
 * One process, one thread, one loop (serve.c). The server speaks frames (frame.c) over one byte
 * stream; the agent puts files below its work folder (files.c), runs one program at a time
 * (command.c) and hands files back (collect.c). It never speaks first.
 *
 *            in_fd                       stdin pipe or terminal
 *   server ─────────► input buffer ──► window of 256 KiB ─────────► program
 *          ◄───────── output buffer ◄──────────────────────────────
 *            out_fd                      stdout, stderr
 *
 * A program moves from RUNNING to DRAINING when it ends, meets a limit or is killed. On that edge
 * everything of the step is killed and reaped (reap.c): only then nobody can hold the pipes open,
 * and they are read to their end. When both have ended EXITED is sent.
 *
 * Nothing can block the loop. Output is read only while there is room for it, so a slow server
 * slows the program, not the agent; stdin has a window, so the stream never fills with input in
 * front of a KILL. Limits (limits.c) are moments at which the loop wakes: the wall clock, the
 * earliest time at which all processors together could have used up the CPU time, an OOM event.
 * CPU and memory come from the cgroup; without one they come from /proc (procfs.c), which is
 * weaker and polls.
 *
 * The agent is pid 1 of the sandbox where the platform can arrange it. Then kill(-1) ends
 * everything at once and no signal from inside reaches it. Elsewhere it is a subreaper: orphans
 * become its children, and it kills its children until it has none.
 *
 * What keeps hostile programs away from the agent: it is not dumpable (no ptrace, no /proc/1/fd),
 * programs start with descriptors 0-2 only, in a session of their own, and the OOM killer prefers
 * them (child.c). Paths are opened by openat2 beneath the work folder, without symbolic links.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 125

static int open_in(const char *folder, const char *name)
{
    int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return -1;
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
    if (close(folder_fd) < 0)
        serve_note("closing %s: %s", folder, strerror(errno));
    return fd;
}

/* Use the cgroup folders that a platform shows inside the sandbox. */
static void open_meter(struct meter *meter, const char *cpu, const char *memory)
{
    if (cpu != NULL) {
        meter->cpu_fd = open_in(cpu, "cpu.stat");
        meter->v2 = meter->cpu_fd >= 0;
        if (!meter->v2)
            meter->cpu_fd = open_in(cpu, "cpuacct.usage");
    }
    if (memory != NULL) {
        meter->memory_peak_fd =
            open_in(memory, meter->v2 ? "memory.peak" : "memory.max_usage_in_bytes");
        meter->memory_events_fd =
            open_in(memory, meter->v2 ? "memory.events" : "memory.oom_control");
    }
}

static int serve_main(int argc, char **argv)
{
    struct agent_config config = {
        .in_fd = STDIN_FILENO,
        .out_fd = STDOUT_FILENO,
        .work_dir = ".",
        .meter = {-1, -1, -1, -1, -1, false},
        .zygote = {.socket = -1},
    };
    const char *cpu = NULL, *memory = NULL;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--work") == 0) {
            config.work_dir = argv[i + 1];
        } else if (i + 1 < argc && strcmp(argv[i], "--cgroup-cpu") == 0) {
            cpu = argv[i + 1];
        } else if (i + 1 < argc && strcmp(argv[i], "--cgroup-memory") == 0) {
            memory = argv[i + 1];
        } else {
            serve_note("usage: runyard-agent serve [--work FOLDER] [--cgroup-cpu FOLDER] "
                       "[--cgroup-memory FOLDER]");
            return EXIT_USAGE;
        }
    }
    open_meter(&config.meter, cpu, memory);
    return agent_serve(&config);
}

int agent_main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return serve_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "batch") == 0)
        return batch_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "launcher") == 0)
        return launcher_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return puts(AGENT_RELEASE) < 0 ? EXIT_USAGE : 0;
    serve_note("usage: runyard-agent serve | batch | launcher | --version");
    return EXIT_USAGE;
}

#ifndef AGENT_WITHOUT_MAIN
int main(int argc, char **argv)
{
    return agent_main(argc, argv);
}
#endif
