/* The linux engine's launcher, slots and jobs: one section per file. Theory of operation:
 * launcher.c. Every structure that crosses a socket is fixed in size and little-endian. */
#ifndef RUNYARD_LAUNCHER_H
#define RUNYARD_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent.h"

#define FAULT_BYTES 240u
#define PART_COUNT_MAX 32u
#define PART_STANDARD_MAX 8u
#define PART_PATH_BYTES_MAX 1024u
#define SOURCE_COUNT_MAX 256u
#define SLOT_COUNT_MAX 256u
#define LAUNCHER_COUNT_MAX 4096u
#define PACKET_BYTES_MAX 65536u
#define JOB_UID 1000u
#define SHM_BYTES_MAX (16ull << 20)
#define TMPFS_INODES_MAX 65536ull

/* Descriptors 0-2 are /dev/null everywhere below the launcher. 3-15 are kept free for what a job
 * is given, so that nothing else is ever there when they are filled. */
#define FD_JOB_STREAM 3
#define FD_JOB_CPU 4
#define FD_JOB_MEMORY_PEAK 5
#define FD_JOB_MEMORY_EVENTS 6
#define FD_JOB_OOM 7
#define FD_JOB_CGROUP 8
#define FD_JOB_ZYGOTE 9
#define FD_JOB_NAMESPACES 10
#define FD_RESERVED_MAX (FD_JOB_NAMESPACES + (int)NAMESPACE_COUNT - 1)

/* fault.c: why the last call failed, in words. The functions below return -1 after it. */
extern char *fault_words;
int fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
int refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
int write_all(int fd, const char *text, const char *what);
ssize_t read_text(int fd, char *text, size_t size);

/* Between the server and the launcher. A request is a header and, for CREATE_SLOT, parts as
 * (u16 source bytes, u16 target bytes, source, target); the last `slot` bytes of it are the command
 * of a zygote as (u16 words of argv, u16 of env, the words, each with its NUL). A reply is a header
 * and words. */
enum request_kind { REQUEST_CREATE_SLOT = 1, REQUEST_DESTROY_SLOT, REQUEST_LIST, REQUEST_REAP };
enum reply_kind { REPLY_OK = 100, REPLY_ERROR, REPLY_HELLO };

struct request_header {
    uint32_t kind, id, slot, count;
};
struct reply_header {
    uint32_t kind, id, slot, count;
};

/* Between the server and a slot. */
enum order_kind { ORDER_START = 1, ORDER_USAGE, ORDER_RELEASE, ORDER_BEGIN };
enum order_flags {
    ORDER_NEXT_STEP = 1, /* /work starts from what the first step left */
    ORDER_PROBE = 2,     /* try the walls instead of serving */
    ORDER_AHEAD = 4,     /* nobody waits for it yet: ORDER_BEGIN comes when somebody does */
    ORDER_FLAGS_ALL = 7,
};
enum report_kind { REPORT_READY = 1, REPORT_ENDED, REPORT_USAGE, REPORT_RELEASED, REPORT_FAILED };

struct order {
    uint32_t kind, flags;
    uint64_t sequence, memory_bytes, disk_bytes, deadline_ms;
    uint32_t processes, reserved;
};
struct report {
    uint32_t kind, oom_kills;
    uint64_t sequence, cpu_ns, memory_peak_bytes, wall_ns;
    int32_t status;
    uint32_t has; /* bit 0: cpu_ns, bit 1: memory_peak_bytes */
    char words[FAULT_BYTES];
};

/* The most that an order may ask for, given by the server while it was root. */
struct ceilings {
    uint64_t memory_bytes, disk_bytes, deadline_ms, processes;
};

/* cgroup_find.c, cgroup_slot.c, cgroup_job.c: groups of the launcher, of a slot, of a job. */
enum cgroup_kind {
    CGROUP_MEMORY,
    CGROUP_PIDS,
    CGROUP_CPU,
    CGROUP_JOB_KINDS,
    CGROUP_WEIGHT = CGROUP_JOB_KINDS, /* of a slot among slots */
    CGROUP_KINDS,
};

