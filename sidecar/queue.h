/* The queue's rules: what docs/sidecar-protocol.md says a verb does, over a store. It does no I/O
 * of its own and knows neither sockets nor clocks: time comes in as an argument, so that every test
 * is exact.
 *
 * Calls happen between pm_queue_begin and pm_queue_commit. A call that fails says with its code
 * what the caller is to do: PM_ERROR_INVALID, LIMIT, UNAVAILABLE (a bound is reached), REFUSED
 * (lease lost) and NOT_FOUND concern this call alone and have changed nothing; PM_ERROR_IO and
 * MEMORY mean that the transaction must be rolled back. */
#ifndef PM_SIDECAR_QUEUE_H
#define PM_SIDECAR_QUEUE_H

#include "sidecar/store.h"

#include <poolminer/wish.h>

struct pm_queue_config {
    int64_t lease_ms;
    int64_t max_jobs;
    int64_t max_bytes; /* of bodies, results, checkpoints and records */
};

enum {
    PM_QUEUE_ATTEMPTS_MAX = 3,
    PM_QUEUE_PRIORITY_MAX = 1000,
    PM_QUEUE_LIST_MAX = 1000, /* jobs that one cancel or collect may touch */
    PM_QUEUE_RECORDS_MAX = 10000,
    PM_QUEUE_RECORD_STATES_MAX = 32,
    PM_QUEUE_SET_ASIDE_MAX = 1000,
    PM_QUEUE_DISK_KEPT_BYTES = 32 * 1024 * 1024, /* what is new leaves so much of the disk */
};

/* Two clocks: `steady_ms` measures leases, never jumps and stands still while the sidecar does;
 * `unix_ms` is compared with deadlines. */
struct pm_queue_time {
    int64_t steady_ms, unix_ms;
};

struct pm_queue {
    struct pm_store *store;
    struct pm_queue_config config;
    /* Set when a job may have become available; whoever serves waiting workers clears it. */
    bool work_arrived;
    /* No lease runs out before this (steady): looking for one can wait. */
    int64_t leases_due_ms;
};

/* Begins to use a store: every lease in it gets one fresh period. */
bool pm_queue_open(struct pm_queue *queue, struct pm_store *store,
                   const struct pm_queue_config *config, struct pm_queue_time now,
                   struct pm_error *error);

bool pm_queue_begin(struct pm_queue *queue, bool durable, struct pm_error *error);
bool pm_queue_commit(struct pm_queue *queue, struct pm_error *error);
void pm_queue_rollback(struct pm_queue *queue);

/* ---- drivers ---- */
bool pm_queue_put(struct pm_queue *queue, struct pm_queue_time now, const struct pm_job_put *put,
                  int64_t *id, bool *existed, struct pm_error *error);

/* Numbers of outcomes above `after`, at most `capacity`; pm_queue_outcome reads each. */
bool pm_queue_results(struct pm_queue *queue, const char *run, const char *prefix, int64_t after,
                      int64_t *ids, size_t capacity, size_t *count, struct pm_error *error);
/* *result is malloc'd, NULL when there is none. */
bool pm_queue_outcome(struct pm_queue *queue, int64_t id, struct pm_store_job *job, void **result,
                      size_t *size, struct pm_error *error);

bool pm_queue_collect(struct pm_queue *queue, const int64_t *ids, size_t count, size_t *collected,
                      struct pm_error *error);

/* Cancels up to PM_QUEUE_LIST_MAX jobs whose key comes after `after_key`. *more: there may be
 * others after `last_key` (of PM_STORE_KEY_MAX + 1 bytes). */
bool pm_queue_cancel(struct pm_queue *queue, const char *run, const char *prefix,
                     const char *after_key, size_t *cancelled, bool *more, char *last_key,
                     struct pm_error *error);

bool pm_queue_record_put(struct pm_queue *queue, struct pm_queue_time now, const char *run,
                         struct pm_store_record *record, const struct pm_wire_frame *body,
                         struct pm_error *error);
bool pm_queue_records(struct pm_queue *queue, const char *run,
                      const struct pm_store_record_query *query, pm_store_record_visitor *visit,
                      void *context, struct pm_error *error);
