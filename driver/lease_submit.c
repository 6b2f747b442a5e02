#include "driver/lease_submit.h"

#include "driver/endpoints.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MIN_MS = 5 * 1000, /* a pool may be slow */
    LAST_TRY_MS = 3 * 1000,     /* before the lease's end */
    STATUS_TOO_LARGE = 413,     /* stays so, whoever says it */
    FOREIGN_MAX = 8,            /* tries: one to two minutes */
};

struct sending {
    struct pm_driver *driver;
    struct pm_lease_record *record;
    const struct pm_lease_plan *plan;
    bool tried;                       /* an earlier try of this submission may have arrived */
    bool empty;                       /* there is nothing in it */
    unsigned attempts, late_attempts; /* those after the lease's end */
    unsigned foreign;                 /* refusals in nobody's words */
    struct pm_lease_end *end;
};

/* The pool no longer knows the lease: tells which story is the likelier. */
static void end_gone(struct sending *sending)
{
    int64_t now_ms = pm_driver_now_ms(sending->driver);
    int64_t late_ms = now_ms - sending->record->deadline_ms;
    if (sending->tried) {
        pm_lease_end_set(sending->end, PM_LEASE_EXPIRED, PM_CAUSE_ANSWER_LOST, now_ms, late_ms,
                         "the pool no longer has this lease; an earlier try whose answer was lost "
                         "probably got through, so its work is likely counted");
    } else if (late_ms >= 0) {
        pm_lease_end_set(sending->end, PM_LEASE_EXPIRED, PM_CAUSE_RAN_OUT, now_ms, late_ms,
                         "the pool no longer has this lease; it ran out %" PRId64
                         " s before the pool's answer to the submission",
                         late_ms / 1000);
    } else {
        pm_lease_end_set(sending->end, PM_LEASE_EXPIRED, PM_CAUSE_CLOSED_EARLY, now_ms, 0,
                         "the pool no longer has this lease, though %" PRId64
                         " s of its time are left: the pool closed it early",
                         -late_ms / 1000);
    }
}

static void end_refused(struct sending *sending, const struct pm_answer *answer)
{
    int64_t now_ms = pm_driver_now_ms(sending->driver);
    pm_lease_end_set(sending->end, PM_LEASE_REFUSED, pm_lease_refusal_cause(answer->reason.message),
                     now_ms, now_ms - sending->record->deadline_ms, "%s", answer->reason.message);
}

static void end_submitted(struct sending *sending, struct pm_answer *answer)
{
    pm_lease_end_set(sending->end, PM_LEASE_SUBMITTED, "", pm_driver_now_ms(sending->driver), 0,
                     "%s", "");
    sending->end->answer = answer->body;
    answer->body = NULL;
}

/* Another address than the one that granted the lease may be another pool behind the same name: its
 * no says nothing about this lease. */
static bool is_strangers(const struct sending *sending, const struct pm_answer *answer)
{
    const char *granted_by = sending->record->granted_by;
    return answer->kind != PM_ANSWER_OK && granted_by[0] != '\0' &&
           strcmp(granted_by, pm_pool_client_url(sending->driver->pool)) != 0;
}

/* ---- the record meanwhile ---- */

/* For the next start, should this one be killed or end: it can then tell a lost answer from a lease
 * that ran out. Only that, so a sidecar that is away does not hold up the submission. */
static void note(const struct sending *sending, const char *reason)
{
    const struct pm_driver_queue *queue = &sending->driver->queue;
    char key[PM_JOB_KEY_SIZE];
    struct pm_error ignored = {0};
    char *body = pm_lease_record_encode(sending->record, &ignored);
    pm_lease_record_key(sending->driver->account, sending->record->lease.id, key);
    if (body != NULL) {
        const struct pm_record_put put = {.run_id = sending->driver->settings.run_id,
                                          .key = key,
                                          .state = PM_LEASE_OPEN,
                                          .reason = reason,
                                          .body = body,
                                          .body_size = strlen(body)};
        queue->record_put(queue->context, &put, &ignored);
    }
    free(body);
}

