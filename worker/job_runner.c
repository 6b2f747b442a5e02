#include "worker/job_runner.h"

#include "worker/compute.h"
#include "worker/heartbeat.h"
#include "worker/jobs.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

enum { STOP_POLL_MS = 100 };

struct runner {
    const struct pm_job_runner_config *config;
    struct pm_job_queue results, heartbeats;
    struct pm_job next; /* leased with the last result, if `has_next` */
    bool has_next;
    enum pm_error_code away; /* why the last request for work failed; PM_ERROR_NONE: it did not */
};

static void count(atomic_ullong *number)
{
    atomic_fetch_add(number, 1);
}

static bool stopping(const struct runner *runner)
{
    return atomic_load(runner->config->stop);
}

static void pause_before_retry(const struct runner *runner)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + runner->config->retry_ms;
    while (!stopping(runner)) {
        const int64_t left_ms = until_ms - pm_clock_monotonic_ms();
        if (left_ms <= 0) {
            return;
        }
        pm_clock_sleep_ms(left_ms < STOP_POLL_MS ? left_ms : STOP_POLL_MS);
    }
}

/* What the sidecar is to be told about a job. */
struct delivery {
    const struct pm_job *job;
    const struct pm_outcome *outcome; /* NULL: the job failed */
    double seconds;                   /* that it took */
    const char *reason;               /* of the failure */
    bool retry;
    bool wants_next; /* a job to go on with */
};

static struct pm_job_finish finish_of(const struct delivery *delivery)
{
    return (struct pm_job_finish){.job_id = delivery->job->job_id,
                                  .token = delivery->job->token,
                                  .body = delivery->outcome->result,
                                  .body_size = strlen(delivery->outcome->result)};
}

static bool deliver_once(const struct pm_job_queue *queue, const struct delivery *delivery,
                         struct pm_error *error)
{
    const struct pm_job *job = delivery->job;
    if (delivery->outcome != NULL) {
        const struct pm_job_finish finish = finish_of(delivery);
        return queue->finish(queue->context, &finish, error);
    }
    return queue->fail(queue->context, job->job_id, job->token, delivery->reason, delivery->retry,
                       error);
}

/* The lease that came with a result belongs to the connection that the result went over: that one
 * is the heartbeats' from here on. */
static void change_places(struct runner *runner)
{
    const struct pm_job_runner_config *config = runner->config;
    const struct pm_job_queue results = runner->heartbeats;
    runner->heartbeats = runner->results;
    runner->results = results;
    results.set_stop_flag(results.context, config->stop);
    results.set_timeout(results.context, config->result_call_ms);
    runner->heartbeats.set_stop_flag(runner->heartbeats.context, config->late);
    runner->heartbeats.set_timeout(runner->heartbeats.context, config->heartbeat_call_ms);
}

static bool deliver_result(struct runner *runner, const struct delivery *delivery,
                           struct pm_error *error)
{
    const struct pm_job_queue *queue = &runner->results;
    if (delivery->outcome == NULL || !delivery->wants_next) {
        return deliver_once(queue, delivery, error);
    }
    const struct pm_job_finish finish = finish_of(delivery);
    return queue->finish_and_lease(queue->context, &finish, runner->config->run_id, &runner->next,
                                   &runner->has_next, error);
}

/* The sidecar, or its client, does not take what is in the request. */
static bool cannot_be_sent(const struct pm_error *error)
{
    return error->code == PM_ERROR_INVALID || error->code == PM_ERROR_LIMIT;
}

/* An answer that trying again will not change. */
static bool is_final(const struct pm_error *error)
{
    return error->code == PM_ERROR_REFUSED || cannot_be_sent(error);
}

/* Tries until the sidecar has it or says that it does not want it; the heartbeat meanwhile keeps
 * the lease. False with PM_ERROR_INTERRUPTED when the process is to end first. */
static bool deliver(struct runner *runner, const struct delivery *delivery, struct pm_error *error)
{
    bool warned = false;
    while (!stopping(runner)) {
        if (deliver_result(runner, delivery, error)) {
            return true;
        }
        if (is_final(error)) {
            return false;
        }
        if (!warned && error->code != PM_ERROR_INTERRUPTED) {
            pm_log(PM_LOG_WARN, "WORKER-RESULT-WAITS", "job=%lld: %s; it is sent again",
                   (long long)delivery->job->job_id, error->message);
            warned = true;
        }
        pause_before_retry(runner);
    }
    return pm_fail(error, PM_ERROR_INTERRUPTED, "the worker ends");
}

static void log_done(const struct delivery *delivery)
{
    const struct pm_outcome *outcome = delivery->outcome;
    pm_log(PM_LOG_INFO, "WORKER-JOB-DONE", "job=%lld kind=%s count=%zu best=%.4f seconds=%.2f%s",
           (long long)delivery->job->job_id, delivery->job->kind, outcome->count,
           outcome->best_score, delivery->seconds,
           outcome->partial ? " (cut short by its deadline)" : "");
}

