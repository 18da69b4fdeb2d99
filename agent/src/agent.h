/* The agent: one section per file. agent/PROTOCOL.md says what travels over the stream. */
#ifndef RUNYARD_AGENT_H
#define RUNYARD_AGENT_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define AGENT_RELEASE "runyard-agent 0.1.0"
#define PROTOCOL_VERSION 1u

#define FRAME_HEADER_BYTES 8u
#define FRAME_PAYLOAD_BYTES_MAX (1u << 20)
#define FRAME_DATA_BYTES_MAX 65536u
#define FRAME_FLAG_MORE 1u
#define IN_BYTES (FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX)
#define OUT_UNIT_BYTES (FRAME_DATA_BYTES_MAX + FRAME_HEADER_BYTES)
#define OUT_BYTES (4u * OUT_UNIT_BYTES)
#define STDIN_WINDOW_BYTES (256u * 1024)
#define PATH_BYTES_MAX 512u
#define NAME_BYTES_MAX 200u
#define STRING_COUNT_MAX 4096u
#define GLOB_COUNT_MAX 64u
#define SIDE_MAX 10000u /* rows or columns of a terminal */
#define NS_PER_SECOND 1000000000ull
#define NS_PER_MS 1000000ull

/* What the platform measures. A descriptor is -1 where there is none; /proc is read instead. */
struct meter {
    int cpu_fd;           /* v1 cpuacct.usage (ns) or v2 cpu.stat (usage_usec) */
    int memory_peak_fd;   /* v1 memory.max_usage_in_bytes, v2 memory.peak */
    int memory_events_fd; /* v1 memory.oom_control, v2 memory.events; v2 wakes by POLLPRI */
    int oom_event_fd;     /* v1: eventfd registered for OOM; else -1 */
    int kill_fd;          /* v2 cgroup.kill of a group that the agent itself is not in, or -1 */
    bool v2;
};

/* A command as it was started ahead, to be compared with the one that is asked for: words of argv
 * and env, each with its NUL. */
#define START_STRING_BYTES_MAX 16384u
struct start_line {
    unsigned arg_count, env_count;
    size_t string_bytes;
    char strings[START_STRING_BYTES_MAX];
};

/* How a job reaches its slot's zygote; agent/zygote/zygote.h says in which order. */
#define NAMESPACE_COUNT 6u
struct zygote_link {
    int socket; /* -1: there is none */
    int cgroup, namespaces[NAMESPACE_COUNT];
    const struct start_line *line;
};

struct agent_config {
    int in_fd, out_fd;
    const char *work_dir;
    struct meter meter;
    struct zygote_link zygote;
    const uint32_t *gate; /* no program starts before it is open; NULL: there is none */
};

enum frame_type {
    FRAME_HELLO = 1,
    FRAME_PUT_FILE,
    FRAME_PUT_CHUNK,
    FRAME_PUT_DONE,
    FRAME_EXEC,
    FRAME_STDIN,
    FRAME_STDIN_EOF,
    FRAME_RESIZE,
    FRAME_SIGNAL,
    FRAME_KILL,
    FRAME_GET_FILES,
    FRAME_WARM,
    FRAME_HELLO_REPLY = 65,
    FRAME_PUT_REPLY,
    FRAME_STDOUT,
    FRAME_STDERR,
    FRAME_STDIN_TAKEN,
    FRAME_EXITED,
    FRAME_FILE,
    FRAME_FILE_CHUNK,
    FRAME_FILES_DONE,
    FRAME_ERROR,
    FRAME_WARMED,
};

enum error_code {
    ERROR_NONE,
    ERROR_MALFORMED,
    ERROR_TOO_LARGE,
    ERROR_VERSION,
    ERROR_BAD_PATH,
    ERROR_NO_SPACE,
    ERROR_STORAGE,
    ERROR_INTERNAL,
};

enum limit_hit { HIT_NONE, HIT_WALL, HIT_CPU, HIT_MEMORY, HIT_OUTPUT };

struct frame {
    uint8_t type, flags;
    const uint8_t *payload;
    size_t size;
};

/* A walk over the fields of one payload. `is_bad` is set when they do not add up. */
struct field_cursor {
    const uint8_t *next, *end;
    bool is_bad;
};

struct field {
    uint16_t tag;
    const uint8_t *value;
    size_t size;
};

/* A failure that is told when the server asks, not when it happens. */
struct failure {
    enum error_code code;
    char message[256];
};

struct upload {
    int fd;                 /* the file that is being written, or -1 */
    bool is_open;           /* chunks are expected, to be written or passed over */
    uint64_t count;         /* files stored since the last PUT_DONE */
    bool is_spoilt;         /* PUT_FILEs are passed over until PUT_DONE */
    struct failure failure; /* kept until an EXEC was refused for it */
};

