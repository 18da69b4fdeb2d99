/* What a zygote and those who speak to it agree on: agent/src/zygote.c starts it,
 * agent/src/forked.c asks it for programs, agent/zygote/ is the library inside it. */
#ifndef RUNYARD_ZYGOTE_H
#define RUNYARD_ZYGOTE_H

/* The environment variable with the number of the zygote's socket. */
#define ZYGOTE_VARIABLE "RUNYARD_ZYGOTE"
#define ZYGOTE_WORK "/work"

/* A request is one byte with these descriptors, in this order. The last one is there only where a
 * process can be started in a control group. */
enum zygote_fd {
    ZYGOTE_STDIN,
    ZYGOTE_STDOUT,
    ZYGOTE_STDERR,
    ZYGOTE_CWD,
    ZYGOTE_REPLY, /* a socket: the new process sends its pid and waits for a byte */
    ZYGOTE_PID_NAMESPACE,
    ZYGOTE_MOUNT_NAMESPACE,
    ZYGOTE_IPC_NAMESPACE,
    ZYGOTE_UTS_NAMESPACE,
    ZYGOTE_NETWORK_NAMESPACE,
    ZYGOTE_CGROUP_NAMESPACE,
    ZYGOTE_CGROUP,
    ZYGOTE_FD_COUNT,
};

/* zygote/zygote.c: serve until the slot ends. Returns in each forked program, and only there. */
void zygote_serve(void);

/* zygote/memory.c */
void memory_learn(void);
void memory_own(void);

#endif
