#include "driver/lease_run.h"

#include "driver/dataset_check.h"
#include "driver/lease_submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

enum { SILENCE_MS = 120 * 1000 };
enum { RESULTS_MAX = PM_LEASE_EVALUATE_MAX + PM_LEASE_SEEDS_MAX * PM_EVOLVE_JOBS_MAX };

/* One lease on its way. */
struct run {
    struct pm_driver *driver;
    struct pm_lease_record *record;
    struct pm_lease_plan plan;
    struct pm_lease_jobs jobs;
    char prefix[PM_JOB_KEY_SIZE];
    struct pm_job_results results;
    struct pm_submission submission;
    size_t compared; /* outcomes that were held against the pool's dataset */
    bool warned;     /* that nobody works */
    struct pm_lease_end end;
};

/* ---- records ---- */

static bool put_record(struct pm_driver *driver, const struct pm_lease *lease, const char *state,
                       const char *reason, const char *body, int64_t deadline_ms,
                       struct pm_error *error)
{
    char key[PM_JOB_KEY_SIZE];
    pm_lease_record_key(driver->account, lease->id, key);
    const struct pm_driver_queue *queue = &driver->queue;
    while (!queue->record_put(queue->context, driver->settings.run_id, key, state, reason, body,
                              strlen(body), error)) {
        if (!pm_driver_queue_again(driver, deadline_ms, error)) {
            return pm_fail_context(error, "recording lease %s as %s", lease->id, state);
        }
    }
    pm_driver_queue_works(driver);
    return true;
}

bool pm_lease_run_record(struct pm_driver *driver, const struct pm_lease_record *record,
                         struct pm_error *error)
{
    char *body = pm_lease_record_encode(record, error);
    if (body == NULL) {
        return false;
    }
    bool done =
        put_record(driver, &record->lease, PM_LEASE_OPEN, "", body, record->deadline_ms, error);
    free(body);
    return done;
}

static bool put_closed_record(struct pm_driver *driver, const struct pm_lease *lease,
                              const struct pm_submission *submission, const char *state,
                              const char *reason, struct pm_error *error)
{
    char *body = pm_lease_record_encode_closed(lease, submission, error);
    if (body == NULL) {
        return false;
    }
    bool done = put_record(driver, lease, state, reason, body, pm_driver_end_ms(driver), error);
    free(body);
    return done;
}

bool pm_lease_run_expire(struct pm_driver *driver, const struct pm_lease_record *record,
                         const char *reason, struct pm_error *error)
{
    struct pm_submission nothing;
    pm_submission_init(&nothing, &record->lease);
    if (!put_closed_record(driver, &record->lease, &nothing, PM_LEASE_EXPIRED, reason, error)) {
        return false;
    }
    driver->counters.leases_expired++;
    pm_log(PM_LOG_WARN, "DRIVER-LEASE-EXPIRED", "lease=%s: %s", record->lease.id, reason);
    return true;
}

/* ---- jobs ---- */

static bool put_jobs(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    for (size_t i = 0; i < run->jobs.count; i++) {
        const struct pm_lease_job *job = &run->jobs.items[i];
        const struct pm_job_put put = {
            .run_id = driver->settings.run_id,
            .key = job->key,
            .kind = job->kind == PM_LEASE_JOB_EVALUATE ? PM_JOB_KIND_EVALUATE : PM_JOB_KIND_EVOLVE,
            .priority = job->priority,
            .deadline_ms = job->deadline_ms,
            .body = job->body,
            .body_size = strlen(job->body),
        };
        while (!driver->queue.put(driver->queue.context, &put, error)) {
            if (!pm_driver_queue_again(driver, run->plan.deadline_ms, error)) {
                return false;
            }
        }
    }
    pm_driver_queue_works(driver);
    return true;
}

/* ---- results ---- */

static const struct pm_job_result *result_of(const struct run *run, const struct pm_lease_job *job)
{
    for (size_t i = 0; i < run->results.count; i++) {
        if (strcmp(run->results.items[i].key, job->key) == 0) {
            return &run->results.items[i];
        }
    }
    return NULL;
}

static size_t outcome_count(const struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->jobs.count; i++) {
        count += result_of(run, &run->jobs.items[i]) != NULL;
    }
    return count;
}

static bool fetch_results(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    pm_job_results_clear(&run->results);
    while (!driver->queue.results(driver->queue.context, driver->settings.run_id, run->prefix,
                                  RESULTS_MAX, &run->results, error)) {
        if (!pm_driver_queue_again(driver, run->plan.deadline_ms, error)) {
            return false;
        }
    }
    pm_driver_queue_works(driver);
    return true;
}

