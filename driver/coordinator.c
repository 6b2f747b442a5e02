#include "driver/coordinator.h"

#include "driver/lease_record.h"
#include "driver/lease_run.h"
#include "driver/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

enum { RECORDS_MAX = 10 * 1000, SWEEP_SLICE = 100, REFUSED_WAIT_MS = 60 * 1000 };

static bool interrupted(struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped");
}

/* Between leases a wait ends with the duration. */
static bool rest(struct pm_driver *driver, int64_t wait_ms, struct pm_error *error)
{
    int64_t until_ms = pm_driver_now_ms(driver) + wait_ms;
    int64_t over_ms = driver->started_ms + driver->settings.duration_ms;
    if (driver->settings.duration_ms > 0 && until_ms > over_ms) {
        until_ms = over_ms;
    }
    return pm_driver_wait_until(driver, until_ms) || interrupted(error);
}

static bool rest_after_failure(struct pm_driver *driver, const struct pm_answer *answer,
                               unsigned *failures, struct pm_error *error)
{
    (*failures)++;
    uint32_t random = driver->host.random(driver->host.context);
    return rest(driver, pm_backoff_ms(*failures, answer->retry_after_ms, random), error);
}

static bool fail_unauthorized(const struct pm_answer *answer, struct pm_error *error)
{
    return pm_fail(
        error, PM_ERROR_REFUSED,
        "the pool does not accept this key's signature: %s; check that the pool's URL is "
        "right and this machine's clock is set",
        answer->reason.message);
}

/* ---- registering ---- */

/* One try; *done when there is no use in another. */
static bool register_once(struct pm_driver *driver, unsigned *failures, bool *done,
                          struct pm_error *error)
{
    struct pm_answer answer;
    bool good = true;
    if (!pm_pool_client_register(driver->pool, &answer, error)) {
        return false;
    }
    switch (answer.kind) {
    case PM_ANSWER_OK:
        pm_notice_clear(&driver->pool_notice, "DRIVER-POOL-BACK");
        pm_log(PM_LOG_INFO, "DRIVER-REGISTERED", "hotkey=%s", driver->address);
        *done = true;
        break;
    case PM_ANSWER_UNAUTHORIZED:
        good = fail_unauthorized(&answer, error);
        break;
    case PM_ANSWER_REFUSED: /* a lease will tell whether the pool minds */
        pm_log(PM_LOG_WARN, "DRIVER-REGISTER-REFUSED", "%s", answer.reason.message);
        *done = true;
        break;
    default:
        pm_notice_raise(&driver->pool_notice, "DRIVER-POOL-AWAY", &answer.reason);
        good = rest_after_failure(driver, &answer, failures, error);
    }
    pm_answer_clear(&answer);
    return good;
}

static bool register_miner(struct pm_driver *driver, struct pm_error *error)
{
    unsigned failures = 0;
    bool done = false;
    while (!done && !pm_driver_over(driver)) {
        if (!register_once(driver, &failures, &done, error)) {
            return false;
        }
    }
    return true;
}

/* ---- leases of an earlier life ---- */

/* Runs a recorded lease. What the sidecar calls too large stays too large: that costs this lease,
 * not the driver. */
static bool run_lease(struct pm_driver *driver, struct pm_lease_record *record,
                      struct pm_error *error)
{
    if (pm_lease_run(driver, record, error)) {
        return true;
    }
    const struct pm_error reason = *error;
    return reason.code == PM_ERROR_LIMIT &&
           pm_lease_run_expire(driver, record, reason.message, error);
}

static bool run_record(struct pm_driver *driver, struct pm_lease_record *record,
                       struct pm_error *error)
{
    if (pm_driver_now_ms(driver) >= record->deadline_ms) {
        return pm_lease_run_expire(driver, record, "it ran out while no driver was there", error);
    }
    pm_log(PM_LOG_INFO, "DRIVER-LEASE-RESUMED", "lease=%s seconds_left=%" PRId64, record->lease.id,
           (record->deadline_ms - pm_driver_now_ms(driver)) / 1000);
    return run_lease(driver, record, error);
}

