/* Collects kernel objects that are counted per user or per machine: message queues,
 * pending signals. */
#include "probe.h"

#include <mqueue.h>
#include <signal.h>
#include <sys/resource.h>

static void probe_message_queues(void)
{
    char name[32];
    int count = 0;
    for (; count < 40; count++) {
        snprintf(name, sizeof name, "/probe-%d", count);
        if (mq_open(name, O_CREAT | O_RDWR, 0600, NULL) < 0)
            break;
    }
    /* 32 queues of the default size are 800 KiB of kernel memory, the usual limit of a user. */
    report(count > 8, "message_queues %d", count);
    while (count-- > 0) {
        snprintf(name, sizeof name, "/probe-%d", count);
        mq_unlink(name);
    }
}

static void probe_pending_signals(void)
{
    sigset_t all;
    union sigval value = {.sival_int = 1};
    int count = 0;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    while (count < 6000 && sigqueue(getpid(), SIGRTMIN, value) == 0)
        count++;
    report(count >= 6000, "pending_signals %d", count);
}

static void probe_queue_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_MSGQUEUE, &limit);
    report(limit.rlim_max >= 819200, "message_queue_limit %lu", (unsigned long)limit.rlim_max);
}

int main(void)
{
    in_child(probe_message_queues);
    in_child(probe_pending_signals);
    probe_queue_limit();
    return 0;
}