/* What is not collected now is swept up at the next start. */
static void collect_results(const struct run *run)
{
    const struct pm_driver_queue *queue = &run->driver->queue;
    int64_t ids[RESULTS_MAX];
    size_t count = 0;
    struct pm_error error = {0};
    for (size_t i = 0; i < run->results.count; i++) {
        ids[count++] = run->results.items[i].job_id;
    }
    if (count > 0 && !queue->collect(queue->context, ids, count, &error)) {
        pm_log(PM_LOG_DEBUG, "DRIVER-COLLECT-LATER", "%s", error.message);
    }
}

/* Nobody works: the likeliest reason is that nobody was started. */
static void warn_of_silence(struct run *run, int64_t waited_ms)
{
    if (!run->warned && waited_ms >= SILENCE_MS && outcome_count(run) == 0) {
        run->warned = true;
        pm_log(PM_LOG_WARN, "DRIVER-NO-RESULTS",
               "lease=%s: nothing is done after %d s; does poolminer-worker run with --run-id %s?",
               run->record->lease.id, SILENCE_MS / 1000, run->driver->settings.run_id);
    }
}

/* Forgets the lease's jobs and outcomes: when the cause is mended they are computed anew. What the
 * sidecar does not take now is only computed once more than needed. */
static void discard_jobs(struct run *run)
{
    struct pm_driver *driver = run->driver;
    const struct pm_driver_queue *queue = &driver->queue;
    struct pm_error error = {0};
    if (!queue->cancel(queue->context, driver->settings.run_id, run->prefix, &error) ||
        !fetch_results(run, &error)) {
        pm_log(PM_LOG_DEBUG, "DRIVER-COLLECT-LATER", "%s", error.message);
        return;
    }
    collect_results(run);
}

/* Each new outcome is held against the pool's dataset, so that a wrong one is found at the first.
 */
static bool compare_results(struct run *run, struct pm_error *error)
{
    if (run->compared == run->results.count) {
        return true;
    }
    for (size_t i = 0; i < run->results.count; i++) {
        if (!pm_dataset_compare(run->driver, &run->results.items[i], error)) {
            discard_jobs(run);
            return false;
        }
    }
    run->compared = run->results.count;
    return true;
}

/* Waits for outcomes of all jobs, or for the time to submit. */
static bool await_results(struct run *run, struct pm_error *error)
{
    int64_t began_ms = pm_driver_now_ms(run->driver);
    for (;;) {
        if (!fetch_results(run, error) || !compare_results(run, error)) {
            return false;
        }
        int64_t now_ms = pm_driver_now_ms(run->driver);
        warn_of_silence(run, now_ms - began_ms);
        if (outcome_count(run) == run->jobs.count || now_ms >= run->plan.submit_at_ms) {
            return true;
        }
        int64_t next_ms = now_ms + pm_gather_wait_ms(now_ms - began_ms);
        if (next_ms > run->plan.submit_at_ms) {
            next_ms = run->plan.submit_at_ms;
        }
        if (!pm_driver_wait_until(run->driver, next_ms)) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped while a lease is computed");
        }
    }
}

/* After this no job of the lease can change its outcome any more: the submission is settled. */
static bool settle_results(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    size_t missing = run->jobs.count - outcome_count(run);
    if (missing == 0) {
        return true;
    }
    pm_log(PM_LOG_WARN, "DRIVER-LEASE-PARTIAL",
           "lease=%s: %zu of %zu jobs are not done in time; submitting what is there",
           run->record->lease.id, missing, run->jobs.count);
    while (
        !driver->queue.cancel(driver->queue.context, driver->settings.run_id, run->prefix, error)) {
        if (!pm_driver_queue_again(driver, run->plan.deadline_ms, error)) {
            return false;
        }
    }
    return fetch_results(run, error) && compare_results(run, error);
}

static void take_result(struct run *run, const struct pm_lease_job *job,
                        const struct pm_job_result *result)
{
    struct pm_error reason = {0};
    if (result->state != PM_JOB_DONE) {
        pm_log(PM_LOG_WARN, "DRIVER-JOB-FAILED", "key=%s state=%s attempts=%" PRId64 ": %s",
               job->key, pm_job_state_name(result->state), result->attempts,
               result->reason != NULL ? result->reason : "");
    } else if (!pm_submission_take(&run->submission, job->kind, result->body, result->body_size,
                                   &reason)) {
        pm_log(PM_LOG_WARN, "DRIVER-RESULT-BAD", "key=%s worker=%s: %s", job->key,
               result->worker != NULL ? result->worker : "", reason.message);
    }
}

