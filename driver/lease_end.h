/* How a lease ended and why, as its record keeps it: docs/driver.md, "Records". */
#ifndef DRIVER_LEASE_END_H
#define DRIVER_LEASE_END_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

#define PM_LEASE_OPEN "open"           /* being computed or submitted */
#define PM_LEASE_SUBMITTED "submitted" /* the pool acknowledged it */
#define PM_LEASE_REFUSED "refused"     /* the pool refused it for good; the reason is kept */
#define PM_LEASE_EXPIRED "expired"     /* ran out, or the pool no longer knows it */

/* Why a lease that was not submitted was not; "" for one that was. */
#define PM_CAUSE_RAN_OUT "ran_out"           /* its time was over; late_ms says for how long */
#define PM_CAUSE_ANSWER_LOST "answer_lost"   /* an earlier try probably got through */
#define PM_CAUSE_CLOSED_EARLY "closed_early" /* the pool no longer knows it, before its time */
#define PM_CAUSE_SIGNATURE "signature"       /* the pool's refusal speaks of these ... */
#define PM_CAUSE_WINDOW "window"
#define PM_CAUSE_ITERATIONS "iterations"
#define PM_CAUSE_CONTENT "content"             /* ... or of anything else */
#define PM_CAUSE_TOO_LARGE "too_large"         /* the sidecar does not take it */
#define PM_CAUSE_NOTHING_FOUND "nothing_found" /* a task for evolution, and nothing new */

struct pm_lease_end {
    const char *state;      /* one of the above; NULL: not ended yet */
    const char *cause;      /* the same */
    struct pm_error reason; /* .message: in words, "" when submitted */
    int64_t closed_ms;      /* unix, our clock */
    int64_t late_ms;        /* after the lease's end; 0: in time */
    int http_status;        /* of the pool's last answer; 0: none */
    cJSON *answer;          /* what the pool acknowledged with, or NULL */
    cJSON *left_out;        /* jobs whose work is not in the submission, or NULL */
};
void pm_lease_end_clear(struct pm_lease_end *end);

/* Sets how the lease ended: one of the states and causes above, when, how long after its end
 * (below 0 counts as 0), and the reason in words. */
__attribute__((format(printf, 6, 7))) void pm_lease_end_set(struct pm_lease_end *end,
                                                            const char *state, const char *cause,
                                                            int64_t now_ms, int64_t late_ms,
                                                            const char *format, ...);

/* The cause that the words of a pool's refusal speak of: one of PM_CAUSE_SIGNATURE to _CONTENT. */
const char *pm_lease_refusal_cause(const char *reason);

/* Notes that a job's work is not in the submission. At most 64 jobs are noted; of others, and when
 * memory is out, only the log tells. */
void pm_lease_end_leave_out(struct pm_lease_end *end, const char *job, const char *reason);

/* How many of the submitted evolutions the pool calls duplicates in its acknowledgement: it had
 * them already. */
size_t pm_lease_end_duplicates(const struct pm_lease_end *end);

/* Adds the members that a record has of this to `object`; false when memory is out. */
bool pm_lease_end_write(const struct pm_lease_end *end, cJSON *object);

#endif
