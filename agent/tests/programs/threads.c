/* Touches its folder while another thread of it is starting more of them, and ends when all of them
 * have. */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

enum { THREAD_COUNT = 40 };

static void *end(void *argument)
{
    return argument;
}

static void *start_many(void *argument)
{
    pthread_t threads[THREAD_COUNT];
    for (int i = 0; i < THREAD_COUNT; i++)
        pthread_create(&threads[i], NULL, end, NULL);
    for (int i = 0; i < THREAD_COUNT; i++)
        pthread_join(threads[i], NULL);
    return argument;
}

int main(void)
{
    pthread_t starting;
    struct stat status;
    pthread_create(&starting, NULL, start_many, NULL);
    stat(".", &status);
    pthread_join(starting, NULL);
    puts("all ended");
    return 0;
}
