#include "driver/lease_results.h"

#include "driver/dataset_check.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

enum { SILENCE_MS = 120 * 1000, FETCH_MAX = 10 * 1000 };

const struct pm_job_result *pm_lease_results_of(const struct pm_lease_results *results,
                                                size_t index)
{
    return index < results->count && results->items[index].key != NULL ? &results->items[index]
                                                                       : NULL;
}

void pm_lease_results_clear(struct pm_lease_results *results)
{
    struct pm_job_results all = {.items = results->items, .count = results->count};
    pm_job_results_clear(&all);
    results->items = NULL;
    results->count = results->there = 0;
}

/* Room for an outcome of each job there is by now. */
static bool make_room(struct pm_lease_results *results, struct pm_error *error)
{
    size_t count = results->jobs->count;
    if (count <= results->count) {
        return true;
    }
    struct pm_job_result *items = reallocarray(results->items, count, sizeof *items);
    if (items == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for results");
    }
    memset(items + results->count, 0, (count - results->count) * sizeof *items);
    results->items = items;
    results->count = count;
    return true;
}

static void put_in_place(struct pm_lease_results *results, struct pm_job_result *item)
{
    for (size_t i = 0; i < results->count; i++) {
        if (results->items[i].key == NULL && strcmp(results->jobs->items[i].key, item->key) == 0) {
            results->items[i] = *item;
            *item = (struct pm_job_result){0};
            results->there++;
            return;
        }
    }
}

/* ---- from the sidecar ---- */

static bool call_results(const struct pm_lease_results *results, const char *prefix,
                         struct pm_job_results *fetched, struct pm_error *error)
{
    struct pm_driver *driver = results->driver;
    bool done;
    do {
        done = driver->queue.results(driver->queue.context, driver->settings.run_id, prefix,
                                     FETCH_MAX, fetched, error);
    } while (pm_driver_queue_again(driver, done, results->plan->deadline_ms, error));
    return done;
}

static void collect_now(const struct pm_driver *driver, const struct pm_job_result *items,
                        size_t count)
{
    int64_t *ids = calloc(count + 1, sizeof *ids);
    size_t id_count = 0;
    struct pm_error error = {0};
    for (size_t i = 0; ids != NULL && i < count; i++) {
        if (items[i].key != NULL) {
            ids[id_count++] = items[i].job_id;
        }
    }
    if (id_count > 0 && !driver->queue.collect(driver->queue.context, ids, id_count, &error)) {
        pm_log(PM_LOG_DEBUG, "DRIVER-COLLECT-LATER", "%s", error.message);
    }
    free(ids);
}

void pm_lease_results_collect(const struct pm_lease_results *results)
{
    collect_now(results->driver, results->items, results->count);
}

static bool cancel(const struct pm_lease_results *results, const char *prefix,
                   struct pm_error *error)
{
    struct pm_driver *driver = results->driver;
    bool done;
    do {
        done = driver->queue.cancel(driver->queue.context, driver->settings.run_id, prefix, error);
    } while (pm_driver_queue_again(driver, done, results->plan->deadline_ms, error));
    return done;
}

/* What the sidecar does not take now is only computed once more than needed. */
void pm_lease_results_discard(const struct pm_lease_results *results)
{
    char prefix[PM_JOB_KEY_SIZE];
    struct pm_job_results all = {0};
    struct pm_error error = {0};
    pm_lease_key_prefix(results->driver->account, results->lease_id, prefix);
    if (cancel(results, prefix, &error) && call_results(results, prefix, &all, &error)) {
        collect_now(results->driver, all.items, all.count);
    } else {
        pm_log(PM_LOG_DEBUG, "DRIVER-COLLECT-LATER", "%s", error.message);
    }
    pm_job_results_clear(&all);
}

/* Takes the outcomes under `prefix` that are not here yet. Each is held against the pool's dataset
 * first, so that a wrong one is found as it comes. */