static bool resume_record(struct pm_driver *driver, const struct pm_record *stored,
                          struct pm_error *error)
{
    struct pm_lease_record record;
    struct pm_error reason = {0};
    if (!pm_lease_record_decode(stored->body, stored->body_size, &record, &reason)) {
        pm_log(PM_LOG_ERROR, "DRIVER-RECORD-BAD", "key=%s: %s", stored->key, reason.message);
        return driver->queue.record_put(driver->queue.context, driver->settings.run_id, stored->key,
                                        PM_LEASE_EXPIRED, reason.message, stored->body,
                                        stored->body_size, error);
    }
    record.maybe_submitted =
        stored->reason != NULL && strcmp(stored->reason, PM_LEASE_SUBMITTING) == 0;
    bool done = run_record(driver, &record, error);
    pm_lease_record_clear(&record);
    return done;
}

static bool resume_open_leases(struct pm_driver *driver, struct pm_error *error)
{
    struct pm_records records = {0};
    char prefix[PM_JOB_KEY_SIZE];
    pm_lease_record_prefix(driver->account, prefix);
    while (!driver->queue.records(driver->queue.context, driver->settings.run_id, prefix,
                                  PM_LEASE_OPEN, RECORDS_MAX, &records, error)) {
        if (!pm_driver_queue_again(driver, pm_driver_end_ms(driver), error)) {
            return false;
        }
    }
    bool done = true;
    for (size_t i = 0; done && i < records.count; i++) {
        done = resume_record(driver, &records.items[i], error);
    }
    pm_records_clear(&records);
    return done;
}

/* Collects one slice of the outcomes under `prefix`; how many there were, or false. */
static bool sweep_slice(struct pm_driver *driver, const char *prefix, size_t *count,
                        struct pm_error *error)
{
    int64_t ids[SWEEP_SLICE];
    struct pm_job_results results = {0};
    const struct pm_driver_queue *queue = &driver->queue;
    if (!queue->results(queue->context, driver->settings.run_id, prefix, SWEEP_SLICE, &results,
                        error)) {
        return false;
    }
    for (size_t i = 0; i < results.count; i++) {
        ids[i] = results.items[i].job_id;
    }
    *count = results.count;
    pm_job_results_clear(&results);
    return *count == 0 || queue->collect(queue->context, ids, *count, error);
}

/* Jobs and outcomes of closed leases: a driver was killed before it collected them. */
static void sweep(struct pm_driver *driver)
{
    char prefix[PM_ACCOUNT_SIZE + 1];
    struct pm_error error = {0};
    size_t length = strlen(driver->account), swept = 0, count = SWEEP_SLICE;
    memcpy(prefix, driver->account, length);
    memcpy(prefix + length, "/", 2);
    bool done =
        driver->queue.cancel(driver->queue.context, driver->settings.run_id, prefix, &error);
    while (done && count == SWEEP_SLICE) { /* a slice that is not full is the last */
        done = sweep_slice(driver, prefix, &count, &error);
        swept += done ? count : 0;
    }
    if (!done) {
        pm_log(PM_LOG_DEBUG, "DRIVER-COLLECT-LATER", "%s", error.message);
    }
    if (swept > 0) {
        pm_log(PM_LOG_INFO, "DRIVER-SWEPT", "outcomes of closed leases: %zu", swept);
    }
}

/* ---- a new lease ---- */

/* Nothing to evaluate and nothing to evolve: closed at once, and then no better than no work. */
static bool is_empty(const struct pm_lease *lease)
{
    return lease->evaluate.count == 0 && (lease->seeds.count == 0 || lease->evolve_budget == 0);
}

