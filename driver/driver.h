/* What the driver's parts share: its surroundings as function pointers, so that tests can replace
 * them, its settings, and its counters. One thread. */
#ifndef DRIVER_DRIVER_H
#define DRIVER_DRIVER_H

#include "driver/figures.h"
#include "driver/lease_jobs.h"
#include "driver/pool_client.h"
#include "driver/share.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/queue_client.h>

/* The queue, as much of it as the driver uses; promises as in poolminer/queue_client.h. */
struct pm_driver_queue {
    void *context;
    bool (*room)(void *context, int64_t bytes, char paused[PM_QUEUE_PAUSED_SIZE],
                 struct pm_error *error);
    bool (*put)(void *context, const struct pm_job_put *put, struct pm_error *error);
    bool (*results)(void *context, const char *run_id, const char *key_prefix, size_t limit,
                    struct pm_job_results *out, struct pm_error *error);
    bool (*collect)(void *context, const int64_t *job_ids, size_t count, struct pm_error *error);
    bool (*cancel)(void *context, const char *run_id, const char *key_prefix,
                   struct pm_error *error);
    bool (*record_put)(void *context, const struct pm_record_put *put, struct pm_error *error);
    bool (*record_state)(void *context, const char *run_id, const char *key,
                         char state[PM_RECORD_STATE_SIZE], struct pm_error *error);
    bool (*records)(void *context, const char *run_id, const char *key_prefix, const char *state,
                    size_t limit, struct pm_records *out, struct pm_error *error);
};

/* The clock and the random numbers, which tests replace to get exact results. */
struct pm_driver_host {
    void *context;
    int64_t (*now_ms)(void *context); /* unix */
    void (*wait_ms)(void *context, int64_t duration_ms);
    uint32_t (*random)(void *context); /* uniform, 32 bits */
};

/* The work to ask for (--mode). A pool offers leases or tasks; where it has only the one that the
 * mode does not name, the driver uses that one. */
enum pm_work_mode {
    PM_MODE_LEASE,     /* leases */
    PM_MODE_EVALUATE,  /* tasks, only for evaluation */
    PM_MODE_EVOLVE,    /* tasks, only for evolution */
    PM_MODE_ALTERNATE, /* tasks of both kinds; more often the kind that earns more per hour */
};
const char *pm_work_mode_name(enum pm_work_mode mode);
bool pm_work_mode_parse(const char *name, enum pm_work_mode *out);

struct pm_driver_settings {
    const char *run_id;
    enum pm_work_mode mode;
    int64_t duration_ms; /* 0: for ever */
    int64_t grace_ms;    /* after the duration, to end the open lease */
    struct pm_lease_job_settings jobs;
    struct pm_lease_request request;
    int64_t no_work_wait_ms;
    int64_t window_wait_min_ms;
    const char *summary_path; /* NULL: no file */
};

struct pm_driver_counters {
    int64_t leases, leases_expired;
    int64_t evaluations_submitted, evolutions_submitted; /* acknowledged by the pool */
    int64_t submissions_accepted, submissions_refused;
    int64_t unpaid;    /* results that, as the pool told us, reached consensus and earned nothing */
    double best_score; /* of the evolved algorithms; set when has_best */
    bool has_best;
};

/* A problem that may last: logged when it begins, when it changes and when it ends, not each time
 * it is seen. */
struct pm_notice {
    bool active;
    struct pm_error last;
};

/* What the driver has learned about which work this pool offers. */
struct pm_driver_work {
    const char *url; /* the pool address that this is about; NULL: nothing is known yet */
    /* The pool does not have this call; ask again only after this time. */
    int64_t leases_missing_until_ms, tasks_missing_until_ms;
    bool no_evaluations, no_evolutions; /* there was no such task when last asked */
    struct pm_share share;              /* how well each kind of task paid */
    double logged_part; /* the part of the time for evaluating that was logged last; 0: none yet */
    struct pm_notice style_notice; /* the pool has leases only, or tasks only */
};

/* The dataset and suite that the pool computes its scores from, "" where it does not say. */
struct pm_driver_data {
    const char *url; /* the pool address that said so; NULL: none has answered yet */
    char fingerprint[65], suite[33];
};

/* How far the driver has read the pool's list of results that earned nothing (unpaid.h). */
enum { PM_UNPAID_PLACE_SIZE = 96 };
struct pm_driver_unpaid {
    bool loaded;      /* since_ms was read back from the sidecar's record */
    int64_t since_ms; /* asks for results judged from then on, by the pool's clock */
    char place[PM_UNPAID_PLACE_SIZE]; /* the next page comes after this; "": start at since_ms */
    int64_t not_before_ms;            /* the pool has no such list: do not ask before this time */
};

