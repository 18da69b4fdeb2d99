/* Leaves files behind that a careless collector follows, blocks on or chokes on.
 * argv[1] is a world-readable file of the host. */
#include "probe.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        report(false, "artifact %s: %s", path, strerror(errno));
    close(fd);
}

static void make_links(const char *target)
{
    char directory[256];
    snprintf(directory, sizeof directory, "%s", target);
    *strrchr(directory, '/') = 0;
    symlink(target, "link-host");
    symlink(directory, "link-directory");
    symlink("/etc/passwd", "link-passwd");
    symlink("/proc/self/environ", "link-environ");
    symlink("/proc/self/fd/0", "link-descriptor");
    symlink("/dev/zero", "link-endless");
    symlink("/nonexistent", "link-dangling");
    symlink("loop-b", "loop-a");
    symlink("loop-a", "loop-b");
    symlink("..", "link-parent");
    symlink("plain.txt", "link-inside");
    link("plain.txt", "hard.txt");
}

static void make_odd_files(void)
{
    char name[256];
    memset(name, 'n', 250);
    name[250] = 0;
    mkfifo("fifo", 0666);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&address, sizeof address);
    write_file(name, "long");
    write_file("bytes-\xff\xfe", "not unicode");
    write_file("new\nline", "newline");
    write_file("-o", "option");
    fd = open("sparse", O_CREAT | O_WRONLY, 0644);
    for (off_t size = 1LL << 40; size > 4096 && ftruncate(fd, size) < 0; size >>= 1)
        ;
    mkdir("empty-directory", 0755);
    write_file("unreadable", "closed");
    chmod("unreadable", 0);
}

static void make_many(void)
{
    char name[32];
    int count = 0, depth = 0;
    mkdir("many", 0755);
    for (; count < 1500; count++) {
        snprintf(name, sizeof name, "many/%05d", count);
        int fd = open(name, O_CREAT | O_WRONLY, 0644);
        if (fd < 0)
            break;
        close(fd);
    }
    for (; depth < 3000 && mkdir("deep", 0755) == 0 && chdir("deep") == 0; depth++)
        ;
    report(false, "artifacts %d files, %d deep", count, depth);
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN);
    write_file("plain.txt", "plain\n");
    make_links(argc > 1 ? argv[1] : "/etc/hostname");
    make_odd_files();
    make_many();
    return 0;
}
