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
    bool (*record_put)(void *context, const char *run_id, const char *key, const char *state,
                       const char *reason, const void *body, size_t body_size,
                       struct pm_error *error);
    bool (*record_state)(void *context, const char *run_id, const char *key,
                         char state[PM_RECORD_STATE_SIZE], struct pm_error *error);
    bool (*records)(void *context, const char *run_id, const char *key_prefix, const char *state,
                    size_t limit, struct pm_records *out, struct pm_error *error);
};

/* Time and chance. */
struct pm_driver_host {
    void *context;
    int64_t (*now_ms)(void *context); /* unix */
    void (*wait_ms)(void *context, int64_t duration_ms);
    uint32_t (*random)(void *context); /* uniform, 32 bits */
};

/* What is asked for; where a pool has only the other style of work, that one. */
enum pm_work_mode {
    PM_MODE_LEASE,     /* leases */
    PM_MODE_EVALUATE,  /* tasks of this kind */
    PM_MODE_EVOLVE,    /* the same */
    PM_MODE_ALTERNATE, /* tasks of both, most of the time what earns more an hour */
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
    int64_t unpaid;    /* results that the pool agreed on and did not reward, of which it told */
    double best_score; /* of evolved algorithms; meaningful when has_best */
    bool has_best;
};

/* A complaint that is logged when it begins, when it changes and when it ends. */
struct pm_notice {
    bool active;
    struct pm_error last;
};

/* What is known about the pool's ways to hand out work. */
struct pm_driver_work {
    const char *url; /* of whom this is known; NULL: nothing yet */
    int64_t leases_missing_until_ms, tasks_missing_until_ms; /* the pool has no such call */
    bool no_evaluations, no_evolutions;                      /* when last asked for such a task */
    struct pm_share share;
    double logged_part; /* of the time, for evaluating, as the log last said; 0: not yet */
    struct pm_notice style_notice; /* the other style is used */
};

/* What the pool says its scores are computed from; "" for what it does not say. */
struct pm_driver_data {
    const char *url; /* who was asked, and answered; NULL: nobody yet */
    char fingerprint[65], suite[33];
};

enum { PM_UNFINISHED_SIZE = 256, PM_UNPAID_PLACE_SIZE = 96 };

struct pm_driver {
    struct pm_driver_settings settings;
    struct pm_pool_client *pool;
    struct pm_driver_queue queue;
    struct pm_driver_host host;
    const atomic_bool *stop; /* may be NULL */
    const char *address;     /* SS58 */
    /* Whose leases these are: this key's at this pool. Begins the keys of all jobs and records, so
     * that a lease of one pool is never taken to another. */
    char account[PM_ACCOUNT_SIZE];

    /* What was granted may never have arrived: at the start, and after a request for work that was
     * not answered. */
    bool lease_may_be_lost;
    bool paused; /* the workers rest, which has been said */
    /* Refused for too few iterations: worth another try with more, although it is closed; "": none.
     */
    char retry_lease_id[PM_LEASE_ID_MAX + 1];
    /* The lease that ended here last without the pool's word that it is done and before it ran out,
     * and how: the pool may hold it open still. "": none. */
    char unfinished[PM_UNFINISHED_SIZE];
    struct pm_driver_work work;
    struct pm_driver_data data;
    struct pm_driver_counters counters;
    struct pm_figures figures; /* as told to the sidecar */
    int64_t started_ms;
    int64_t next_report_ms;
    int64_t unpaid_since_ms; /* what the pool judged later is asked for, by its clock */
    int64_t unpaid_not_before_ms;
    char unpaid_place[PM_UNPAID_PLACE_SIZE]; /* what comes after it is next; "": from since_ms on */
    bool unpaid_loaded;
    cJSON *first_stats, *stats; /* the pool's first and last figures in this life, or NULL */
    struct pm_notice pool_notice, queue_notice; /* away */
    struct pm_notice lease_notice;              /* there, and gives no work that is of use */
};

/* "ADDRESS@TAG", TAG 16 hexadecimal digits of BLAKE2b over the pool's URL without slashes at its
 * end. */
void pm_driver_account(const char *address, const char *pool_url, char out[PM_ACCOUNT_SIZE]);

int64_t pm_driver_now_ms(const struct pm_driver *driver);
bool pm_driver_stopping(const struct pm_driver *driver);

/* What the pool has judged since its first figures. */
struct pm_share_judged pm_driver_judged(const struct pm_driver *driver);

/* Until `until_ms`, which was at most `most_ms` away when it was set: is it farther now, the clock
 * was set back, and nothing is waited for. */
bool pm_driver_holds_until(const struct pm_driver *driver, int64_t until_ms, int64_t most_ms);

/* When a run of limited duration has to be over, grace included; 0: never. */
int64_t pm_driver_end_ms(const struct pm_driver *driver);
/* The duration is over: no new lease. */
bool pm_driver_over(const struct pm_driver *driver);

/* Waits until `until_ms`, writing the report meanwhile; no longer than it is until then now, should
 * the clock be set back. False when asked to stop. */
bool pm_driver_wait_until(struct pm_driver *driver, int64_t until_ms);

/* After a call to the queue failed with `error`: waits a second for another try and returns true,
 * or returns false when there is no use: a stop, `deadline_ms` (0: none) is over, or an error that
 * stays. `error` then says so. */
bool pm_driver_queue_again(struct pm_driver *driver, int64_t deadline_ms, struct pm_error *error);
void pm_driver_queue_works(struct pm_driver *driver);

/* A lease ended here without an acknowledgement of the pool's; its id may be unknown (""). */
void pm_driver_note_unfinished(struct pm_driver *driver, const char *lease_id, const char *how,
                               const struct pm_error *reason);

/* The first: logs `reason` as a warning unless it is the one logged last. The second: logs, if
 * there was a complaint, that it is over. */
void pm_notice_raise(struct pm_notice *notice, const char *id, const struct pm_error *reason);
void pm_notice_clear(struct pm_notice *notice, const char *id);

#endif