struct cgroup_host {
    int version;               /* 0: none can be used here */
    int parents[CGROUP_KINDS]; /* where our group is; version 2 uses the first only */
    int dirs[CGROUP_KINDS];    /* our group, or -1 */
    char name[96];
    char why_not[FAULT_BYTES];
};
struct slot_groups {
    int version;
    int dirs[CGROUP_KINDS];
    int weight; /* the server's; -1: there is no such controller */
};
struct job_groups {
    int version;
    unsigned number;
    int dir; /* version 2: for CLONE_INTO_CGROUP */
    int memory_max, swap_max, processes_max, memory_now, memory_peak, memory_events, cpu, kill;
    int peak_reset, cpu_reset; /* apart, because the job is given the others */
    int oom_event;
    uint64_t oom_base, memory_set, processes_set;
    pid_t zygote;            /* lives in the group in version 1; 0: there is none */
    uint64_t resident_bytes; /* what it and the supervisor hold there */
    char name[32];
};
struct measured {
    bool has_cpu, has_memory;
    uint64_t cpu_ns, memory_peak_bytes, oom_kills;
};

void cgroup_find(struct cgroup_host *host);
int cgroup_leftovers(const struct cgroup_host *host, char *names, size_t size);
int cgroup_reap(const struct cgroup_host *host, const char *name);
bool cgroup_is_abandoned(const char *name);
unsigned long long cgroup_process_start(pid_t pid);
int cgroup_remove_tree(int parent, const char *name);
void cgroup_close(struct cgroup_host *host);

int slot_groups_open(const struct cgroup_host *host, struct slot_groups *groups, unsigned slot,
                     uid_t owner, const struct ceilings *ceilings);
int slot_groups_join(const struct slot_groups *groups, pid_t pid);
int slot_groups_supervisor(const struct slot_groups *groups);
void slot_groups_close(struct slot_groups *groups);
void slot_groups_remove(const struct cgroup_host *host, unsigned slot);

int job_groups_open(const struct slot_groups *groups, struct job_groups *job);
int job_groups_renew(const struct slot_groups *groups, struct job_groups *job);
int job_groups_limit(struct job_groups *job, uint64_t memory_bytes, uint64_t processes);
int job_groups_begin(struct job_groups *job);
int job_groups_begin_peak(const struct job_groups *job);
bool job_groups_is_empty(const struct slot_groups *groups, const struct job_groups *job);
bool job_groups_must_renew(const struct job_groups *job);
void job_groups_settle(struct job_groups *job, pid_t zygote);
void job_groups_kill(const struct job_groups *job);
struct measured job_groups_measure(const struct job_groups *job);

/* namespaces.c */
pid_t namespaces_spawn(uint64_t flags, int cgroup, int *pidfd);
int namespaces_map_ids(pid_t pid, bool is_root, uid_t base);
int namespaces_bound(void);
int namespaces_keep_only(int *fds, unsigned count);
int namespaces_reserve_fds(void);
int namespaces_move_fd(int fd);

/* parts.c: what a root may be made of. */
struct part {
    char source[PART_PATH_BYTES_MAX];
    char target[PART_PATH_BYTES_MAX];
    int tree; /* a detached mount, or -1: the slot opens the source itself */
};
struct sources {
    unsigned count;
    int fds[SOURCE_COUNT_MAX];
    const char *paths[SOURCE_COUNT_MAX];
};
int parts_standard(struct sources *sources, struct part *parts, unsigned *count);
int parts_allow(struct sources *sources, const char *path);
int parts_parse(const char *bytes, size_t size, unsigned count, struct part *parts);
int parts_open(const struct sources *sources, struct part *parts, unsigned count, bool is_root);
void parts_close(struct part *parts, unsigned count);

/* mounts.c: a slot's root. */
int mounts_devices(void);
int mounts_slot_root(struct part *parts, unsigned count, int devices);

/* work.c: what a job may write to. */
void work_find_layers(void);
void work_find_masks(void);
int work_mount_empty(uint64_t disk_bytes);
int work_freeze(void);
int work_mount_step(uint64_t disk_bytes);
int work_unmount(bool base);
uint64_t work_base_bytes(void);
uint64_t work_shm_bytes(uint64_t disk_bytes);
int work_mount_job(uint64_t disk_bytes);

