/* The system calls that a job is refused, or that depend on their arguments. */
#ifndef RUNYARD_SECCOMP_TABLE_H
#define RUNYARD_SECCOMP_TABLE_H

#define RULE_COUNT_MAX 128u
/* mseal, Linux 6.10. What is newer answers ENOSYS until somebody has looked at it. */
#define NUMBER_KNOWN_MAX 462u

enum check {
    CHECK_NONE,
    CHECK_CLONE,
    CHECK_UNSHARE,
    CHECK_SOCKET,
    CHECK_SOCKETPAIR,
    CHECK_IOCTL,
    CHECK_FIRST_IS_INIT,
    CHECK_IOPRIO_SET,
    CHECK_SETPRIORITY,
    CHECK_SETRLIMIT,
    CHECK_PRLIMIT,
    CHECK_PERSONALITY,
    CHECK_LAST = CHECK_PERSONALITY,
};

struct rule {
    int number, error;
    enum check check;
};

extern struct rule seccomp_table[];
unsigned seccomp_table_sort(void);

#endif