static void count_delivery(struct runner *runner, const struct delivery *delivery, bool delivered,
                           const struct pm_error *error)
{
    const long long job_id = delivery->job->job_id;
    if (!delivered) {
        count(&runner->config->tally->lost);
        pm_log(PM_LOG_WARN, "WORKER-RESULT-REFUSED", "job=%lld: %s", job_id, error->message);
    } else if (delivery->outcome != NULL) {
        count(&runner->config->tally->done);
        log_done(delivery);
    } else {
        count(&runner->config->tally->failed);
        pm_log(PM_LOG_WARN, "WORKER-JOB-FAILED", "job=%lld: %s", job_id, delivery->reason);
    }
}

/* A job that was not begun; a checkpoint of it stays as it is. */
static void hand_back(struct runner *runner, const struct pm_job *job, const char *reason)
{
    const struct pm_job_queue *queue = &runner->heartbeats;
    struct pm_error error = {0};
    count(&runner->config->tally->released);
    if (queue->release(queue->context, job->job_id, job->token, NULL, 0, &error)) {
        pm_log(PM_LOG_INFO, "WORKER-JOB-RELEASED", "job=%lld: %s", (long long)job->job_id, reason);
    } else {
        pm_log(PM_LOG_WARN, "WORKER-RELEASE-FAILED",
               "job=%lld: %s; it goes back when its lease runs out", (long long)job->job_id,
               error.message);
    }
}

/* Bad input is bad for everybody; want of memory or of time is this worker's. */
static bool worth_a_retry(const struct pm_error *error)
{
    return error->code == PM_ERROR_MEMORY || error->code == PM_ERROR_IO;
}

static struct pm_gate *gate_of(const struct runner *runner)
{
    return runner->config->pause != NULL ? &runner->config->pause->gate : NULL;
}

static bool parse_and_compute(const struct runner *runner, const struct pm_job *job,
                              struct pm_job_control *control, struct pm_outcome *outcome,
                              struct pm_error *error)
{
    struct pm_work work;
    if (!pm_work_parse(job->body, job->body_size, &work, error)) {
        return false;
    }
    const struct pm_compute_config config = {.bench = runner->config->bench,
                                             .control = control,
                                             .gate = gate_of(runner),
                                             .threads = runner->config->threads,
                                             .deadline_ms = job->deadline_ms,
                                             .checkpoint = job->checkpoint,
                                             .checkpoint_size = job->checkpoint_size,
                                             .checkpoint_interval_ms =
                                                 runner->config->checkpoint_interval_ms};
    const bool ok = pm_compute(&config, &work, outcome, error);
    pm_work_clear(&work);
    return ok;
}

static bool resting(const struct runner *runner)
{
    return runner->config->pause != NULL && pm_pause_is_on(runner->config->pause, NULL);
}

/* A job that was leased, while its heartbeat runs and until its fate is settled. */
struct attempt {
    struct runner *runner;
    struct pm_job_control *control;
    struct pm_heartbeat *heartbeat;
    struct pm_outcome outcome;
    struct delivery delivery;
    enum pm_stop_cause cause; /* why computing was told to stop; PM_STOP_NONE: it was not */
    bool computed;            /* there is an outcome */
    bool given_up;            /* there is none because the lease was lost or the worker ends */
    bool delivered;           /* the sidecar has been told the outcome, or the failure */
    struct pm_error failure;  /* why there is no outcome to deliver */
    struct pm_error error;    /* why it was not delivered */
};

static void compute(struct attempt *attempt, const struct pm_job *job)
{
    const int64_t start_ns = pm_clock_monotonic_ns();
    attempt->computed = parse_and_compute(attempt->runner, job, attempt->control, &attempt->outcome,
                                          &attempt->failure);
    attempt->delivery = (struct delivery){
        .job = job,
        .outcome = attempt->computed ? &attempt->outcome : NULL,
        .seconds = (double)(pm_clock_monotonic_ns() - start_ns) * 1e-9,
        .reason = attempt->failure.message,
        .retry = !attempt->computed && worth_a_retry(&attempt->failure),
        .wants_next = !resting(attempt->runner),
    };
    attempt->cause = pm_job_control_cause(attempt->control);
    attempt->given_up = !attempt->computed &&
                        (attempt->cause == PM_STOP_LOST || attempt->cause == PM_STOP_SHUTDOWN);
}

/* Delivers the outcome, or the failure. An outcome that cannot be sent at all becomes a failure:
 * sent again, by whichever worker, it would be turned down again. */
static void deliver_attempt(struct attempt *attempt)
{
    if (attempt->given_up || attempt->cause == PM_STOP_LOST) {
        return;
    }
    pm_job_control_set_delivering(attempt->control);
    attempt->delivered = deliver(attempt->runner, &attempt->delivery, &attempt->error);
    if (!attempt->delivered && attempt->computed && cannot_be_sent(&attempt->error)) {
        attempt->failure = attempt->error;
        attempt->delivery.outcome = NULL;
        attempt->delivered = deliver(attempt->runner, &attempt->delivery, &attempt->error);
    }
}