static bool fetch(struct pm_lease_results *results, const char *prefix, struct pm_error *error)
{
    struct pm_job_results fetched = {0};
    bool same = true;
    if (!call_results(results, prefix, &fetched, error)) {
        return false;
    }
    for (size_t i = 0; same && i < fetched.count; i++) {
        same = pm_dataset_compare(results->driver, &fetched.items[i], error);
        if (same) {
            put_in_place(results, &fetched.items[i]);
        }
    }
    pm_job_results_clear(&fetched); /* what was put in place is no longer in it */
    if (!same) {
        pm_lease_results_discard(results);
    }
    return same;
}

/* Asks for the first outcome that is missing, and on until one is not there yet: a job's key is a
 * prefix that brings little else. */
static bool fetch_in_turn(struct pm_lease_results *results, struct pm_error *error)
{
    for (size_t i = 0; i < results->count; i++) {
        if (results->items[i].key == NULL) {
            if (!fetch(results, results->jobs->items[i].key, error)) {
                return false;
            }
            if (results->items[i].key == NULL) {
                return true;
            }
        }
    }
    return true;
}

static bool fetch_all(struct pm_lease_results *results, struct pm_error *error)
{
    char prefix[PM_JOB_KEY_SIZE];
    pm_lease_key_prefix(results->driver->account, results->lease_id, prefix);
    return fetch(results, prefix, error);
}

/* ---- waiting ---- */

/* Nobody works: the likeliest reason is that nobody was started. */
static bool warn_of_silence(struct pm_lease_results *results, int64_t waited_ms,
                            struct pm_error *error)
{
    if (results->warned || waited_ms < SILENCE_MS || results->there > 0) {
        return true;
    }
    results->warned = true;
    if (!fetch_all(results, error)) { /* another than the first may be done */
        return false;
    }
    if (results->there == 0) {
        pm_log(PM_LOG_WARN, "DRIVER-NO-RESULTS",
               "lease=%s: nothing is done after %d s; evolving may take so long, but does "
               "poolminer-worker run with --run-id %s?",
               results->lease_id, SILENCE_MS / 1000, results->driver->settings.run_id);
    }
    return true;
}

static bool await_all(struct pm_lease_results *results, struct pm_error *error)
{
    struct pm_driver *driver = results->driver;
    int64_t began_ms = pm_driver_now_ms(driver);
    for (;;) {
        if (!fetch_in_turn(results, error)) {
            return false;
        }
        int64_t now_ms = pm_driver_now_ms(driver);
        if (!warn_of_silence(results, now_ms - began_ms, error)) {
            return false;
        }
        pm_figures_lease_jobs(results->driver, results->count, results->there);
        if (results->there == results->count || now_ms >= results->plan->submit_at_ms) {
            return true;
        }
        int64_t next_ms = now_ms + pm_gather_wait_ms(now_ms - began_ms);
        if (next_ms > results->plan->submit_at_ms) {
            next_ms = results->plan->submit_at_ms;
        }
        if (!pm_driver_wait_until(driver, next_ms)) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped while a lease is computed");
        }
    }
}

/* After this no job of the lease can change its outcome any more: the submission is settled. */
static bool settle(struct pm_lease_results *results, struct pm_error *error)
{
    char prefix[PM_JOB_KEY_SIZE];
    if (!fetch_all(results, error)) { /* behind the first that is missing, some may be done */
        return false;
    }
    size_t missing = results->count - results->there;
    if (missing == 0) {
        return true;
    }
    pm_log(PM_LOG_WARN, "DRIVER-LEASE-PARTIAL",
           "lease=%s: %zu of %zu jobs are not done in time; submitting what is there",
           results->lease_id, missing, results->count);
    pm_lease_key_prefix(results->driver->account, results->lease_id, prefix);
    return cancel(results, prefix, error) && fetch_all(results, error);
}

bool pm_lease_results_await(struct pm_lease_results *results, struct pm_error *error)
{
    return make_room(results, error) && await_all(results, error) &&
           (results->there == results->count || settle(results, error));
}

bool pm_lease_results_look(struct pm_lease_results *results, struct pm_error *error)
{
    return make_room(results, error) && fetch_all(results, error);
}
