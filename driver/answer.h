/* What a pool's answer means: the table "Answers a driver must tell apart" as an enum. Pure. */
#ifndef DRIVER_ANSWER_H
#define DRIVER_ANSWER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/http_client.h>

enum pm_call {
    PM_CALL_REGISTER,
    PM_CALL_LEASE, /* asks for work: a lease or a task */
    PM_CALL_SUBMIT,
    PM_CALL_STATS,
    PM_CALL_HEALTH,
};

enum pm_answer_kind {
    PM_ANSWER_OK,           /* done */
    PM_ANSWER_ACTIVE_TASK,  /* an earlier lease is still open */
    PM_ANSWER_WINDOW_TAKEN, /* one lease a window: wait for the next */
    PM_ANSWER_NO_WORK,      /* nothing to do now */
    PM_ANSWER_MISSING,      /* this pool has no such call for work */
    PM_ANSWER_LEASE_GONE,   /* submit: expired, or an earlier try got through */
    PM_ANSWER_UNAUTHORIZED, /* bad signature or clock, also after the clock was corrected */
    PM_ANSWER_REFUSED,      /* this request is refused for good */
    PM_ANSWER_NOT_NOW,      /* 429, 5xx or no answer: the same request again, later */
    PM_ANSWER_UNUSABLE,     /* bad JSON, too large, a redirect, wrong types: as NOT_NOW */
};

struct pm_answer {
    enum pm_answer_kind kind;
    int status;                /* HTTP; 0: no answer at all */
    bool lost;                 /* the request may have arrived, its answer did not */
    bool foreign;              /* an error without a pool's words: of who stands in between? */
    int64_t retry_after_ms;    /* from Retry-After; -1: none */
    int64_t time_remaining_ms; /* of the pool's window, where the answer says; -1: unknown */
    struct pm_error reason;    /* .message: the pool's words, or what failed; "" when OK */
    cJSON *body;               /* the JSON object of a usable answer, else NULL */
};
void pm_answer_clear(struct pm_answer *answer);

/* PM_ERROR_REFUSED, with the pool's words and what to look at. Returns false. */
bool pm_answer_fail_unauthorized(const struct pm_answer *answer, struct pm_error *error);

/* Classifies. `error` is what pm_http_perform said, or NULL when it succeeded. `out` is cleared by
 * the caller afterwards. */
void pm_answer_classify(enum pm_call call, const struct pm_http_response *response,
                        const struct pm_error *error, struct pm_answer *out);

#endif
