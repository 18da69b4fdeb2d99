/* The gate of a job that was started ahead: its program waits there until the slot has set the
 * limits of the request. The server orders the one of the slot and the other of the agent, on two
 * sockets, and whoever is woken last must not let a program run with the limits of nobody. */
#define _GNU_SOURCE
#include "launcher.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A page that the slot shares with its jobs. */
uint32_t *gate_make(void)
{
    void *page =
        mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

void gate_set(uint32_t *gate, bool is_open)
{
    atomic_store((_Atomic uint32_t *)gate, is_open);
    if (is_open)
        syscall(SYS_futex, gate, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* In the job: only the slot opens it. */
int gate_seal(uint32_t *gate)
{
    return mprotect(gate, sizeof *gate, PROT_READ) ? fault("protect the gate") : 0;
}

/* Returns once it is open. A slot that cannot open it ends the job. */
void gate_wait(const uint32_t *gate)
{
    while (gate && !atomic_load((const _Atomic uint32_t *)gate))
        syscall(SYS_futex, gate, FUTEX_WAIT, 0, NULL, NULL, 0);
}
