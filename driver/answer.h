/* What a pool's answer means to the driver: the table in docs/driver.md, "What the pool says, and
 * what follows". Pure. */
#ifndef DRIVER_ANSWER_H
#define DRIVER_ANSWER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/http_client.h>

enum pm_call {
    PM_CALL_REGISTER,
    PM_CALL_LEASE, /* asks for work, which is a lease or a task */
    PM_CALL_SUBMIT,
    PM_CALL_STATS,
    PM_CALL_HEALTH,
};

enum pm_answer_kind {
    PM_ANSWER_OK,           /* the call succeeded */
    PM_ANSWER_ACTIVE_TASK,  /* no work is given while an earlier lease of this key is open */
    PM_ANSWER_WINDOW_TAKEN, /* this window's lease has been had: wait for the next window */
    PM_ANSWER_NO_WORK,      /* the pool has no work now */
    PM_ANSWER_MISSING,      /* this pool does not offer this kind of work */
    PM_ANSWER_LEASE_GONE,   /* submit: the lease expired, or was submitted by an earlier try */
    PM_ANSWER_UNAUTHORIZED, /* the signature is not accepted, though our clock was corrected */
    PM_ANSWER_REFUSED,      /* the pool will never accept this request */
    PM_ANSWER_NOT_NOW,      /* 429, 5xx or no answer: the same request may succeed later */
    PM_ANSWER_UNUSABLE,     /* bad JSON, too large, a redirect, wrong types: like NOT_NOW */
};

struct pm_answer {
    enum pm_answer_kind kind;
    int status;   /* HTTP status code; 0: there was no answer at all */
    bool lost;    /* the request may have arrived, but its answer did not */
    bool foreign; /* an error not in the form of a pool's: a proxy in between may have sent it */
    int64_t retry_after_ms;    /* from the Retry-After header; -1: it has none */
    int64_t time_remaining_ms; /* until the pool's window ends; -1: the answer does not say */
    struct pm_error reason;    /* .message: the pool's words, or what failed; "" when OK */
    cJSON *body;               /* the JSON object of a usable answer, else NULL */
};
void pm_answer_clear(struct pm_answer *answer);

/* Returns false with PM_ERROR_REFUSED, whose message has the pool's words and what the user should
 * check. For an answer of the kind PM_ANSWER_UNAUTHORIZED. */
bool pm_answer_fail_unauthorized(const struct pm_answer *answer, struct pm_error *error);

/* Fills in `out` from what came of a call: `response`, and `error` if pm_http_perform failed with
 * one, else NULL. The caller clears `out` afterwards. */
void pm_answer_classify(enum pm_call call, const struct pm_http_response *response,
                        const struct pm_error *error, struct pm_answer *out);

#endif