/* The state of one record; "": there is none. */
bool pm_queue_record_state(struct pm_queue *queue, const char *run, const char *key,
                           char state[PM_STORE_STATE_MAX + 1], struct pm_error *error);
/* Whether new work of so many bytes would be taken now. */
bool pm_queue_has_room(struct pm_queue *queue, int64_t bytes, struct pm_error *error);

/* ---- workers ---- */
struct pm_queue_lease {
    struct pm_store_job job; /* attempt: failures + 1 */
    void *body, *checkpoint; /* malloc'd; checkpoint may be NULL */
    size_t body_size, checkpoint_size;
};
/* Leases the next job of `run` ("": any) to `holder`. */
bool pm_queue_lease(struct pm_queue *queue, struct pm_queue_time now, const char *run,
                    const char *holder, uint64_t request_id, struct pm_queue_lease *out,
                    bool *found, struct pm_error *error);
/* The lease that this very request made, if it still holds; one that was made by way of another
 * sidecar is renewed, and looked after by this one from now on. */
bool pm_queue_lease_again(struct pm_queue *queue, struct pm_queue_time now, const char *holder,
                          uint64_t request_id, struct pm_queue_lease *out, bool *found,
                          struct pm_error *error);
void pm_queue_lease_clear(struct pm_queue_lease *lease);

bool pm_queue_progress(struct pm_queue *queue, struct pm_queue_time now, int64_t id, int64_t token,
                       struct pm_error *error);
/* What the next worker gets should this one be lost; the lease is renewed. */
bool pm_queue_checkpoint(struct pm_queue *queue, struct pm_queue_time now, int64_t id,
                         int64_t token, const struct pm_wire_frame *checkpoint,
                         struct pm_error *error);
bool pm_queue_finish(struct pm_queue *queue, int64_t id, int64_t token,
                     const struct pm_wire_frame *result, bool *repeated, struct pm_error *error);
bool pm_queue_fail(struct pm_queue *queue, int64_t id, int64_t token, const char *reason,
                   bool retry, enum pm_job_state *state, struct pm_error *error);
/* `checkpoint` may be NULL: an older one is kept. */
bool pm_queue_release(struct pm_queue *queue, int64_t id, int64_t token,
                      const struct pm_wire_frame *checkpoint, struct pm_error *error);
/* A lease whose reply never reached the worker: as if it had not been made, but for the token. The
 * worker may have got it from another sidecar meanwhile, which then looks after it: it stays. */
bool pm_queue_take_back(struct pm_queue *queue, int64_t id, int64_t token, struct pm_error *error);

/* ---- time and loss ---- */

/* One thing that happened without a request. */
struct pm_queue_event {
    int64_t id;
    enum pm_job_state state; /* QUEUED, SET_ASIDE: its lease was lost; FAILED: expired */
    char holder[PM_STORE_HOLDER_MAX + 1];
};
/* Ends leases that ran out and fails queued jobs past their deadline, at most `capacity` at a time
 * (call again when that many were). */
bool pm_queue_tick(struct pm_queue *queue, struct pm_queue_time now, struct pm_queue_event *events,
                   size_t capacity, size_t *count, struct pm_error *error);
/* The worker is gone: all its leases are lost, at most `capacity` at a time. */
bool pm_queue_holder_gone(struct pm_queue *queue, struct pm_queue_time now, const char *holder,
                          struct pm_queue_event *events, size_t capacity, size_t *count,
                          struct pm_error *error);

/* ---- a person ---- */

/* What workers are to do: durable, of all sidecars over one store together. The run it is kept in
 * is no driver's, and not to be shown. */
extern const char pm_queue_wish_run[];
bool pm_queue_wish(struct pm_queue *queue, struct pm_wish_state *out, struct pm_error *error);
bool pm_queue_set_wish(struct pm_queue *queue, struct pm_queue_time now, enum pm_wish wish,
                       struct pm_error *error);

bool pm_queue_retry(struct pm_queue *queue, int64_t id, struct pm_error *error);
bool pm_queue_discard(struct pm_queue *queue, int64_t id, struct pm_error *error);

#endif