static bool fail_unauthorized(struct sending *sending, const struct pm_answer *answer,
                              struct pm_error *error)
{
    pm_fail(error, PM_ERROR_REFUSED,
            "the pool does not accept this key's signature: %s; check the clock and the "
            "pool's URL (the lease stays open and is submitted at the next start)",
            answer->reason.message);
    sending->record->maybe_submitted = sending->tried;
    note(sending, error->message);
    return false;
}

/* ---- tries ---- */

/* A refusal without a pool's words may be a firewall's or a proxy's, which does not stay: only if
 * it does for a while is it taken for the pool's. */
static bool is_doubtful(struct sending *sending, const struct pm_answer *answer)
{
    return answer->foreign && answer->status != STATUS_TOO_LARGE &&
           ++sending->foreign < FOREIGN_MAX;
}

/* Whoever was asked: another address may be another door of the same pool. */
static bool may_have_arrived(const struct pm_answer *answer)
{
    return (answer->kind == PM_ANSWER_NOT_NOW || answer->kind == PM_ANSWER_UNUSABLE) &&
           (answer->lost || answer->status >= 500);
}

/* Sets the end when the answer settles the matter. False: the pool does not accept the key. */
static bool judge(struct sending *sending, struct pm_answer *answer, struct pm_error *error)
{
    sending->end->http_status = answer->status;
    sending->tried = sending->tried || may_have_arrived(answer);
    if (is_strangers(sending, answer)) {
        pm_notice_raise(&sending->driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        return true;
    }
    switch (answer->kind) {
    case PM_ANSWER_OK:
        end_submitted(sending, answer);
        return true;
    case PM_ANSWER_LEASE_GONE:
        end_gone(sending);
        return true;
    case PM_ANSWER_UNAUTHORIZED:
        return fail_unauthorized(sending, answer, error);
    case PM_ANSWER_NOT_NOW:
    case PM_ANSWER_UNUSABLE:
        pm_notice_raise(&sending->driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        return true;
    default:
        if (is_doubtful(sending, answer)) {
            pm_notice_raise(&sending->driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        } else {
            end_refused(sending, answer);
        }
        return true;
    }
}

/* Each try goes to the address that granted the lease; after three failures every other one goes
 * elsewhere, which may be another door of the same pool. One that does not answer at all leaves
 * time for others: a try has a quarter of what is left. */
static struct pm_lease_submission next_try(const struct sending *sending, const cJSON *content)
{
    const struct pm_lease_record *record = sending->record;
    int64_t patience_ms = (record->deadline_ms - pm_driver_now_ms(sending->driver)) / 4;
    return (struct pm_lease_submission){
        .kind = record->lease.kind,
        .lease_id = record->lease.id,
        .content = content,
        .url = record->granted_by[0] == '\0' ? NULL : record->granted_by,
        .elsewhere = sending->attempts >= PM_ENDPOINT_FAILURES_MAX && sending->attempts % 2 == 1,
        .timeout_ms = patience_ms < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : patience_ms,
    };
}

/* ---- after the lease's end ---- */

/* The pool knows better than this machine's clock whether a lease is over, so it is asked once; and
 * of a submission that may have arrived it still tells what became of it. Tries are counted, for
 * the clock may jump. */
static bool asks_on(const struct sending *sending)
{
    return sending->late_attempts == 0
               ? sending->tried || !sending->empty
               : sending->tried && sending->late_attempts < PM_LATE_ATTEMPTS_MAX;
}

static void end_ran_out(struct sending *sending, int64_t now_ms)
{
    const int64_t late_ms = now_ms - sending->record->deadline_ms;
    pm_lease_end_set(sending->end, PM_LEASE_EXPIRED,
                     sending->tried ? PM_CAUSE_ANSWER_LOST : PM_CAUSE_RAN_OUT, now_ms, late_ms,
                     "the lease ran out before the pool acknowledged the submission, %" PRId64
                     " s ago, after %u tries%s",
                     late_ms / 1000, sending->attempts,
                     sending->tried ? ", one of which may have got through" : "");
}

/* When the next try, or the wait for it, has to be over: the lease's end, and after that the
 * driver's; 0: never. */
static int64_t limit_ms(const struct sending *sending, int64_t now_ms)
{
    return now_ms < sending->record->deadline_ms ? sending->plan->deadline_ms
                                                 : pm_driver_end_ms(sending->driver);
}

/* What is not tried before the lease runs out is probably lost: however long the wait is, there is
 * one more try shortly before. And no pool holds up what comes after the end. */
static int64_t time_of_next_try(const struct sending *sending, int64_t now_ms, int64_t wait_ms)
{
    const int64_t last_ms = sending->record->deadline_ms - LAST_TRY_MS;
    const int64_t limit = limit_ms(sending, now_ms);
    const bool late = now_ms >= sending->record->deadline_ms;
    int64_t next_ms = now_ms + (late && wait_ms > PM_BACKOFF_MAX_MS ? PM_BACKOFF_MAX_MS : wait_ms);
    if (next_ms > last_ms && now_ms < last_ms) {
        next_ms = last_ms;
    }
    return limit > 0 && next_ms > limit ? limit : next_ms;
}

/* One try; then, unless that settled it, the wait before the next. */
static bool submit_once(struct sending *sending, const cJSON *content, struct pm_error *error)
{
    struct pm_driver *driver = sending->driver;
    const struct pm_lease_submission submission = next_try(sending, content);
    struct pm_answer answer;
    if (!pm_pool_client_submit(driver->pool, &submission, &answer, error)) {
        return false;
    }
    sending->attempts++;
    sending->late_attempts += pm_driver_now_ms(driver) >= sending->record->deadline_ms ? 1 : 0;
    bool accepted = judge(sending, &answer, error);
    uint32_t random = driver->host.random(driver->host.context);
    const int64_t next_ms =
        time_of_next_try(sending, pm_driver_now_ms(driver),
                         pm_backoff_ms(sending->attempts, answer.retry_after_ms, random));
    pm_answer_clear(&answer);
    if (!accepted || sending->end->state != NULL) {
        return accepted;
    }
    if (!pm_driver_wait_until(driver, next_ms)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped before a submission was acknowledged");
    }
    return true;
}

static bool submit_content(struct sending *sending, const cJSON *content, struct pm_error *error)
{
    const struct pm_lease_record *record = sending->record;
    note(sending, PM_LEASE_SUBMITTING);
    while (sending->end->state == NULL) {
        int64_t now_ms = pm_driver_now_ms(sending->driver);
        if (now_ms >= record->deadline_ms && !asks_on(sending)) {
            end_ran_out(sending, now_ms);
            return true;
        }
        const int64_t end_ms = limit_ms(sending, now_ms);
        if (end_ms > 0 && now_ms >= end_ms) {
            return pm_fail(error, PM_ERROR_INTERRUPTED,
                           "the time is over before the pool acknowledged a submission");
        }
        if (!submit_once(sending, content, error)) {
            return false;
        }
    }
    pm_notice_clear(&sending->driver->pool_notice, "DRIVER-POOL-BACK");
    return true;
}

bool pm_lease_submit(struct pm_driver *driver, struct pm_lease_record *record,
                     const struct pm_lease_plan *plan, const struct pm_submission *submission,
                     struct pm_lease_end *end, struct pm_error *error)
{
    cJSON *content = pm_submission_write(submission);
    if (content == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a submission");
    }
    struct sending sending = {.driver = driver,
                              .record = record,
                              .plan = plan,
                              .tried = record->maybe_submitted,
                              .empty = submission->evaluation_count == 0 &&
                                       submission->evolution_count == 0,
                              .end = end};
    bool done = submit_content(&sending, content, error);
    cJSON_Delete(content);
    return done;
}