struct limits {
    uint64_t wall_ns, cpu_ns, memory_bytes, output_bytes;
    uint64_t started_ns, cpu_check_at, memory_check_at, oom_check_until;
    uint64_t cpu_base_ns, oom_base;
    uint64_t cpu_reaped_ns, cpu_seen_ns, memory_seen_bytes;
    bool has_cpu_meter, has_memory_meter;
};

struct output {
    int fd; /* -1 once it has ended */
    enum frame_type type;
    uint64_t count;
    bool is_truncated;
};

struct input {
    int fd; /* -1 once the program can get no more */
    bool is_ending;
    uint8_t last;
    size_t start, end;
    uint64_t received, taken, told;
};

/* How a program came to run. */
enum started { STARTED_COLD, STARTED_WAITING, STARTED_FORKED };

enum command_state { COMMAND_NONE, COMMAND_RUNNING, COMMAND_DRAINING };

struct command {
    enum command_state state;
    pid_t pid;
    bool is_reaped, has_terminal;
    int status;
    struct input input;
    struct output outputs[2];
    struct limits limits;
    enum limit_hit hit;
    enum started started;
    uint64_t wall_ns, cpu_ns, memory_peak_bytes, drain_until;
};

/* Tasks of a program that are stopped at their first touch of the work folder. */
#define HELD_COUNT_MAX 256u
struct held {
    pid_t tasks[HELD_COUNT_MAX];
    unsigned count;
};

/* A program that was started ahead, and what it was started as. */
struct waiting {
    pid_t pid; /* 0: none */
    struct held held;
    int reply; /* of a forked one, else -1 */
    int input_fd, output_fds[2];
    struct start_line line;
    char cwd[PATH_BYTES_MAX + 2];
};

struct agent {
    int in_fd, out_fd, work_fd, oom_score_fd;
    char oom_score[8];
    struct meter meter;
    struct zygote_link zygote;
    const uint32_t *gate;
    bool is_init, is_batch;
    bool has_greeted, in_ended, is_waiting, is_closing, is_gone;
    enum error_code fatal;
    const char *fatal_message;
    size_t in_start, in_end, out_start, out_end, frame_start;
    struct upload upload;
    struct command command;
    struct waiting waiting;
    sigset_t wait_mask;
    uint8_t in[IN_BYTES];
    uint8_t out[OUT_BYTES];
    uint8_t stdin_bytes[STDIN_WINDOW_BYTES];
};

/* main.c */
int agent_main(int argc, char **argv);

/* serve.c: the loop; serves frames until the stream ends and returns the exit code. */
int agent_serve(const struct agent_config *config);
int serve_run(const struct agent_config *config, bool is_batch);
uint64_t serve_now(void);
void serve_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* gate.c */
void gate_wait(const uint32_t *gate);

/* frame.c: bytes to frames and back. */
bool frame_fill(struct agent *agent);
bool frame_peek(struct agent *agent, struct frame *frame);
void frame_drop(struct agent *agent, const struct frame *frame);
struct field_cursor field_first(const struct frame *frame);
bool field_next(struct field_cursor *cursor, struct field *field);
bool field_number(struct field_cursor *cursor, const struct field *field, uint64_t *number);
bool field_text(struct field_cursor *cursor, const struct field *field, char *text, size_t size);
void field_unknown(struct field_cursor *cursor, const struct field *field);
size_t frame_space(const struct agent *agent);
uint8_t *frame_data(struct agent *agent);
void frame_data_end(struct agent *agent, enum frame_type type, uint8_t flags, size_t size);
void frame_begin(struct agent *agent, enum frame_type type, uint8_t flags);
void frame_number(struct agent *agent, uint16_t tag, uint64_t number);
void frame_bytes(struct agent *agent, uint16_t tag, const void *value, size_t size);
void frame_end(struct agent *agent);
void frame_flush(struct agent *agent);
void frame_flush_all(struct agent *agent);
void frame_error(struct agent *agent, enum error_code code, const char *message);
void frame_fatal(struct agent *agent, enum error_code code, const char *message);
void frame_farewell(struct agent *agent);

/* batch.c: answers as base64 lines. */
int batch_main(int argc, char **argv);
void batch_flush(struct agent *agent);

/* files.c: names below the work folder, and files that come in. */
bool files_check_path(const char *path, size_t size);
int files_open_beneath(int root_fd, const char *path, int flags);
void files_put(struct agent *agent, const struct frame *frame);
void files_put_chunk(struct agent *agent, const struct frame *frame);
void files_put_done(struct agent *agent);
void files_close(struct agent *agent);