static bool gather(struct run *run, struct pm_error *error)
{
    if (!await_results(run, error) || !settle_results(run, error)) {
        return false;
    }
    for (size_t i = 0; i < run->jobs.count; i++) {
        const struct pm_job_result *result = result_of(run, &run->jobs.items[i]);
        if (result != NULL) {
            take_result(run, &run->jobs.items[i], result);
        }
    }
    pm_submission_finish(&run->submission);
    return true;
}

/* ---- closing ---- */

/* The same lease is then worth another try, should the pool allow it. */
static void raise_generations(struct run *run)
{
    struct pm_driver *driver = run->driver;
    struct pm_lease_job_settings *jobs = &driver->settings.jobs;
    int64_t raised = pm_generations_after_refusal(jobs->generations, run->end.reason.message,
                                                  pm_submission_iterations(&run->submission));
    if (raised <= jobs->generations) {
        return;
    }
    pm_log(PM_LOG_WARN, "DRIVER-GENERATIONS-RAISED",
           "from %" PRId64 " to %" PRId64 " a lease, because the pool asks for more iterations; "
           "start with --generations %" PRId64 " to keep it so",
           jobs->generations, raised, raised);
    jobs->generations = raised;
    snprintf(driver->retry_lease_id, sizeof driver->retry_lease_id, "%s", run->record->lease.id);
}

static void count_best(struct run *run)
{
    struct pm_driver_counters *counters = &run->driver->counters;
    if (run->submission.evolution_count > 0 &&
        (!counters->has_best || run->submission.evolutions[0].score > counters->best_score)) {
        counters->has_best = true;
        counters->best_score = run->submission.evolutions[0].score;
    }
}

static void count(struct run *run)
{
    struct pm_driver_counters *counters = &run->driver->counters;
    const char *id = run->record->lease.id;
    if (strcmp(id, run->driver->retry_lease_id) == 0) {
        run->driver->retry_lease_id[0] = '\0'; /* this was the other try */
    }
    count_best(run);
    if (strcmp(run->end.state, PM_LEASE_SUBMITTED) == 0) {
        counters->submissions_accepted++;
        counters->evaluations_submitted += (int64_t)run->submission.evaluation_count;
        counters->evolutions_submitted += (int64_t)run->submission.evolution_count;
        pm_log(PM_LOG_INFO, "DRIVER-SUBMITTED",
               "lease=%s evaluations=%zu evolutions=%zu iterations=%" PRId64, id,
               run->submission.evaluation_count, run->submission.evolution_count,
               pm_submission_iterations(&run->submission));
    } else if (strcmp(run->end.state, PM_LEASE_REFUSED) == 0) {
        counters->submissions_refused++;
        pm_log(PM_LOG_WARN, "DRIVER-REFUSED", "lease=%s: %s", id, run->end.reason.message);
        raise_generations(run);
    } else {
        counters->leases_expired++;
        pm_log(PM_LOG_WARN, "DRIVER-LEASE-EXPIRED", "lease=%s: %s", id, run->end.reason.message);
    }
}

/* The record first: a driver killed in between then knows that the lease is closed, and sweeps up
 * the outcomes at its next start. */
static bool close_lease(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    count(run);
    if (!put_closed_record(driver, &run->record->lease, &run->submission, run->end.state,
                           run->end.reason.message, error)) {
        return false;
    }
    collect_results(run);
    return true;
}

static bool steps(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    const struct pm_lease_record *record = run->record;
    run->plan =
        pm_lease_plan(pm_driver_now_ms(driver), record->deadline_ms, pm_driver_end_ms(driver));
    pm_lease_key_prefix(driver->account, record->lease.id, run->prefix);
    pm_submission_init(&run->submission, &record->lease);
    return pm_dataset_learn(driver, error) &&
           pm_lease_jobs_build(&record->lease, driver->account, &record->jobs, &run->plan,
                               &run->jobs, error) &&
           put_jobs(run, error) && gather(run, error) &&
           pm_lease_submit(driver, run->record, &run->plan, &run->submission, &run->end, error) &&
           close_lease(run, error);
}

bool pm_lease_run(struct pm_driver *driver, struct pm_lease_record *record, struct pm_error *error)
{
    struct run run = {.driver = driver, .record = record};
    bool done = steps(&run, error);
    if (!done && error->code == PM_ERROR_UNAVAILABLE) {
        /* the sidecar stayed away to the end; the next start finds the record and closes it */
        pm_log(PM_LOG_WARN, "DRIVER-LEASE-LEFT", "lease=%s: %s", record->lease.id, error->message);
    }
    pm_job_results_clear(&run.results);
    pm_lease_jobs_clear(&run.jobs);
    pm_submission_clear(&run.submission);
    return done;
}