enum { PM_UNFINISHED_SIZE = 256 };

struct pm_driver {
    struct pm_driver_settings settings;
    struct pm_pool_client *pool;
    struct pm_driver_queue queue;
    struct pm_driver_host host;
    const atomic_bool *stop; /* may be NULL */
    const char *address;     /* SS58 */
    /* This key at this pool, by pm_driver_account. The keys of all jobs and records begin with it,
     * so that a lease from one pool is never submitted to another. */
    char account[PM_ACCOUNT_SIZE];

    /* The pool may have granted a lease without our getting its answer: true at the start, and
     * after a request for work that was not answered. */
    bool lease_may_be_lost;
    bool paused; /* no worker computes; this has been logged */
    /* The lease that was refused for too few iterations. It may be taken a second time, now with
     * more generations, although it is closed here; "": none. */
    char retry_lease_id[PM_LEASE_ID_MAX + 1];
    /* The last lease that ended here before its time and without the pool's acknowledgement, and
     * why: the pool may still consider it open. "": none. */
    char unfinished[PM_UNFINISHED_SIZE];
    struct pm_driver_work work;
    struct pm_driver_data data;
    struct pm_driver_counters counters;
    struct pm_figures figures; /* as reported to the sidecar */
    int64_t started_ms;
    int64_t next_report_ms;
    struct pm_driver_unpaid unpaid;
    /* The pool's statistics of this miner: the first since the start, and the latest; or NULL. */
    cJSON *first_stats, *stats;
    struct pm_notice pool_notice;  /* the pool does not answer */
    struct pm_notice queue_notice; /* the sidecar does not answer */
    struct pm_notice lease_notice; /* the pool answers, but gives no work that can be used */
};

/* Writes "ADDRESS@TAG". TAG is 16 hexadecimal digits of the BLAKE2b hash of the pool's URL, which
 * is taken without trailing slashes. */
void pm_driver_account(const char *address, const char *pool_url, char out[PM_ACCOUNT_SIZE]);

int64_t pm_driver_now_ms(const struct pm_driver *driver);
bool pm_driver_stopping(const struct pm_driver *driver);

/* What the pool has judged between first_stats and stats. */
struct pm_share_judged pm_driver_judged(const struct pm_driver *driver);

/* Whether it is still before `until_ms`. That time was at most `most_ms` ahead when it was set; if
 * it is further ahead now, the clock was set back, and the answer is false, lest somebody wait for
 * hours. */
bool pm_driver_holds_until(const struct pm_driver *driver, int64_t until_ms, int64_t most_ms);

/* When a run with a duration must have ended, grace included; 0: never. */
int64_t pm_driver_end_ms(const struct pm_driver *driver);
/* Whether the duration is over, so that no new lease may be taken. */
bool pm_driver_over(const struct pm_driver *driver);

/* Waits until `until_ms` and keeps the report up to date meanwhile. Should the clock be set back,
 * it waits no longer than it would have without that. False when asked to stop. */
bool pm_driver_wait_until(struct pm_driver *driver, int64_t until_ms);

/* Repeats a call to the sidecar while the sidecar does not answer:
 *
 *     do {
 *         done = queue->cancel(..., error);
 *     } while (pm_driver_queue_again(driver, done, deadline_ms, error));
 *
 * Returns true, after a wait of one second, when the call failed (`done` is false) and is to be
 * made again. Returns false when it succeeded; and when it failed and repeating it cannot help,
 * `deadline_ms` (unix; 0: no deadline) is over, or the driver was asked to stop: `error` then says
 * why. Logs when the sidecar stops answering, and when it answers again. */
bool pm_driver_queue_again(struct pm_driver *driver, bool done, int64_t deadline_ms,
                           struct pm_error *error);

/* Notes in driver->unfinished that a lease ended here without the pool's acknowledgement. `how`
 * continues the sentence "lease ID, ..."; lease_id may be "" when it is not known. */
void pm_driver_note_unfinished(struct pm_driver *driver, const char *lease_id, const char *how,
                               const struct pm_error *reason);

/* Logs `reason` as a warning with this log id, unless it is what was logged last. */
void pm_notice_raise(struct pm_notice *notice, const char *id, const struct pm_error *reason);
/* Logs that the problem is over, if there was one. */
void pm_notice_clear(struct pm_notice *notice, const char *id);

#endif
