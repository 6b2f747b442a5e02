#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <poolminer/threads.h>

enum {
    STACK_BYTES_MAX = 2 << 20,
    SHARE = 3, /* one third of what there is: each thread computes with as much as its stack has */
};

/* Started threads stay until all are there: it is their number at one time that is limited. */
struct gathering {
    pthread_mutex_t mutex;
    pthread_cond_t over_changed;
    bool over;
};

static void *attend(void *argument)
{
    struct gathering *gathering = argument;
    pthread_mutex_lock(&gathering->mutex);
    while (!gathering->over) {
        pthread_cond_wait(&gathering->over_changed, &gathering->mutex);
    }
    pthread_mutex_unlock(&gathering->mutex);
    return NULL;
}

static void dismiss(struct gathering *gathering, const pthread_t *threads, size_t count)
{
    pthread_mutex_lock(&gathering->mutex);
    gathering->over = true;
    pthread_cond_broadcast(&gathering->over_changed);
    pthread_mutex_unlock(&gathering->mutex);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

size_t pm_threads_available(size_t wanted)
{
    struct gathering gathering = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                  .over_changed = PTHREAD_COND_INITIALIZER};
    pthread_t *threads = calloc(wanted > 0 ? wanted : 1, sizeof *threads);
    size_t count = 0;
    while (threads != NULL && count < wanted &&
           pthread_create(&threads[count], NULL, attend, &gathering) == 0) {
        count++;
    }
    dismiss(&gathering, threads, count);
    free(threads);
    return count;
}

int pm_threads_create_without_signals(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failure = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

size_t pm_threads_affordable(size_t wanted)
{
    return pm_threads_available(SHARE * wanted) / SHARE;
}

static void bound_stacks(void)
{
    pthread_attr_t attributes;
    size_t bytes = 0;
    if (pthread_getattr_default_np(&attributes) != 0) {
        return;
    }
    if (pthread_attr_getstacksize(&attributes, &bytes) == 0 && bytes > STACK_BYTES_MAX &&
        pthread_attr_setstacksize(&attributes, STACK_BYTES_MAX) == 0) {
        pthread_setattr_default_np(&attributes);
    }
    pthread_attr_destroy(&attributes);
}

void pm_threads_bound_memory(void)
{
    struct rlimit addresses;
    bound_stacks();
    if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY) {
        mallopt(M_ARENA_MAX, 1);
    }
}

void pm_threads_keep_heap(void)
{
    enum { KEPT_BYTES = 2 * 1024 * 1024, TAKEN_BYTES = 512 * 1024, MAPPED_BYTES = 2 * 1024 * 1024 };
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_TOP_PAD, TAKEN_BYTES);
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
}

void pm_threads_wait_asleep(char *const argv[])
{
    char path[PATH_MAX];
    if (getenv("OMP_WAIT_POLICY") != NULL || setenv("OMP_WAIT_POLICY", "passive", 1) != 0) {
        return;
    }
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0) {
        path[length] = '\0';
        execv(path, argv);
    }
}
