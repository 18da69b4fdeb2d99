/* System calls of another architecture: a filter that looks at x86-64 numbers only lets them by. */
#include "probe.h"

#include <signal.h>

static void on_fault(int number)
{
    report(false, "i386_call signal %d", number);
    _exit(0);
}

static void probe_i386(void)
{
    signal(SIGSEGV, on_fault);
    signal(SIGSYS, on_fault);
    long result = 20; /* getpid of i386 */
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    report(result > 0, "i386_call %ld", result);
}

static void probe_x32(void)
{
    long result = syscall(0x40000000L + SYS_getpid);
    report_call("x32_call", result);
}

/* keyctl by its i386 number. */
static void probe_i386_denied(void)
{
    signal(SIGSEGV, on_fault);
    signal(SIGSYS, on_fault);
    long result = 288, operation = 0, ring = -2, create = 1;
    __asm__ volatile("int $0x80" : "+a"(result) : "b"(operation), "c"(ring), "d"(create) : "memory");
    report(result > 0, "i386_keyctl %ld", result);
}

int main(void)
{
    in_child(probe_i386);
    in_child(probe_x32);
    in_child(probe_i386_denied);
    return 0;
}