static bool rest_without_work(struct pm_driver *driver, struct pm_error *error)
{
    uint32_t random = driver->host.random(driver->host.context);
    return rest(driver, pm_no_work_wait_ms(driver->settings.no_work_wait_ms, random), error);
}

/* *usable is false when the lease is too large to be recorded, which is as far as it gets. */
static bool open_lease(struct pm_driver *driver, struct pm_lease_record *record, bool *usable,
                       struct pm_error *error)
{
    const struct pm_lease *lease = &record->lease;
    driver->counters.leases++;
    pm_log(PM_LOG_INFO, "DRIVER-LEASE",
           "lease=%s window=%" PRId64 " evaluate=%zu seeds=%zu budget=%" PRId64 " seconds=%" PRId64,
           lease->id, lease->window_number, lease->evaluate.count, lease->seeds.count,
           lease->evolve_budget, (record->deadline_ms - pm_driver_now_ms(driver)) / 1000);
    if (lease->skipped > 0) {
        pm_log(PM_LOG_WARN, "DRIVER-LEASE-SKIPPED", "lease=%s: %zu algorithms cannot be used: %s",
               lease->id, lease->skipped, lease->skip_reason.message);
    }
    *usable = true;
    if (pm_lease_run_record(driver, record, error)) {
        driver->lease_notice.active = false;
        if (!run_lease(driver, record, error)) {
            return false;
        }
        if (is_empty(lease)) {
            pm_log(PM_LOG_INFO, "DRIVER-NO-WORK", "lease=%s: there is nothing in it", lease->id);
            return rest_without_work(driver, error);
        }
        return true;
    }
    if (error->code != PM_ERROR_LIMIT) {
        return false;
    }
    *usable = false;
    pm_notice_raise(&driver->lease_notice, "DRIVER-LEASE-BAD", error);
    return true;
}

/* Fills `state` with what became of the lease here; "": nothing yet, or a stop leaves no time to
 * ask (the lease is then recorded, which matters more than being computed twice). */
static bool look_up(struct pm_driver *driver, const struct pm_lease_record *record,
                    char state[PM_RECORD_STATE_SIZE], struct pm_error *error)
{
    char key[PM_JOB_KEY_SIZE];
    const struct pm_driver_queue *queue = &driver->queue;
    pm_lease_record_key(driver->account, record->lease.id, key);
    while (!queue->record_state(queue->context, driver->settings.run_id, key, state, error)) {
        if (pm_driver_stopping(driver)) {
            return true;
        }
        if (!pm_driver_queue_again(driver, record->deadline_ms, error)) {
            return pm_fail_context(error, "looking up lease %s", record->lease.id);
        }
    }
    return true;
}

/* A pool may hand out a lease again whose first answer was lost; one that is closed already would
 * only be computed again for nothing. False: see `reason`. */
static bool may_take(const struct pm_driver *driver, const struct pm_lease_record *record,
                     const char *state, struct pm_error *reason)
{
    const char *id = record->lease.id;
    bool closed = state[0] != '\0' && strcmp(state, PM_LEASE_OPEN) != 0;
    if (record->deadline_ms <= pm_driver_now_ms(driver)) {
        return pm_fail(reason, PM_ERROR_INVALID,
                       "the pool handed out lease %s, which has already run out; is a clock wrong?",
                       id);
    }
    if (closed && strcmp(id, driver->retry_lease_id) != 0) {
        return pm_fail(reason, PM_ERROR_INVALID,
                       "the pool handed out lease %s again, which is closed here as %s; the reason "
                       "was logged then",
                       id, state);
    }
    return true;
}

