#include "sidecar/syncer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct pm_syncer {
    struct pm_store *store;
    pthread_t thread;
    bool started;
    bool busy;    /* the broker's own */
    int ended_fd; /* the thread tells of each end here */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool wanted, leaving; /* under the mutex */
    bool good;            /* how the last sync ended; read after ended_fd has told */
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

static void *work(void *argument)
{
    struct pm_syncer *syncer = argument;
    pthread_mutex_lock(&syncer->mutex);
    for (;;) {
        while (!syncer->wanted && !syncer->leaving) {
            pthread_cond_wait(&syncer->changed, &syncer->mutex);
        }
        if (!syncer->wanted) {
            break;
        }
        syncer->wanted = false;
        pthread_mutex_unlock(&syncer->mutex);
        struct pm_error error = {0};
        bool good = syncer->store->verbs->sync(syncer->store, &error);
        pthread_mutex_lock(&syncer->mutex);
        syncer->good = good;
        syncer->error = error;
        tell(syncer->ended_fd);
    }
    pthread_mutex_unlock(&syncer->mutex);
    return NULL;
}

/* Signals are the broker's, whom they wake. */
static bool start_thread(struct pm_syncer *syncer)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&syncer->thread, NULL, work, syncer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

struct pm_syncer *pm_syncer_create(struct pm_store *store, struct pm_error *error)
{
    struct pm_syncer *syncer = calloc(1, sizeof *syncer);
    if (syncer == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for the thread that syncs");
        return NULL;
    }
    syncer->store = store;
    syncer->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&syncer->mutex, NULL);
    pthread_cond_init(&syncer->changed, NULL);
    syncer->started = syncer->ended_fd >= 0 && start_thread(syncer);
    if (!syncer->started) {
        pm_fail(error, PM_ERROR_MEMORY, "the thread that syncs the store cannot be started");
        pm_syncer_destroy(syncer);
        return NULL;
    }
    return syncer;
}

void pm_syncer_destroy(struct pm_syncer *syncer)
{
    if (syncer == NULL) {
        return;
    }
    if (syncer->started) {
        pthread_mutex_lock(&syncer->mutex);
        syncer->leaving = true;
        pthread_cond_signal(&syncer->changed);
        pthread_mutex_unlock(&syncer->mutex);
        pthread_join(syncer->thread, NULL);
    }
    if (syncer->ended_fd >= 0) {
        close(syncer->ended_fd);
    }
    pthread_cond_destroy(&syncer->changed);
    pthread_mutex_destroy(&syncer->mutex);
    free(syncer);
}

void pm_syncer_begin(struct pm_syncer *syncer)
{
    syncer->busy = true;
    pthread_mutex_lock(&syncer->mutex);
    syncer->wanted = true;
    pthread_cond_signal(&syncer->changed);
    pthread_mutex_unlock(&syncer->mutex);
}

bool pm_syncer_is_busy(const struct pm_syncer *syncer)
{
    return syncer->busy;
}

int pm_syncer_descriptor(const struct pm_syncer *syncer)
{
    return syncer->ended_fd;
}

bool pm_syncer_end(struct pm_syncer *syncer, bool wait, bool *ended, struct pm_error *error)
{
    struct pollfd item = {.fd = syncer->ended_fd, .events = POLLIN};
    uint64_t count;
    *ended = false;
    while (syncer->busy && !*ended) {
        *ended = read(syncer->ended_fd, &count, sizeof count) == (ssize_t)sizeof count;
        if (!*ended && !wait) {
            return true;
        }
        if (!*ended) {
            poll(&item, 1, -1);
        }
    }
    syncer->busy = false;
    pthread_mutex_lock(&syncer->mutex);
    bool good = syncer->good;
    if (*ended && !good && error != NULL) {
        *error = syncer->error;
    }
    pthread_mutex_unlock(&syncer->mutex);
    return !*ended || good;
}