/* copy.c */
int copy_tree(const char *from, const char *to);

/* etc.c */
int etc_fill(int host_etc);

/* credentials.c */
int credentials_slot_first(void);
int credentials_slot_last(bool has_zygote);
int credentials_zygote(void);
int credentials_job(uint64_t processes, bool has_zygote);

/* seccomp.c */
int seccomp_setup(void);
int seccomp_install(void);

/* network.c */
#define NETWORK_FILE_COUNT 5u
struct network_state {
    uint64_t sums[NETWORK_FILE_COUNT];
    int fds[NETWORK_FILE_COUNT];
};
int network_up(void);
int network_remember(struct network_state *state);
bool network_is_unchanged(const struct network_state *state);
int network_replace(struct network_state *state);

/* zygote.c */
#define ZYGOTE_WORD_COUNT_MAX 256u
struct zygote {
    pid_t pid; /* 0: none */
    int socket;
    unsigned job_count;
    bool has_failed;
};
int zygote_parse(const char *bytes, size_t size, struct start_line *line);
void zygote_start(struct zygote *zygote, const struct start_line *line);
void zygote_end(struct zygote *zygote);
bool zygote_is_spent(struct zygote *zygote);
bool zygote_is_dead(const struct zygote *zygote);

/* order.c */
bool order_receive(int control, struct order *order, int *stream);
int order_check(const struct order *order, const struct ceilings *ceilings);

/* gate.c: before the program of a job that was started ahead. */
uint32_t *gate_make(void);
void gate_set(uint32_t *gate, bool is_open);
int gate_seal(uint32_t *gate);

/* slot.c: the supervisor. */
struct slot_config {
    unsigned number;
    bool is_root;
    bool is_network_fresh;
    int control;  /* orders and reports */
    int lifeline; /* a byte once the maps are written; end of file when the launcher is gone */
    int devices;
    struct part *parts;
    unsigned part_count;
    struct slot_groups groups;
    struct ceilings ceilings;
    const struct start_line *zygote; /* without words: none is wanted */
};
int slot_main(struct slot_config *config);

/* job.c: from the slot to the agent. */
struct job_start {
    const struct order *order;
    int stream;
    bool is_network_fresh;
    const struct job_groups *groups;
    const struct zygote *zygote;
    const struct start_line *zygote_line;
    char *words; /* shared with the slot until the job is set up */
    uint32_t *gate;
};
_Noreturn void job_main(const struct job_start *start);

/* probe.c: tries the walls from inside. */
int probe_serve(int stream);

/* launcher.c, launcher_slots.c */
struct launched_slot {
    unsigned number; /* names its ids and groups; used again after it */
    unsigned serial; /* names it to the server; never used again */
    pid_t pid;       /* 0: free */
    int pidfd, lifeline;
};
struct launcher {
    int control;
    bool is_root, is_network_fresh;
    uid_t uid_base;
    unsigned slot_count_max, last_serial;
    struct ceilings ceilings;
    struct sources sources;
    struct part standard_parts[PART_STANDARD_MAX];
    unsigned standard_part_count;
    struct cgroup_host cgroups;
    struct launched_slot slots[SLOT_COUNT_MAX];
};
/* What the server gets with a new slot: its socket and, where there is a cpu controller, the file
 * of its weight. The server sets it: a slot that has next to none would take long to. */
#define SLOT_FD_COUNT 2u
int launcher_main(int argc, char **argv);
int launcher_options(struct launcher *launcher, int argc, char **argv);
int launcher_slot_create(struct launcher *launcher, const char *bytes, size_t size,
                         const struct request_header *request, unsigned *serial, int *fds);
struct launched_slot *launcher_slot_find(struct launcher *launcher, unsigned serial);
void launcher_slot_end(struct launcher *launcher, struct launched_slot *slot);
void launcher_slot_ended(struct launcher *launcher, struct launched_slot *slot);

#endif
