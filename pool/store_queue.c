/* Work in line for the store. What comes while other work runs is served together: one thread leads
 * and runs the work of all in one transaction, so that the disk is waited for once. Nobody is told
 * of a success before that commit. */
#include "pool/store_internal.h"

#include <stdlib.h>

#include <poolminer/log.h>

enum { TOGETHER_MAX = 256 }; /* pieces of work in one transaction */

static bool run_job(struct pm_pool_store *store, struct pm_store_job *job)
{
    store->running = job;
    job->note_count = 0;
    job->error = (struct pm_error){0};
    job->outcome = job->work(store, job->context, &job->error);
    store->running = NULL;
    return job->outcome == PM_POOL_COMMIT;
}

static void fail(struct pm_store_job *job, const struct pm_error *reason)
{
    job->outcome = PM_POOL_FAILED;
    job->error = *reason;
}

static bool begin(struct pm_pool_store *store, struct pm_error *error)
{
    pm_store_pending_clear(store);
    if (!pm_sql_begin(store->sql, error)) {
        return false;
    }
    if (!pm_store_rules_confirm(store, error)) {
        pm_sql_rollback(store->sql);
        return false;
    }
    return true;
}

static void roll_back(struct pm_pool_store *store)
{
    pm_store_pending_clear(store);
    pm_sql_rollback(store->sql);
}

/* All that is left to write, and the word on all that was written: a statement that fails late is
 * that of one piece of work, and no commit that failed. */
static bool finish_writing(struct pm_pool_store *store, struct pm_error *error)
{
    return pm_store_pending_write(store, error) && pm_sql_settle(store->sql, error);
}

static bool commit(struct pm_pool_store *store, struct pm_error *error)
{
    if (!finish_writing(store, error)) {
        roll_back(store);
        return false;
    }
    return pm_sql_commit(store->sql, error);
}

/* One transaction of its own. */
static void run_alone(struct pm_pool_store *store, struct pm_store_job *job)
{
    struct pm_error reason = {0};
    bool begun = begin(store, &reason);
    if (begun && !run_job(store, job)) {
        roll_back(store);
    } else if (!begun || !commit(store, &reason)) {
        fail(job, &reason);
    }
}

/* All in one transaction; false when it was undone because not all of them were for it. A commit
 * that fails is everybody's failure: then those fail too who only looked, for what they saw is not
 * so. */
static bool run_together(struct pm_pool_store *store, struct pm_store_job *first)
{
    struct pm_error reason = {0};
    bool begun = begin(store, &reason);
    for (struct pm_store_job *job = first; begun && job != NULL; job = job->next) {
        if (!run_job(store, job)) {
            roll_back(store);
            return false;
        }
    }
    if (begun && !finish_writing(store, &reason)) {
        roll_back(store);
        return false;
    }
    if (!begun || !pm_sql_commit(store->sql, &reason)) {
        for (struct pm_store_job *job = first; job != NULL; job = job->next) {
            fail(job, &reason);
        }
    }
    return true;
}

static void log_notes(const struct pm_store_job *job)
{
    for (size_t i = 0; i < job->note_count; i++) {
        pm_log(PM_LOG_INFO, job->notes[i].id, "%s", job->notes[i].text);
    }
}

static void serve(struct pm_pool_store *store, struct pm_store_job *first)
{
    if (first->next == NULL || !run_together(store, first)) {
        for (struct pm_store_job *job = first; job != NULL; job = job->next) {
            run_alone(store, job);
        }
    }
    for (struct pm_store_job *job = first; job != NULL; job = job->next) {
        job->ok = job->outcome != PM_POOL_FAILED;
        if (job->outcome == PM_POOL_COMMIT) {
            log_notes(job);
        }
    }
}

/* What waits, as a list that ends; the mutex is held. */
static struct pm_store_job *take_some(struct pm_pool_store *store)
{
    struct pm_store_job *first = store->first, *at = first;
    for (int count = 1; at->next != NULL && count < TOGETHER_MAX; count++) {
        at = at->next;
    }
    store->first = at->next;
    if (store->first == NULL) {
        store->last = &store->first;
    }
    at->next = NULL;
    return first;
}

static void tell_those_who_posted(struct pm_store_job *first)
{
    for (struct pm_store_job *job = first, *next; job != NULL; job = next) {
        next = job->next;
        job->tell(job->context, job->ok, &job->error);
        free(job);
    }
}

/* Serves what waits; the mutex is held before and after. */
static void lead(struct pm_pool_store *store)
{
    struct pm_store_job *first = take_some(store), *posted = NULL, **last = &posted;
    store->led = true;
    pthread_mutex_unlock(&store->mutex);
    serve(store, first);
    pthread_mutex_lock(&store->mutex);
    for (struct pm_store_job *next; first != NULL; first = next) {
        next = first->next; /* a job that somebody waits for may be gone the moment after */
        if (first->tell != NULL) {
            first->next = NULL;
            *last = first;
            last = &first->next;
        } else {
            first->done = true;
        }
    }
    store->led = false;
    pthread_cond_broadcast(&store->changed);
    if (store->first != NULL) {
        pthread_cond_signal(&store->posted);
    }
    pthread_mutex_unlock(&store->mutex);
    tell_those_who_posted(posted);
    pthread_mutex_lock(&store->mutex);
}

/* The mutex is held. */
static void enqueue(struct pm_pool_store *store, struct pm_store_job *job)
{
    *store->last = job;
    store->last = &job->next;
}

bool pm_pool_store_run(struct pm_pool_store *store, pm_pool_work *work, void *context,
                       struct pm_error *error)
{
    struct pm_store_job job = {.work = work, .context = context};
    pthread_mutex_lock(&store->mutex);
    enqueue(store, &job);
    while (!job.done) {
        if (store->led) {
            pthread_cond_wait(&store->changed, &store->mutex);
        } else {
            lead(store);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    if (job.error.code != PM_ERROR_NONE && error != NULL) {
        *error = job.error;
    }
    return job.ok;
}

bool pm_pool_store_post(struct pm_pool_store *store, pm_pool_work *work, void *context,
                        pm_pool_done *done, struct pm_error *error)
{
    struct pm_store_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "store: out of memory");
    }
    job->work = work;
    job->context = context;
    job->tell = done;
    pthread_mutex_lock(&store->mutex);
    enqueue(store, job);
    if (!store->led) {
        pthread_cond_signal(&store->posted);
    }
    pthread_mutex_unlock(&store->mutex);
    return true;
}

static void *serve_queue(void *context)
{
    struct pm_pool_store *store = context;
    pthread_mutex_lock(&store->mutex);
    while (store->first != NULL || store->led || !store->ending) {
        if (store->first != NULL && !store->led) {
            lead(store);
        } else {
            pthread_cond_wait(store->led ? &store->changed : &store->posted, &store->mutex);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

bool pm_pool_store_start(struct pm_pool_store *store, struct pm_error *error)
{
    store->served = pthread_create(&store->server, NULL, serve_queue, store) == 0;
    return store->served ||
           pm_fail(error, PM_ERROR_LIMIT, "store: the system gives no more threads");
}

void pm_pool_store_stop(struct pm_pool_store *store)
{
    if (!store->served) {
        return;
    }
    pthread_mutex_lock(&store->mutex);
    store->ending = true;
    pthread_cond_signal(&store->posted);
    pthread_mutex_unlock(&store->mutex);
    pthread_join(store->server, NULL);
    store->served = store->ending = false;
}
