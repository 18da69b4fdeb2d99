/* What a job may ask of the kernel: everything but a list. A refused call answers EPERM, or
 * ENOSYS where programs have a fallback for old kernels; nothing is killed, because an allow-list
 * that kills breaks programs that nobody thought of.
 *
 * The filter is a search tree over the numbers on the list (`denied`), so that the many allowed
 * calls take few steps; calls whose arguments decide have a block of their own at the end. ptrace
 * and process_vm_* stay: debuggers are programs too, and pid 1 is not dumpable. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp_table.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define PROGRAM_MAX 512
#define LEAF_RULES 3u
#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

static struct sock_filter program[PROGRAM_MAX];
static unsigned length;

/* Where a rule with arguments jumps to; the offset is known once its block is written. */
static unsigned waiting_at[RULE_COUNT_MAX];
static enum check waiting_for[RULE_COUNT_MAX];
static unsigned waiting_count;

static void emit(uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
    if (length < PROGRAM_MAX)
        program[length] = (struct sock_filter){code, if_true, if_false, k};
    length++;
}

static void emit_allow(void)
{
    emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void emit_errno(int error)
{
    emit(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error, 0, 0);
}

static void emit_load(size_t offset)
{
    emit(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Little-endian: the low half of an argument comes first. */
static void emit_load_argument(unsigned index)
{
    emit_load(offsetof(struct seccomp_data, args) + index * sizeof(uint64_t));
}

/* Answer `error` if the loaded word equals `k`. */
static void emit_errno_if(uint32_t k, int error)
{
    emit(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
    emit_errno(error);
}

static void emit_allow_if(uint32_t k)
{
    emit(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
    emit_allow();
}

static void emit_rule(const struct rule *rule)
{
    emit(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->number, 0, 1);
    if (rule->check == CHECK_NONE) {
        emit_errno(rule->error);
        return;
    }
    waiting_at[waiting_count] = length;
    waiting_for[waiting_count++] = rule->check;
    emit(BPF_JMP | BPF_JA, 0, 0, 0);
}

static void emit_tree(const struct rule *rules, unsigned count)
{
    if (count <= LEAF_RULES) {
        for (unsigned i = 0; i < count; i++)
            emit_rule(&rules[i]);
        emit_allow();
        return;
    }
    unsigned half = count / 2, at = length;
    emit(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)rules[half].number, 0, 0);
    emit_tree(rules, half);
    /* A left half is at most 3 instructions per rule: within the reach of a conditional jump. */
    if (at < PROGRAM_MAX)
        program[at].jt = (uint8_t)(length - at - 1);
    emit_tree(rules + half, count - half);
}

static void emit_flags(uint32_t flags)
{
    emit_load_argument(0);
    emit(BPF_JMP | BPF_JSET | BPF_K, flags, 0, 1);
    emit_errno(EPERM);
    emit_allow();
}

/* Local and internet sockets with everyday protocols, and reading routes. Every other family is
 * code that is loaded on demand, or a way to the hypervisor. */
static void emit_socket(void)
{
    emit_load_argument(0);
    emit_allow_if(AF_UNIX);
    emit(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 4);
    emit_load_argument(2);
    emit_allow_if(0); /* NETLINK_ROUTE */
    emit_errno(EAFNOSUPPORT);
    emit(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
    emit(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
    emit_errno(EAFNOSUPPORT);
    emit_load_argument(2);
    emit_allow_if(0);
    emit_allow_if(1);  /* ICMP */
    emit_allow_if(6);  /* TCP */
    emit_allow_if(17); /* UDP */
    emit_allow_if(58); /* ICMPv6 */
    emit_errno(EPROTONOSUPPORT);
}

/* (pid, resource, new, old): not of init; the core limit may be read and seems to be set. */
static void emit_prlimit(void)
{
    emit_load_argument(0);
    emit_errno_if(1, EPERM);
    emit_load_argument(1);
    emit(BPF_JMP | BPF_JEQ | BPF_K, RLIMIT_CORE, 1, 0);
    emit_allow();
    emit_load_argument(2);
    emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
    emit_load(offsetof(struct seccomp_data, args) + 2 * sizeof(uint64_t) + sizeof(uint32_t));
    emit_allow_if(0);
    emit_errno(0);
}

static void emit_check(enum check check)
{
    switch (check) {
    case CHECK_CLONE:
        emit_flags(NEW_NAMESPACES);
        return;
    case CHECK_UNSHARE:
        emit_flags(NEW_NAMESPACES | 0x80 /* CLONE_NEWTIME; a signal number in clone */);
        return;
    case CHECK_SOCKET:
        emit_socket();
        return;
    case CHECK_SOCKETPAIR:
        emit_load_argument(0);
        emit_allow_if(AF_UNIX);
        emit_errno(EAFNOSUPPORT);
        return;
    case CHECK_IOCTL:
        emit_load_argument(1);
        emit_errno_if(0x5412, EPERM); /* TIOCSTI: types into a terminal */
        emit_errno_if(0x541C, EPERM); /* TIOCLINUX */
        emit_errno_if(0x5423, EPERM); /* TIOCSETD: loads line disciplines */
        emit_allow();
        return;
    case CHECK_FIRST_IS_INIT:
        emit_load_argument(0);
        emit_errno_if(1, EPERM);
        emit_allow();
        return;
    case CHECK_IOPRIO_SET: /* (which, who, value) */
        emit_load_argument(1);
        emit_errno_if(1, EPERM);
        emit_allow();
        return;
    case CHECK_SETPRIORITY: /* (which, who, value): not of init, and not of all of a user's */
        emit_load_argument(0);
        emit_errno_if(PRIO_USER, EPERM);
        emit_load_argument(1);
        emit_errno_if(1, EPERM);
        emit_allow();
        return;
    case CHECK_SETRLIMIT: /* (resource, limit): the core limit stays, and programs do not mind */
        emit_load_argument(0);
        emit_errno_if(RLIMIT_CORE, 0);
        emit_allow();
        return;
    case CHECK_PRLIMIT:
        emit_prlimit();
        return;
    case CHECK_PERSONALITY:
        emit_load_argument(0);
        emit_allow_if(0);
        emit_allow_if(0x8);     /* PER_LINUX32 */
        emit_allow_if(0x20000); /* UNAME26 */
        emit_allow_if(0x20008);
        emit_allow_if(0x40000); /* ADDR_NO_RANDOMIZE: SBCL restarts itself with it */
        emit_allow_if(0xffffffff);
        emit_errno(EPERM);
        return;
    case CHECK_NONE:
        return;
    }
}

/* Write each block once and point the rules that wait for it there. */
static void emit_checks(void)
{
    for (unsigned check = CHECK_NONE + 1; check <= CHECK_LAST; check++) {
        unsigned at = length;
        for (unsigned i = 0; i < waiting_count; i++)
            if (waiting_for[i] == check && waiting_at[i] < PROGRAM_MAX)
                program[waiting_at[i]].k = at - waiting_at[i] - 1;
        emit_check((enum check)check);
    }
}

/* Build the filter; once per slot. */
int seccomp_setup(void)
{
    unsigned count = seccomp_table_sort();
    length = waiting_count = 0;
    emit_load(offsetof(struct seccomp_data, arch));
    emit(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    emit_errno(ENOSYS);
    emit_load(offsetof(struct seccomp_data, nr));
    /* x32 numbers and calls that are newer than this list. */
    emit(BPF_JMP | BPF_JGT | BPF_K, NUMBER_KNOWN_MAX, 0, 1);
    emit_errno(ENOSYS);
    emit_tree(seccomp_table, count);
    emit_checks();
    if (length > PROGRAM_MAX)
        return refuse("the system call filter has %u instructions", length);
    return 0;
}

int seccomp_install(void)
{
    struct sock_fprog filter = {.len = (unsigned short)length, .filter = program};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter))
        return fault("install the system call filter");
    return 0;
}
