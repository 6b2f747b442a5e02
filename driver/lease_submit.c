#include "driver/lease_submit.h"

#include <stdlib.h>
#include <string.h>

struct sending {
    struct pm_driver *driver;
    struct pm_lease_record *record;
    const struct pm_lease_plan *plan;
    bool tried; /* an earlier try of this submission may have arrived */
    struct pm_lease_end end;
};

static void end(struct sending *sending, const char *state, enum pm_error_code code,
                const char *reason)
{
    sending->end.state = state;
    pm_fail(&sending->end.reason, code, "%s", reason);
}

/* The pool no longer knows the lease: tells which story is the likelier. */
static void end_gone(struct sending *sending)
{
    if (sending->tried) {
        end(sending, PM_LEASE_EXPIRED, PM_ERROR_NOT_FOUND,
            "the pool no longer has this lease; an earlier try whose answer was lost probably got "
            "through, so its work is likely counted");
    } else if (pm_driver_now_ms(sending->driver) >= sending->record->deadline_ms) {
        end(sending, PM_LEASE_EXPIRED, PM_ERROR_NOT_FOUND,
            "the pool no longer has this lease; it ran out before the submission arrived");
    } else {
        end(sending, PM_LEASE_EXPIRED, PM_ERROR_NOT_FOUND,
            "the pool no longer has this lease, though its time is not over: the pool closed it "
            "early");
    }
}

/* Another address than the one that granted the lease may be another pool behind the same name: its
 * no says nothing about this lease. */
static bool is_strangers(const struct sending *sending, const struct pm_answer *answer)
{
    const char *granted_by = sending->record->granted_by;
    return answer->kind != PM_ANSWER_OK && granted_by[0] != '\0' &&
           strcmp(granted_by, pm_pool_client_url(sending->driver->pool)) != 0;
}

/* Sets the end when the answer settles the matter. False: the pool does not accept the key. */
static bool judge(struct sending *sending, const struct pm_answer *answer, struct pm_error *error)
{
    if (is_strangers(sending, answer)) {
        pm_notice_raise(&sending->driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        return true;
    }
    switch (answer->kind) {
    case PM_ANSWER_OK:
        end(sending, PM_LEASE_SUBMITTED, PM_ERROR_NONE, "");
        return true;
    case PM_ANSWER_LEASE_GONE:
        end_gone(sending);
        return true;
    case PM_ANSWER_UNAUTHORIZED:
        return pm_fail(error, PM_ERROR_REFUSED,
                       "the pool does not accept this key's signature: %s; check the clock and the "
                       "pool's URL (the lease stays open and is submitted at the next start)",
                       answer->reason.message);
    case PM_ANSWER_NOT_NOW:
    case PM_ANSWER_UNUSABLE:
        sending->tried = sending->tried || answer->lost || answer->status >= 500;
        pm_notice_raise(&sending->driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        return true;
    default:
        end(sending, PM_LEASE_REFUSED, PM_ERROR_REFUSED, answer->reason.message);
        return true;
    }
}

/* One try; then, unless that settled it, the wait before the next. */
static bool submit_once(struct sending *sending, const cJSON *content, unsigned attempt,
                        struct pm_error *error)
{
    struct pm_driver *driver = sending->driver;
    struct pm_answer answer;
    if (!pm_pool_client_submit(driver->pool, sending->record->lease.id, content, &answer, error)) {
        return false;
    }
    bool accepted = judge(sending, &answer, error);
    uint32_t random = driver->host.random(driver->host.context);
    int64_t next_ms =
        pm_driver_now_ms(driver) + pm_backoff_ms(attempt, answer.retry_after_ms, random);
    pm_answer_clear(&answer);
    if (!accepted || sending->end.state != NULL) {
        return accepted;
    }
    if (next_ms > sending->plan->deadline_ms) {
        next_ms = sending->plan->deadline_ms;
    }
    if (!pm_driver_wait_until(driver, next_ms)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped before a submission was acknowledged");
    }
    return true;
}

/* For the next start, in case this one is killed: it can then tell a lost answer from a lease that
 * ran out. Only that, so a sidecar that is away does not hold up the submission. */
static void note_submitting(const struct sending *sending)
{
    const struct pm_driver_queue *queue = &sending->driver->queue;
    char key[PM_JOB_KEY_SIZE];
    struct pm_error ignored = {0};
    char *body = pm_lease_record_encode(sending->record, &ignored);
    pm_lease_record_key(sending->driver->account, sending->record->lease.id, key);
    if (body != NULL) {
        queue->record_put(queue->context, sending->driver->settings.run_id, key, PM_LEASE_OPEN,
                          PM_LEASE_SUBMITTING, body, strlen(body), &ignored);
    }
    free(body);
}

static bool submit_content(struct sending *sending, const cJSON *content, struct pm_error *error)
{
    note_submitting(sending);
    for (unsigned attempt = 1; sending->end.state == NULL; attempt++) {
        int64_t now_ms = pm_driver_now_ms(sending->driver);
        if (now_ms >= sending->record->deadline_ms) {
            end(sending, PM_LEASE_EXPIRED, PM_ERROR_UNAVAILABLE,
                "the lease ran out before the pool acknowledged the submission");
        } else if (now_ms >= sending->plan->deadline_ms) {
            return pm_fail(error, PM_ERROR_INTERRUPTED,
                           "the time is over before the pool acknowledged a submission");
        } else if (!submit_once(sending, content, attempt, error)) {
            return false;
        }
    }
    if (sending->end.reason.code != PM_ERROR_UNAVAILABLE) {
        pm_notice_clear(&sending->driver->pool_notice, "DRIVER-POOL-BACK");
    }
    return true;
}

bool pm_lease_submit(struct pm_driver *driver, struct pm_lease_record *record,
                     const struct pm_lease_plan *plan, const struct pm_submission *submission,
                     struct pm_lease_end *out, struct pm_error *error)
{
    cJSON *content = pm_submission_write(submission);
    if (content == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a submission");
    }
    struct sending sending = {
        .driver = driver, .record = record, .plan = plan, .tried = record->maybe_submitted};
    bool done = submit_content(&sending, content, error);
    cJSON_Delete(content);
    *out = sending.end;
    return done;
}
