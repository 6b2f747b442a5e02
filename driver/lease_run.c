#include "driver/lease_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

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
    const char *state;      /* how it ended: PM_LEASE_SUBMITTED, ... */
    struct pm_error reason; /* of that end */
};

/* ---- records ---- */

static bool put_record(struct pm_driver *driver, const struct pm_lease *lease, const char *state,
                       const char *reason, const char *body, int64_t deadline_ms,
                       struct pm_error *error)
{
    char key[PM_JOB_KEY_SIZE];
    pm_lease_record_key(driver->address, lease->id, key);
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
            .kind = job->kind == PM_LEASE_JOB_EVALUATE ? "evaluate" : "evolve",
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

/* Waits for outcomes of all jobs, or for the time to submit. */
static bool await_results(struct run *run, struct pm_error *error)
{
    int64_t began_ms = pm_driver_now_ms(run->driver);
    for (;;) {
        if (!fetch_results(run, error)) {
            return false;
        }
        int64_t now_ms = pm_driver_now_ms(run->driver);
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
    return fetch_results(run, error);
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

/* ---- submitting ---- */

static void end(struct run *run, const char *state, enum pm_error_code code, const char *reason)
{
    run->state = state;
    pm_fail(&run->reason, code, "%s", reason);
}

/* The pool no longer knows the lease. `tried`: an earlier try of this submission may have arrived.
 */
static void end_gone(struct run *run, bool tried)
{
    if (tried) {
        end(run, PM_LEASE_EXPIRED, PM_ERROR_NOT_FOUND,
            "the pool no longer has this lease; an earlier try whose answer was lost probably got "
            "through, so its work is likely counted");
    } else if (pm_driver_now_ms(run->driver) >= run->record->deadline_ms) {
        end(run, PM_LEASE_EXPIRED, PM_ERROR_NOT_FOUND,
            "the pool no longer has this lease; it ran out before the submission arrived");
    } else {
        end(run, PM_LEASE_EXPIRED, PM_ERROR_NOT_FOUND,
            "the pool no longer has this lease, though its time is not over: the pool closed it "
            "early");
    }
}

/* Sets run->state when the answer settles the matter. False: the pool does not accept the key. */
static bool judge(struct run *run, const struct pm_answer *answer, bool *tried,
                  struct pm_error *error)
{
    switch (answer->kind) {
    case PM_ANSWER_OK:
        end(run, PM_LEASE_SUBMITTED, PM_ERROR_NONE, "");
        return true;
    case PM_ANSWER_LEASE_GONE:
        end_gone(run, *tried);
        return true;
    case PM_ANSWER_UNAUTHORIZED:
        return pm_fail(error, PM_ERROR_REFUSED,
                       "the pool does not accept this key's signature: %s; check the clock and the "
                       "pool's URL (the lease stays open and is submitted at the next start)",
                       answer->reason.message);
    case PM_ANSWER_NOT_NOW:
    case PM_ANSWER_UNUSABLE:
        *tried = *tried || answer->lost || answer->status >= 500;
        pm_notice_raise(&run->driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        return true;
    default:
        end(run, PM_LEASE_REFUSED, PM_ERROR_REFUSED, answer->reason.message);
        return true;
    }
}

/* One try; then, unless that settled it, the wait before the next. */
static bool submit_once(struct run *run, const cJSON *content, unsigned attempt, bool *tried,
                        struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    struct pm_answer answer;
    if (!pm_pool_client_submit(driver->pool, run->record->lease.id, content, &answer, error)) {
        return false;
    }
    bool accepted = judge(run, &answer, tried, error);
    uint32_t random = driver->host.random(driver->host.context);
    int64_t next_ms =
        pm_driver_now_ms(driver) + pm_backoff_ms(attempt, answer.retry_after_ms, random);
    pm_answer_clear(&answer);
    if (!accepted || run->state != NULL) {
        return accepted;
    }
    if (next_ms > run->plan.deadline_ms) {
        next_ms = run->plan.deadline_ms;
    }
    if (!pm_driver_wait_until(driver, next_ms)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped before a submission was acknowledged");
    }
    return true;
}

/* For the next start, in case this one is killed: it can then tell a lost answer from a lease that
 * ran out. Only that, so a sidecar that is away does not hold up the submission. */
static void note_submitting(const struct run *run)
{
    const struct pm_driver_queue *queue = &run->driver->queue;
    char key[PM_JOB_KEY_SIZE];
    struct pm_error ignored = {0};
    char *body = pm_lease_record_encode(run->record, &ignored);
    pm_lease_record_key(run->driver->address, run->record->lease.id, key);
    if (body != NULL) {
        queue->record_put(queue->context, run->driver->settings.run_id, key, PM_LEASE_OPEN,
                          PM_LEASE_SUBMITTING, body, strlen(body), &ignored);
    }
    free(body);
}

static bool submit_content(struct run *run, const cJSON *content, struct pm_error *error)
{
    bool tried = run->record->maybe_submitted;
    note_submitting(run);
    for (unsigned attempt = 1; run->state == NULL; attempt++) {
        int64_t now_ms = pm_driver_now_ms(run->driver);
        if (now_ms >= run->record->deadline_ms) {
            end(run, PM_LEASE_EXPIRED, PM_ERROR_UNAVAILABLE,
                "the lease ran out before the pool acknowledged the submission");
        } else if (now_ms >= run->plan.deadline_ms) {
            return pm_fail(error, PM_ERROR_INTERRUPTED,
                           "the time is over before the pool acknowledged a submission");
        } else if (!submit_once(run, content, attempt, &tried, error)) {
            return false;
        }
    }
    if (run->reason.code != PM_ERROR_UNAVAILABLE) {
        pm_notice_clear(&run->driver->pool_notice, "DRIVER-POOL-BACK");
    }
    return true;
}

static bool submit(struct run *run, struct pm_error *error)
{
    cJSON *content = pm_submission_write(&run->submission);
    if (content == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a submission");
    }
    bool done = submit_content(run, content, error);
    cJSON_Delete(content);
    return done;
}

/* ---- closing ---- */

static void raise_generations(struct run *run)
{
    struct pm_lease_job_settings *jobs = &run->driver->settings.jobs;
    int64_t raised = pm_generations_after_refusal(jobs->generations, run->reason.message,
                                                  pm_submission_iterations(&run->submission));
    if (raised > jobs->generations) {
        pm_log(PM_LOG_WARN, "DRIVER-GENERATIONS-RAISED",
               "from %" PRId64 " to %" PRId64
               " a lease, because the pool asks for more iterations; "
               "start with --generations %" PRId64 " to keep it so",
               jobs->generations, raised, raised);
        jobs->generations = raised;
    }
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
    count_best(run);
    if (strcmp(run->state, PM_LEASE_SUBMITTED) == 0) {
        counters->submissions_accepted++;
        counters->evaluations_submitted += (int64_t)run->submission.evaluation_count;
        counters->evolutions_submitted += (int64_t)run->submission.evolution_count;
        pm_log(PM_LOG_INFO, "DRIVER-SUBMITTED",
               "lease=%s evaluations=%zu evolutions=%zu iterations=%" PRId64, id,
               run->submission.evaluation_count, run->submission.evolution_count,
               pm_submission_iterations(&run->submission));
    } else if (strcmp(run->state, PM_LEASE_REFUSED) == 0) {
        counters->submissions_refused++;
        pm_log(PM_LOG_WARN, "DRIVER-REFUSED", "lease=%s: %s", id, run->reason.message);
        raise_generations(run);
    } else {
        counters->leases_expired++;
        pm_log(PM_LOG_WARN, "DRIVER-LEASE-EXPIRED", "lease=%s: %s", id, run->reason.message);
    }
}

/* The record first: a driver killed in between then knows that the lease is closed, and sweeps up
 * the outcomes at its next start. */
static bool close_lease(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    count(run);
    if (!put_closed_record(driver, &run->record->lease, &run->submission, run->state,
                           run->reason.message, error)) {
        return false;
    }
    int64_t ids[RESULTS_MAX];
    size_t id_count = 0;
    for (size_t i = 0; i < run->results.count; i++) {
        ids[id_count++] = run->results.items[i].job_id;
    }
    struct pm_error ignored = {0}; /* what is not collected now is swept up at the next start */
    if (id_count > 0 && !driver->queue.collect(driver->queue.context, ids, id_count, &ignored)) {
        pm_log(PM_LOG_DEBUG, "DRIVER-COLLECT-LATER", "%s", ignored.message);
    }
    return true;
}

static bool steps(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    const struct pm_lease_record *record = run->record;
    run->plan =
        pm_lease_plan(pm_driver_now_ms(driver), record->deadline_ms, pm_driver_end_ms(driver));
    pm_lease_key_prefix(driver->address, record->lease.id, run->prefix);
    pm_submission_init(&run->submission, &record->lease);
    return pm_lease_jobs_build(&record->lease, driver->address, &record->jobs, &run->plan,
                               &run->jobs, error) &&
           put_jobs(run, error) && gather(run, error) && submit(run, error) &&
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
