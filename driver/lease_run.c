#include "driver/lease_run.h"

#include "driver/dataset_check.h"
#include "driver/lease_results.h"
#include "driver/lease_store.h"
#include "driver/lease_submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/log.h>

enum { EVOLVE_ROUNDS_MAX = 8 };

/* One lease on its way. */
struct run {
    struct pm_driver *driver;
    struct pm_lease_record *record;
    struct pm_lease_plan plan;
    struct pm_lease_jobs jobs;
    struct pm_lease_results results;
    size_t taken; /* jobs whose outcome is in the submission, or left out of it */
    struct pm_submission submission;
    struct pm_lease_end end;
};

/* ---- jobs ---- */

static bool put_jobs(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    for (size_t i = run->taken; i < run->jobs.count; i++) {
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
        bool done;
        do {
            done = driver->queue.put(driver->queue.context, &put, error);
        } while (pm_driver_queue_again(driver, done, run->plan.deadline_ms, error));
        if (!done) {
            return false;
        }
    }
    return true;
}

/* ---- results ---- */

/* A job's key without the account and the lease that it begins with. */
static const char *job_name(const struct run *run, const struct pm_lease_job *job)
{
    return job->key + strlen(run->driver->account) + 1 + strlen(run->record->lease.id) + 1;
}

static void take_result(struct run *run, const struct pm_lease_job *job,
                        const struct pm_job_result *result)
{
    struct pm_error reason = {0};
    if (result->state != PM_JOB_DONE) {
        const char *why = result->reason != NULL ? result->reason : "";
        pm_log(PM_LOG_WARN, "DRIVER-JOB-FAILED", "key=%s state=%s attempts=%" PRId64 ": %s",
               job->key, pm_job_state_name(result->state), result->attempts, why);
        pm_fail(&reason, PM_ERROR_REFUSED, "%s: %s", pm_job_state_name(result->state), why);
        pm_lease_end_leave_out(&run->end, job_name(run, job), reason.message);
    } else if (!pm_submission_take(&run->submission, job->kind, result->body, result->body_size,
                                   &reason)) {
        pm_log(PM_LOG_WARN, "DRIVER-RESULT-BAD", "key=%s worker=%s: %s", job->key,
               result->worker != NULL ? result->worker : "", reason.message);
        pm_lease_end_leave_out(&run->end, job_name(run, job), reason.message);
    }
}

static void take_results(struct run *run)
{
    for (; run->taken < run->jobs.count; run->taken++) {
        const struct pm_job_result *result = pm_lease_results_of(&run->results, run->taken);
        if (result != NULL) {
            take_result(run, &run->jobs.items[run->taken], result);
        }
    }
}

/* A task for evolution that brings nothing would be in the way of the next one until it runs out:
 * the search goes on with other seeds. */
static bool wants_another_round(const struct run *run, int round)
{
    return pm_submission_is_empty_evolution(&run->submission) && round < EVOLVE_ROUNDS_MAX &&
           run->record->lease.seeds.count > 0;
}

/* Makes the jobs of another round. *go_on: there is time for them, or an earlier life of the driver
 * had it: what they found may be at the pool already, and is sent again. */
static bool begin_round(struct run *run, bool *go_on, struct pm_error *error)
{
    const struct pm_lease_record *record = run->record;
    if (!pm_lease_jobs_evolve_again(&record->lease, run->driver->account, &record->jobs, &run->plan,
                                    &run->jobs, error)) {
        return false;
    }
    *go_on = pm_driver_now_ms(run->driver) < run->plan.evolve_until_ms;
    if (*go_on) {
        return true;
    }
    const size_t before = run->results.there;
    if (!pm_lease_results_look(&run->results, error)) {
        return false;
    }
    *go_on = run->results.there > before;
    return true;
}

