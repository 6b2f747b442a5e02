#include "sidecar/store_thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <poolminer/threads.h>

struct pm_store_thread {
    struct pm_store *store;
    pm_store_work *work;
    pthread_t thread;
    bool started;
    bool busy;    /* the broker's own */
    int ended_fd; /* the thread tells of each end here */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool wanted, leaving; /* under the mutex */
    bool good;            /* how the last call ended; read after ended_fd has told */
    struct pm_error error;
};

static void tell(int descriptor)
{
    const uint64_t one = 1;
    ssize_t written;
    do {
        written = write(descriptor, &one, sizeof one);
    } while (written < 0 && errno == EINTR);
}

static void *run(void *argument)
{
    struct pm_store_thread *thread = argument;
    pthread_mutex_lock(&thread->mutex);
    for (;;) {
        while (!thread->wanted && !thread->leaving) {
            pthread_cond_wait(&thread->changed, &thread->mutex);
        }
        if (!thread->wanted) {
            break;
        }
        thread->wanted = false;
        pthread_mutex_unlock(&thread->mutex);
        struct pm_error error = {0};
        bool good = thread->work(thread->store, &error);
        pthread_mutex_lock(&thread->mutex);
        thread->good = good;
        thread->error = error;
        tell(thread->ended_fd);
    }
    pthread_mutex_unlock(&thread->mutex);
    return NULL;
}

struct pm_store_thread *pm_store_thread_create(struct pm_store *store, pm_store_work *work,
                                               struct pm_error *error)
{
    struct pm_store_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a thread of the store");
        return NULL;
    }
    thread->store = store;
    thread->work = work;
    thread->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->changed, NULL);
    /* Signals are the broker's, whom they wake. */
    thread->started = thread->ended_fd >= 0 &&
                      pm_threads_create_without_signals(&thread->thread, run, thread) == 0;
    if (!thread->started) {
        pm_fail(error, PM_ERROR_MEMORY, "a thread of the store cannot be started");
        pm_store_thread_destroy(thread);
        return NULL;
    }
    return thread;
}

void pm_store_thread_destroy(struct pm_store_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    if (thread->started) {
        pthread_mutex_lock(&thread->mutex);
        thread->leaving = true;
        pthread_cond_signal(&thread->changed);
        pthread_mutex_unlock(&thread->mutex);
        pthread_join(thread->thread, NULL);
    }
    if (thread->ended_fd >= 0) {
        close(thread->ended_fd);
    }
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->mutex);
    free(thread);
}

void pm_store_thread_begin(struct pm_store_thread *thread)
{
    thread->busy = true;
    pthread_mutex_lock(&thread->mutex);
    thread->wanted = true;
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}

bool pm_store_thread_is_busy(const struct pm_store_thread *thread)
{
    return thread->busy;
}

int pm_store_thread_descriptor(const struct pm_store_thread *thread)
{
    return thread->ended_fd;
}

bool pm_store_thread_end(struct pm_store_thread *thread, bool wait, bool *ended,
                         struct pm_error *error)
{
    struct pollfd item = {.fd = thread->ended_fd, .events = POLLIN};
    uint64_t count;
    *ended = false;
    while (thread->busy && !*ended) {
        *ended = read(thread->ended_fd, &count, sizeof count) == (ssize_t)sizeof count;
        if (!*ended && !wait) {
            return true;
        }
        if (!*ended) {
            poll(&item, 1, -1);
        }
    }
    thread->busy = false;
    pthread_mutex_lock(&thread->mutex);
    bool good = thread->good;
    if (*ended && !good && error != NULL) {
        *error = thread->error;
    }
    pthread_mutex_unlock(&thread->mutex);
    return !*ended || good;
}