/* After the heartbeat's end: gives the job back if it was given up, and counts what became of it.
 * When the end of the worker came between computing and delivering, there is one last try. */
static void settle(struct attempt *attempt)
{
    struct runner *runner = attempt->runner;
    if (attempt->cause == PM_STOP_LOST) {
        count(&runner->config->tally->lost);
        return;
    }
    if (attempt->heartbeat->released) {
        return;
    }
    if (attempt->given_up) {
        pm_heartbeat_release(attempt->heartbeat);
        return;
    }
    if (!attempt->delivered && attempt->error.code == PM_ERROR_INTERRUPTED) {
        attempt->delivered = deliver_once(&runner->heartbeats, &attempt->delivery, &attempt->error);
    }
    count_delivery(runner, &attempt->delivery, attempt->delivered, &attempt->error);
}

static void run_leased(struct runner *runner, const struct pm_job *job,
                       struct pm_job_control *control, struct pm_heartbeat *heartbeat)
{
    struct attempt attempt = {.runner = runner, .control = control, .heartbeat = heartbeat};
    compute(&attempt, job);
    deliver_attempt(&attempt);
    pm_heartbeat_join(heartbeat);
    settle(&attempt);
    free(attempt.outcome.result);
}

static void run_job(struct runner *runner, const struct pm_job *job)
{
    struct pm_job_control control;
    struct pm_heartbeat heartbeat;
    struct pm_error error = {0};
    pm_log(PM_LOG_INFO, "WORKER-JOB-START",
           "job=%lld run=%s kind=%s attempt=%lld bytes=%zu checkpoint=%zu", (long long)job->job_id,
           job->run_id, job->kind, (long long)job->attempt, job->body_size, job->checkpoint_size);
    pm_job_control_init(&control);
    const struct pm_heartbeat_config config = {.queue = &runner->heartbeats,
                                               .starter = runner->config->starter,
                                               .job = job,
                                               .control = &control,
                                               .pause = runner->config->pause,
                                               .stop = runner->config->stop,
                                               .patience_ms = runner->config->patience_ms,
                                               .late = runner->config->late,
                                               .tally = runner->config->tally,
                                               .show_progress = runner->config->show_progress};
    if (pm_heartbeat_start(&heartbeat, &config, &error)) {
        run_leased(runner, job, &control, &heartbeat);
    } else {
        const struct delivery delivery = {.job = job, .reason = error.message, .retry = true};
        struct pm_error refusal = {0};
        const bool delivered = deliver(runner, &delivery, &refusal);
        count_delivery(runner, &delivery, delivered, &refusal);
    }
    pm_job_control_clear(&control);
}

/* Said once, not once a try. */
static void note_no_answer(struct runner *runner, const struct pm_error *error)
{
    if (error->code == PM_ERROR_INTERRUPTED) {
        return;
    }
    if (runner->away != error->code) {
        pm_log(PM_LOG_WARN, "WORKER-SIDECAR-AWAY", "%s; asking for work goes on", error->message);
    }
    runner->away = error->code;
}

static void note_answer(struct runner *runner)
{
    if (runner->away != PM_ERROR_NONE) {
        pm_log(PM_LOG_WARN, "WORKER-SIDECAR-BACK", "asking for work is answered again");
    }
    runner->away = PM_ERROR_NONE;
}

/* Who rests asks for no work. */
static void await_rest_over(const struct runner *runner)
{
    while (resting(runner) && !stopping(runner)) {
        pm_gate_pass(gate_of(runner));
    }
}

/* Waits for a job. False: there was none, or no answer. */
static bool lease(struct runner *runner, struct pm_job *job)
{
    const struct pm_job_runner_config *config = runner->config;
    const struct pm_job_queue *queue = &runner->heartbeats;
    struct pm_error error = {0};
    bool found = false;
    queue->set_stop_flag(queue->context, config->stop);
    if (!queue->lease(queue->context, config->run_id, config->wait_ms, job, &found, &error)) {
        note_no_answer(runner, &error);
        pause_before_retry(runner);
        return false;
    }
    queue->set_stop_flag(queue->context, config->late);
    note_answer(runner);
    return found;
}

/* Runs a job, and those that come with the results. */
static void run_jobs(struct runner *runner, struct pm_job *job)
{
    for (bool more = true; more;) {
        runner->has_next = false;
        if (resting(runner)) {
            hand_back(runner, job, "the worker rests; it was asked for just before");
        } else {
            run_job(runner, job);
        }
        pm_job_clear(job);
        more = runner->has_next;
        if (more) {
            *job = runner->next;
            change_places(runner);
        }
    }
}

void pm_job_runner_run(const struct pm_job_runner_config *config)
{
    struct runner runner = {
        .config = config, .results = config->queue, .heartbeats = config->heartbeats};
    omp_set_num_threads((int)config->threads);
    config->queue.set_stop_flag(config->queue.context, config->stop);
    for (;;) {
        await_rest_over(&runner);
        if (stopping(&runner)) {
            return;
        }
        struct pm_job job = {0};
        if (lease(&runner, &job)) {
            run_jobs(&runner, &job);
        }
    }
}