/* Takes a granted lease through its life. *usable is false when nothing can be done with it. */
static bool take_lease(struct pm_driver *driver, const cJSON *body, bool *usable,
                       struct pm_error *error)
{
    struct pm_lease_record record = {.jobs = driver->settings.jobs};
    snprintf(record.granted_by, sizeof record.granted_by, "%s", pm_pool_client_url(driver->pool));
    struct pm_error reason = {0};
    *usable = false;
    if (!pm_lease_parse(body, &record.lease, &reason)) {
        pm_notice_raise(&driver->lease_notice, "DRIVER-LEASE-BAD", &reason);
        return true;
    }
    record.deadline_ms = record.lease.timeout_ms - pm_pool_client_clock_offset_ms(driver->pool);
    char state[PM_RECORD_STATE_SIZE] = "";
    bool done = look_up(driver, &record, state, error);
    if (done && !may_take(driver, &record, state, &reason)) {
        pm_notice_raise(&driver->lease_notice, "DRIVER-LEASE-BAD", &reason);
    } else if (done) {
        done = open_lease(driver, &record, usable, error);
    }
    pm_lease_record_clear(&record);
    return done;
}

/* Until when another lease is in the way; coarse, so that it is not news every time. */
static void describe_wait(int64_t left_ms, char *out, size_t size)
{
    int64_t minutes = (left_ms + 59999) / 60000;
    if (left_ms < 0) {
        snprintf(out, size, "until it has run out (pools usually give three hours)");
    } else {
        snprintf(out, size, "until it has run out, in %" PRId64 " min at most",
                 minutes > 10 ? (minutes + 9) / 10 * 10 : minutes);
    }
}

/* The pool says that this key has a lease, but none is recorded here: its answer was lost, or
 * another machine has it. */
static bool rest_while_taken(struct pm_driver *driver, const struct pm_answer *answer,
                             struct pm_error *error)
{
    struct pm_error reason = {0};
    char until[64];
    describe_wait(answer->time_remaining_ms, until, sizeof until);
    pm_fail(&reason, PM_ERROR_REFUSED,
            "the pool says: %.200s; this driver knows of no lease that is open, so one was lost on "
            "its way or another machine mines with this key; asked again every %d s, %s",
            answer->reason.message, PM_ACTIVE_TASK_WAIT_MS / 1000, until);
    pm_notice_raise(&driver->lease_notice, "DRIVER-ACTIVE-TASK", &reason);
    return rest(driver, PM_ACTIVE_TASK_WAIT_MS, error);
}

static bool rest_until_next_window(struct pm_driver *driver, int64_t time_remaining_ms,
                                   struct pm_error *error)
{
    if (time_remaining_ms < 0) {
        struct pm_answer health;
        if (!pm_pool_client_health(driver->pool, &health, error)) {
            return false;
        }
        time_remaining_ms = health.time_remaining_ms;
        pm_answer_clear(&health);
    }
    uint32_t random = driver->host.random(driver->host.context);
    int64_t wait_ms =
        pm_window_wait_ms(time_remaining_ms, driver->settings.window_wait_min_ms, random);
    pm_log(PM_LOG_INFO, "DRIVER-NEXT-WINDOW", "this window's lease is done; next in %" PRId64 " s",
           wait_ms / 1000);
    return rest(driver, wait_ms, error);
}

