#include "worker/starter.h"

#include <stdlib.h>

enum errand_state { NOTHING, ASKED, DONE };

/* One request at a time: who asks holds `turn` until it has the answer. */
struct pm_starter {
    pthread_t thread;
    pthread_mutex_t turn, mutex;
    pthread_cond_t changed;
    /* Under the mutex. */
    enum errand_state state;
    bool leaving, started;
    pthread_t created;
    void *(*run)(void *argument);
    void *argument;
};

static void *serve(void *argument)
{
    struct pm_starter *starter = argument;
    pthread_mutex_lock(&starter->mutex);
    while (!starter->leaving) {
        if (starter->state == ASKED) {
            starter->started =
                pthread_create(&starter->created, NULL, starter->run, starter->argument) == 0;
            starter->state = DONE;
            pthread_cond_broadcast(&starter->changed);
        } else {
            pthread_cond_wait(&starter->changed, &starter->mutex);
        }
    }
    pthread_mutex_unlock(&starter->mutex);
    return NULL;
}

static void clear(struct pm_starter *starter)
{
    pthread_cond_destroy(&starter->changed);
    pthread_mutex_destroy(&starter->mutex);
    pthread_mutex_destroy(&starter->turn);
    free(starter);
}

struct pm_starter *pm_starter_create(struct pm_error *error)
{
    struct pm_starter *starter = calloc(1, sizeof *starter);
    if (starter == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for the thread that starts others");
        return NULL;
    }
    pthread_mutex_init(&starter->turn, NULL);
    pthread_mutex_init(&starter->mutex, NULL);
    pthread_cond_init(&starter->changed, NULL);
    if (pthread_create(&starter->thread, NULL, serve, starter) != 0) {
        pm_fail(error, PM_ERROR_MEMORY, "the thread that starts others cannot be started");
        clear(starter);
        return NULL;
    }
    return starter;
}

void pm_starter_destroy(struct pm_starter *starter)
{
    if (starter == NULL) {
        return;
    }
    pthread_mutex_lock(&starter->mutex);
    starter->leaving = true;
    pthread_cond_broadcast(&starter->changed);
    pthread_mutex_unlock(&starter->mutex);
    pthread_join(starter->thread, NULL);
    clear(starter);
}

bool pm_starter_start(struct pm_starter *starter, pthread_t *out, void *(*run)(void *argument),
                      void *argument)
{
    if (starter == NULL) {
        return pthread_create(out, NULL, run, argument) == 0;
    }
    pthread_mutex_lock(&starter->turn);
    pthread_mutex_lock(&starter->mutex);
    starter->run = run;
    starter->argument = argument;
    starter->state = ASKED;
    pthread_cond_broadcast(&starter->changed);
    while (starter->state != DONE) {
        pthread_cond_wait(&starter->changed, &starter->mutex);
    }
    starter->state = NOTHING;
    *out = starter->created;
    const bool started = starter->started;
    pthread_mutex_unlock(&starter->mutex);
    pthread_mutex_unlock(&starter->turn);
    return started;
}
