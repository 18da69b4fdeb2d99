/* Leaves a message in every place that might outlive or reach beyond a sandbox, or looks for it.
 *
 *     residue leave          leaves what needs no process to stay
 *     residue hold           leaves it, holds what needs a process, says "ready", ends with stdin
 *     residue find           reports what it finds of the above
 *     residue both           the proof: holds in one process, finds in another
 */
#include "probe.h"

#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define KEY 0x52594152
#define PORT 47113
#define NAME "runyard-residue"
/* Files that every sandbox shows, shared or not. */
#define SHARED_FILE "/usr/bin/env"

static socklen_t abstract_address(struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path + 1, NAME, sizeof NAME);
    return offsetof(struct sockaddr_un, sun_path) + sizeof NAME;
}

static void leave_file(const char *path)
{
    close(open(path, O_CREAT | O_WRONLY, 0666));
}

static void leave(void)
{
    umask(0);
    leave_file("/tmp/" NAME);
    leave_file("/dev/shm/" NAME);
    leave_file("/var/tmp/" NAME);
    leave_file(NAME);
    shmget(KEY, 4096, IPC_CREAT | 0666);
    semget(KEY, 1, IPC_CREAT | 0666);
    msgget(KEY, IPC_CREAT | 0666);
    mq_open("/" NAME, O_CREAT | O_RDWR, 0666, NULL);
    sem_open("/" NAME, O_CREAT, 0666, 1);
    syscall(SYS_add_key, "user", NAME, "x", 1, KEY_SPEC_USER_KEYRING);
}

static void hold(void)
{
    struct sockaddr_un address;
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(PORT),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int named = socket(AF_UNIX, SOCK_STREAM, 0), port = socket(AF_INET, SOCK_STREAM, 0);
    bind(named, (struct sockaddr *)&address, abstract_address(&address));
    listen(named, 1);
    bind(port, (struct sockaddr *)&loopback, sizeof loopback);
    listen(port, 1);
    flock(open(SHARED_FILE, O_RDONLY), LOCK_SH);
    fcntl(open(SHARED_FILE, O_RDONLY), F_SETLK, &whole);
    fcntl(open("/usr/bin/id", O_RDONLY), F_SETLEASE, F_RDLCK);
    prctl(PR_SET_NAME, NAME);
    if (write(1, "ready\n", 6) < 0)
        _exit(1);
    char byte;
    while (read(0, &byte, 1) > 0)
        ;
}

static void find_files(void)
{
    report(access("/tmp/" NAME, F_OK) == 0, "tmp_file");
    report(access("/dev/shm/" NAME, F_OK) == 0, "shm_file");
    report(access("/var/tmp/" NAME, F_OK) == 0, "var_tmp_file");
    report(access(NAME, F_OK) == 0, "work_file");
}

static void find_ipc(void)
{
    report_call("sysv_memory", shmget(KEY, 4096, 0));
    report_call("sysv_semaphore", semget(KEY, 1, 0));
    report_call("sysv_queue", msgget(KEY, 0));
    report_call("posix_queue", mq_open("/" NAME, O_RDONLY));
    report(sem_open("/" NAME, 0) != SEM_FAILED, "posix_semaphore");
    report_call("keyring", syscall(SYS_request_key, "user", NAME, NULL, 0));
}

static bool text_contains(const char *path, const char *wanted)
{
    static char text[1 << 20];
    int fd = open(path, O_RDONLY);
    size_t length = 0;
    for (ssize_t count; fd >= 0 && length < sizeof text - 1; length += (size_t)count)
        if ((count = read(fd, text + length, sizeof text - 1 - length)) <= 0)
            break;
    text[length] = 0;
    close(fd);
    return strstr(text, wanted);
}

static void find_held(void)
{
    struct sockaddr_un address;
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(PORT),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int named = socket(AF_UNIX, SOCK_STREAM, 0), port = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t length = abstract_address(&address);
    report_call("abstract_socket", connect(named, (struct sockaddr *)&address, length));
    report(text_contains("/proc/net/unix", NAME), "socket_table");
    report(text_contains("/proc/locks", "FLOCK"), "lock_table");
    report_call("loopback_port", connect(port, (struct sockaddr *)&loopback, sizeof loopback));
    report(text_contains("/proc/net/tcp", ":B809"), "port_table");
    int fd = open(SHARED_FILE, O_RDONLY);
    report(flock(fd, LOCK_EX | LOCK_NB) < 0, "flock");
    int result = fcntl(fd, F_GETLK, &whole);
    report(result == 0 && whole.l_type != F_UNLCK, "record_lock held by %d", whole.l_pid);
    bool is_seen = false;
    char path[32];
    for (int id = 1; id < 5000 && !is_seen; id++) {
        snprintf(path, sizeof path, "/proc/%d/comm", id);
        is_seen = id != getpid() && access(path, F_OK) == 0 && text_contains(path, "runyard-residu");
    }
    report(is_seen, "process");
}

/* A fork instead of a shell, so that the proof needs nothing around it. */
static void both(void)
{
    int out[2], in[2];
    char line[8];
    if (pipe(out) < 0 || pipe(in) < 0)
        _exit(1);
    pid_t holder = fork();
    if (holder == 0) {
        dup2(out[1], 1);
        dup2(in[0], 0);
        close(in[1]);
        leave();
        hold();
        _exit(0);
    }
    if (read(out[0], line, sizeof line) <= 0)
        _exit(1);
    find_files();
    find_ipc();
    find_held();
    kill(holder, SIGKILL);
}

static void clear(void)
{
    unlink("/tmp/" NAME);
    unlink("/dev/shm/" NAME);
    unlink("/var/tmp/" NAME);
    shmctl(shmget(KEY, 4096, 0), IPC_RMID, NULL);
    semctl(semget(KEY, 1, 0), 0, IPC_RMID);
    msgctl(msgget(KEY, 0), IPC_RMID, NULL);
    mq_unlink("/" NAME);
    sem_unlink("/" NAME);
    syscall(SYS_keyctl, KEYCTL_UNLINK, syscall(SYS_request_key, "user", NAME, NULL, 0),
            KEY_SPEC_USER_KEYRING);
}

int main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
    if (!strcmp(role, "leave") || !strcmp(role, "hold"))
        leave();
    if (!strcmp(role, "hold"))
        hold();
    if (!strcmp(role, "find")) {
        find_files();
        find_ipc();
        find_held();
    }
    if (!strcmp(role, "both")) {
        both();
        clear();
    }
    return 0;
}