static bool compute(struct run *run, struct pm_error *error)
{
    bool go_on = true;
    for (int round = 1; go_on; round++) {
        if (!put_jobs(run, error) || !pm_lease_results_await(&run->results, error)) {
            return false;
        }
        take_results(run);
        go_on = wants_another_round(run, round);
        if (go_on && !begin_round(run, &go_on, error)) {
            return false;
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

static void count_submitted(const struct run *run)
{
    struct pm_driver_counters *counters = &run->driver->counters;
    const struct pm_submission *submission = &run->submission;
    counters->submissions_accepted++;
    counters->evaluations_submitted += (int64_t)submission->evaluation_count;
    counters->evolutions_submitted += (int64_t)submission->evolution_count;
    pm_log(PM_LOG_INFO, "DRIVER-SUBMITTED",
           "lease=%s evaluations=%zu evolutions=%zu iterations=%" PRId64, run->record->lease.id,
           submission->evaluation_count, submission->evolution_count,
           pm_submission_iterations(submission));
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
        count_submitted(run);
    } else if (strcmp(run->end.state, PM_LEASE_REFUSED) == 0) {
        counters->submissions_refused++;
        pm_log(PM_LOG_WARN, "DRIVER-REFUSED", "lease=%s: %s", id, run->end.reason.message);
        raise_generations(run);
    } else {
        counters->leases_expired++;
        pm_log(PM_LOG_WARN, "DRIVER-LEASE-EXPIRED", "lease=%s: %s", id, run->end.reason.message);
    }
}

/* How well this kind of task paid. Only one of this life tells: the time of another has a pause in
 * it. */
static void measure(const struct run *run)
{
    const struct pm_submission *submission = &run->submission;
    enum pm_lease_kind kind = run->record->lease.kind;
    double items = 0, expected = 0;
    if (kind == PM_LEASE_BOTH || run->record->asked_ms == 0) {
        return;
    }
    if (strcmp(run->end.state, PM_LEASE_SUBMITTED) == 0 && kind == PM_LEASE_EVALUATE) {
        items = (double)submission->evaluation_count;
        expected = items * PM_SHARE_EVALUATION_REPUTATION;
    } else if (strcmp(run->end.state, PM_LEASE_SUBMITTED) == 0) {
        items = (double)(submission->evolution_count - pm_lease_end_duplicates(&run->end));
        expected = items > 0 ? pm_share_evolution_reputation(submission->evolutions[0].score) : 0;
    }
    pm_share_note(&run->driver->work.share, kind,
                  pm_driver_now_ms(run->driver) - run->record->asked_ms, items, expected);
}

/* The record first: a driver killed in between then knows that the lease is closed, and sweeps up
 * the outcomes at its next start. */
static bool close_lease(struct run *run, struct pm_error *error)
{
    count(run);
    measure(run);
    if (!pm_lease_store_closed(run->driver, run->record, &run->submission, &run->end, error)) {
        return false;
    }
    pm_lease_results_collect(&run->results);
    return true;
}

static bool submit(struct run *run, struct pm_error *error)
{
    if (pm_submission_is_empty_evolution(&run->submission)) {
        pm_lease_end_set(&run->end, PM_LEASE_EXPIRED, PM_CAUSE_NOTHING_FOUND,
                         pm_driver_now_ms(run->driver), 0,
                         "nothing new was found, and this call takes nothing else; the pool may "
                         "give no other task until this one has run out");
        return true;
    }
    return pm_lease_submit(run->driver, run->record, &run->plan, &run->submission, &run->end,
                           error);
}

static bool steps(struct run *run, struct pm_error *error)
{
    struct pm_driver *driver = run->driver;
    const struct pm_lease_record *record = run->record;
    run->plan =
        pm_lease_plan(pm_driver_now_ms(driver), record->deadline_ms, pm_driver_end_ms(driver));
    run->results = (struct pm_lease_results){
        .driver = driver, .lease_id = record->lease.id, .plan = &run->plan, .jobs = &run->jobs};
    pm_submission_init(&run->submission, &record->lease);
    if (!pm_dataset_learn(driver, error) ||
        !pm_lease_jobs_build(&record->lease, driver->account, &record->jobs, &run->plan, &run->jobs,
                             error)) {
        return false;
    }
    pm_figures_lease_begun(driver, record, &run->plan, run->jobs.count);
    return compute(run, error) && submit(run, error) && close_lease(run, error);
}

static bool run_steps(struct pm_driver *driver, struct pm_lease_record *record,
                      struct pm_error *error)
{
    struct run run = {.driver = driver, .record = record};
    bool done = steps(&run, error);
    pm_figures_lease_over(driver);
    if (!done && error->code == PM_ERROR_LIMIT) {
        pm_lease_results_discard(&run.results); /* nobody waits for what was put so far */
    }
    if (!done && error->code == PM_ERROR_UNAVAILABLE) {
        /* the sidecar stayed away to the end; the next start finds the record and closes it */
        pm_log(PM_LOG_WARN, "DRIVER-LEASE-LEFT", "lease=%s: %s", record->lease.id, error->message);
    }
    pm_lease_results_clear(&run.results);
    pm_lease_jobs_clear(&run.jobs);
    pm_submission_clear(&run.submission);
    pm_lease_end_clear(&run.end);
    return done;
}

/* What the sidecar calls too large stays too large: that costs this lease, not the driver. */
bool pm_lease_run(struct pm_driver *driver, struct pm_lease_record *record, struct pm_error *error)
{
    if (run_steps(driver, record, error)) {
        return true;
    }
    if (error->code != PM_ERROR_LIMIT) {
        return false;
    }
    struct pm_lease_end end = {0};
    pm_lease_end_set(&end, PM_LEASE_EXPIRED, PM_CAUSE_TOO_LARGE, pm_driver_now_ms(driver), 0, "%s",
                     error->message);
    return pm_lease_store_expired(driver, record, &end, error);
}
