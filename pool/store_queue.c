/* Work in line for the store. Threads that come while another's work runs are served together: one
 * of them leads and runs the work of all in one transaction, each in a savepoint, so that the disk
 * is waited for once. Nobody is told of a success before that commit. */
#include "pool/store_internal.h"

#include <poolminer/log.h>

enum { TOGETHER_MAX = 64 }; /* pieces of work in one transaction */

static bool script(struct pm_pool_store *store, const char *text, struct pm_error *error)
{
    return pm_sql_script(store->sql, text, error);
}

static void run_job(struct pm_pool_store *store, struct pm_store_job *job)
{
    store->running = job;
    job->outcome = job->work(store, job->context, job->error);
    store->running = NULL;
}

/* Runs a job so that it can be undone by itself. False: the whole transaction is lost, as some
 * failures of a database have it. */
static bool run_in_savepoint(struct pm_pool_store *store, struct pm_store_job *job)
{
    struct pm_error reason = {0};
    if (!script(store, "SAVEPOINT job", job->error)) {
        job->outcome = PM_POOL_FAILED;
        return false;
    }
    run_job(store, job);
    const char *end = job->outcome == PM_POOL_COMMIT
                          ? "RELEASE SAVEPOINT job"
                          : "ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job";
    if (script(store, end, &reason)) {
        return true;
    }
    if (job->outcome != PM_POOL_FAILED) {
        *job->error = reason;
    }
    return false;
}

static void fail_all(struct pm_store_job *first, const struct pm_error *reason)
{
    for (struct pm_store_job *job = first; job != NULL; job = job->next) {
        if (job->outcome != PM_POOL_FAILED) {
            job->outcome = PM_POOL_FAILED;
            *job->error = *reason;
        }
    }
}

/* Runs the jobs in their order. True: what they did, without what failed, is for the commit; false:
 * all have failed. */
static bool run_all(struct pm_pool_store *store, struct pm_store_job *first)
{
    if (first->next == NULL) {
        run_job(store, first);
        return first->outcome == PM_POOL_COMMIT;
    }
    for (struct pm_store_job *job = first; job != NULL; job = job->next) {
        if (!run_in_savepoint(store, job)) {
            const struct pm_error reason = *job->error;
            fail_all(first, &reason);
            return false;
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

/* One transaction for all; afterwards each has its outcome. When it cannot be committed, those fail
 * too who only looked: what they saw is not so. */
static void serve(struct pm_pool_store *store, struct pm_store_job *first)
{
    struct pm_error reason = {0};
    bool begun = pm_sql_begin(store->sql, &reason);
    bool wanted = begun && run_all(store, first);
    if (!begun || (wanted && !pm_sql_commit(store->sql, &reason))) {
        fail_all(first, &reason);
    } else if (!wanted) {
        pm_sql_rollback(store->sql);
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

bool pm_store_queue_run(struct pm_pool_store *store, struct pm_store_job *job)
{
    pthread_mutex_lock(&store->mutex);
    *store->last = job;
    store->last = &job->next;
    while (!job->done) {
        if (store->led) {
            pthread_cond_wait(&store->changed, &store->mutex);
            continue;
        }
        struct pm_store_job *first = take_some(store);
        store->led = true;
        pthread_mutex_unlock(&store->mutex);
        serve(store, first);
        pthread_mutex_lock(&store->mutex);
        for (struct pm_store_job *next; first != NULL; first = next) {
            next = first->next; /* a job that is done may be gone the moment after */
            first->done = true;
        }
        store->led = false;
        pthread_cond_broadcast(&store->changed);
    }
    pthread_mutex_unlock(&store->mutex);
    return job->ok;
}