/* Fields that one side may not know. */
#define PUT_FILE_IS_FOLDER 0x8001u
#define GET_FILES_TREE 0x8001u

/* glob.c: patterns against paths, part by part. */
#define GLOB_PARTS_MAX 32u
struct glob {
    char text[PATH_BYTES_MAX + 1];
    const char *parts[GLOB_PARTS_MAX];
    unsigned part_count;
};
bool glob_parse(struct glob *glob, const char *text);
uint64_t glob_start(const struct glob *glob);
uint64_t glob_step(const struct glob *glob, uint64_t positions, const char *name);
bool glob_is_match(const struct glob *glob, uint64_t positions);

/* collect.c: files that go out. */
void collect_files(struct agent *agent, const struct frame *frame);

/* command.c: one program from EXEC to EXITED. */
void command_exec(struct agent *agent, const struct frame *frame);
void command_kill(struct agent *agent);
void command_signal(struct agent *agent, const struct frame *frame);
void command_resize(struct agent *agent, const struct frame *frame);
void command_advance(struct agent *agent);
void command_end(struct agent *agent, enum limit_hit hit);
void command_clear(struct command *command);

/* output.c: the program's stdout and stderr, its stdin, and how they are waited for. */
#define POLL_COUNT_MAX 8u
void output_close(struct output *output);
void output_read(struct agent *agent, struct output *output);
void input_add(struct agent *agent, const uint8_t *data, size_t size);
void input_end(struct agent *agent);
void input_push(struct agent *agent);
void input_close(struct input *input);
unsigned output_poll(struct agent *agent, struct pollfd *fds);
void output_polled(struct agent *agent, const struct pollfd *fds, unsigned count);

/* child.c: from the agent to the program. */
struct program {
    char **argv, **envp;
    const char *search; /* the value of PATH */
    int cwd_fd;
    int fds[3];
    bool has_terminal;
    volatile int error; /* why the program could not be started: an errno */
};
pid_t child_start(struct agent *agent, struct program *program);
pid_t child_start_stopped(struct agent *agent, struct program *program);
int child_exec(const struct program *program);
bool child_reset_signals(void);

/* request.c */
/* What an EXEC asks for. Large and never on the stack; only what is used is ever touched. */
struct request {
    struct program program;
    struct limits limits;
    const uint8_t *input;
    size_t input_size, string_bytes;
    uint64_t keep_stdin_open, rows, columns, merge_stderr;
    unsigned arg_count, env_count;
    bool has_too_many;
    char cwd[PATH_BYTES_MAX + 2];
    char *argv[STRING_COUNT_MAX + 1], *envp[STRING_COUNT_MAX + 1];
    char strings[FRAME_PAYLOAD_BYTES_MAX];
};
enum error_code request_parse(struct request *request, const struct frame *frame);
const char *request_search(char *const *envp);
bool request_is_same(const struct start_line *line, const struct request *request);
bool command_open_streams(struct command *command, struct request *request);
void command_close_program_fds(struct program *program);

/* warm.c: programs that are started ahead. */
void warm_start(struct agent *agent, const struct frame *frame);
bool warm_go(struct agent *agent, const struct request *request);
void warm_discard(struct agent *agent);

/* forked.c: programs that are forked from a zygote. */
bool forked_is_possible(const struct agent *agent, const struct request *request);
pid_t forked_start(struct agent *agent, struct program *program, int *reply);
bool forked_go(int *reply);
void forked_close(int *reply);

/* trace.c */
const char *trace_hold(struct agent *agent, pid_t pid, uint64_t wall_ns, struct held *held);
bool trace_release(struct held *held);

/* terminal.c */
bool terminal_open(uint64_t rows, uint64_t columns, int *master, int *slave);
void terminal_resize(int master, uint64_t rows, uint64_t columns);
pid_t terminal_foreground(int master);

/* limits.c: what the step may spend, and what it spent. */
void limits_begin(struct agent *agent);
enum limit_hit limits_check(struct agent *agent, uint64_t now);
uint64_t limits_wake_at(const struct agent *agent);
void limits_oom_event(struct agent *agent);
void limits_finish(struct agent *agent);

/* procfs.c: measuring without a cgroup. */
struct procfs_sum {
    uint64_t cpu_ns, resident_bytes;
};
bool procfs_number(const char **text, uint64_t *number);
struct procfs_sum procfs_measure(void);
uint64_t procfs_proportional_bytes(void);
unsigned procfs_children(pid_t *pids, unsigned count_max);

/* reap.c: the ends of processes. */
void reap_setup(struct agent *agent);
void reap_ended(struct agent *agent);
bool reap_everything(struct agent *agent);

#endif
