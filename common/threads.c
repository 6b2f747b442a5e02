#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <poolminer/threads.h>

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