static bool follow_answer(struct pm_driver *driver, const struct pm_answer *answer,
                          unsigned *failures, struct pm_error *error)
{
    bool usable = false;
    if (answer->kind != PM_ANSWER_NOT_NOW && answer->kind != PM_ANSWER_UNUSABLE) {
        pm_notice_clear(&driver->pool_notice, "DRIVER-POOL-BACK");
    }
    switch (answer->kind) {
    case PM_ANSWER_OK:
        if (!take_lease(driver, answer->body, &usable, error)) {
            return false;
        }
        if (usable) {
            *failures = 0;
            return true;
        }
        return rest_after_failure(driver, answer, failures, error);
    case PM_ANSWER_NO_WORK:
        *failures = 0;
        driver->lease_notice.active = false;
        pm_log(PM_LOG_INFO, "DRIVER-NO-WORK", "%s", answer->reason.message);
        return rest_without_work(driver, error);
    case PM_ANSWER_ACTIVE_TASK:
        *failures = 0;
        return rest_while_taken(driver, answer, error);
    case PM_ANSWER_WINDOW_TAKEN:
        *failures = 0;
        driver->lease_notice.active = false;
        return rest_until_next_window(driver, answer->time_remaining_ms, error);
    case PM_ANSWER_UNAUTHORIZED:
        return fail_unauthorized(answer, error);
    case PM_ANSWER_REFUSED:
    case PM_ANSWER_LEASE_GONE:
        pm_notice_raise(&driver->lease_notice, "DRIVER-LEASE-REFUSED", &answer->reason);
        return rest(driver, REFUSED_WAIT_MS, error);
    case PM_ANSWER_NOT_NOW:
    case PM_ANSWER_UNUSABLE:
        pm_notice_raise(&driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        return rest_after_failure(driver, answer, failures, error);
    }
    return true;
}

/* Without a sidecar that has room for a lease none is taken: it could only run out. */
static bool await_room(struct pm_driver *driver, struct pm_error *error)
{
    while (!driver->queue.room(driver->queue.context, PM_JOB_BODY_MAX, error)) {
        if (!pm_driver_queue_again(driver, pm_driver_end_ms(driver), error)) {
            return false;
        }
    }
    pm_driver_queue_works(driver);
    return true;
}

/* A lease that is lost is asked for again, and only then: another machine with the same key has its
 * own, which is none of ours. */
static bool lease_once(struct pm_driver *driver, unsigned *failures, struct pm_error *error)
{
    struct pm_answer answer;
    struct pm_lease_request request = driver->settings.request;
    request.resume = driver->lease_may_be_lost;
    driver->lease_may_be_lost = true;
    if (!pm_pool_client_lease(driver->pool, &request, &answer, error)) {
        return false;
    }
    driver->lease_may_be_lost =
        answer.kind == PM_ANSWER_NOT_NOW || answer.kind == PM_ANSWER_UNUSABLE;
    bool done = follow_answer(driver, &answer, failures, error);
    pm_answer_clear(&answer);
    return done;
}

/* ---- the whole ---- */

/* A sidecar that stayed away is no reason to end: its leases are found again when it is back. */
static bool may_go_on(const struct pm_driver *driver, const struct pm_error *error)
{
    return error->code == PM_ERROR_UNAVAILABLE && !pm_driver_over(driver);
}

static bool live(struct pm_driver *driver, struct pm_error *error)
{
    unsigned failures = 0;
    bool swept = false;
    driver->lease_may_be_lost = true; /* a driver before this one may have been killed */
    if (!register_miner(driver, error)) {
        return false;
    }
    for (;;) {
        bool done = resume_open_leases(driver, error);
        if (done && !swept) {
            sweep(driver);
            swept = true;
        }
        if (done && pm_driver_over(driver)) {
            return true;
        }
        done = done && await_room(driver, error);
        if (done && pm_driver_over(driver)) {
            return true;
        }
        done = done && lease_once(driver, &failures, error);
        if (!done && !may_go_on(driver, error)) {
            return false;
        }
    }
}

bool pm_coordinator_run(struct pm_driver *driver, struct pm_error *error)
{
    struct pm_error end = {0};
    driver->started_ms = pm_driver_now_ms(driver);
    driver->next_report_ms = driver->started_ms + PM_REPORT_EVERY_MS;
    bool done = live(driver, &end);
    pm_report_now(driver, !pm_driver_stopping(driver)); /* a stop must not wait for the network */
    cJSON_Delete(driver->stats);
    driver->stats = NULL;
    if (done || end.code == PM_ERROR_INTERRUPTED) {
        return true;
    }
    if (end.code == PM_ERROR_UNAVAILABLE && pm_driver_over(driver)) {
        return true; /* the duration is over, and what is open is in the sidecar's store */
    }
    return pm_fail(error, end.code, "%s", end.message);
}
