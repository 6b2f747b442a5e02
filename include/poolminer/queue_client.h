/* The sidecar's client: what drivers and workers speak over ZeroMQ. docs/sidecar-protocol.md is the
 * protocol; this header says only what a call does here.
 *
 * Every call is one request and one reply, waits at most the client's timeout, resends over a fresh
 * socket when the sidecar restarted or another one takes over, and is safe to repeat.
 * PM_ERROR_UNAVAILABLE: no answer in time, or the sidecar is full or its disk is (the caller waits
 * and tries again; nothing was lost). PM_ERROR_REFUSED: the sidecar said no (the message has its
 * reason). PM_ERROR_LIMIT: too large, now and later. A client belongs to one thread. */
#ifndef POOLMINER_QUEUE_CLIENT_H
#define POOLMINER_QUEUE_CLIENT_H

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/wish.h>

struct pm_queue_client;

struct pm_queue_client_config {
    const char *url; /* tcp://127.0.0.1:8123 */
    /* URLs of other sidecars over the same store, ended by NULL; or NULL for none. At most
     * PM_QUEUE_URLS_MAX together with `url`. The client uses one sidecar until it loses the
     * connection or gets no answer; then it sends the same request to the next. */
    const char *const *more_urls;
    bool logs_moves;  /* log SIDECAR-NEXT when the client has moved to another sidecar */
    const char *role; /* "driver" | "worker" | "admin" */
    const char *name; /* shown in status and logs; unique per process: "worker-HOST-PID" */
    /* How long one call may take, beside the wait that a lease asks for. With several URLs it may
     * take longer, so that each of them is tried for this time or one second, whichever is less. */
    int64_t timeout_ms;
    /* A client's key file (poolminer/curve_keys.h). With it the connection is encrypted, and each
     * sidecar must prove that it has the key named in the file. NULL: no encryption, which is
     * allowed only with sidecars on this machine. */
    const char *key_file;
    /* Only for the sidecar's own threads, whose URL is inproc://: the sidecar's ZeroMQ context,
     * which must outlive the client. NULL: the client creates its own. */
    void *context;
};

enum { PM_QUEUE_URLS_MAX = 8 };

/* PM_ERROR_INVALID also: a URL is another machine's and there is no key file. */
bool pm_queue_client_create(const struct pm_queue_client_config *config,
                            struct pm_queue_client **out, struct pm_error *error);
void pm_queue_client_destroy(struct pm_queue_client *client);

/* A run's name: 1 to 128 printable ASCII characters without blanks. */
bool pm_queue_check_run_id(const char *run_id, struct pm_error *error);

/* A call in progress polls this flag at least every 100 ms, and returns PM_ERROR_INTERRUPTED once
 * it is true. Signal handlers may set it. NULL: no flag. */
void pm_queue_client_set_stop_flag(struct pm_queue_client *client, const atomic_bool *stop);

/* Replaces the configuration's timeout_ms for all calls from now on. */
void pm_queue_client_set_timeout(struct pm_queue_client *client, int64_t timeout_ms);

/* ---- drivers ---- */

/* Asks whether the sidecar would accept new jobs and records of `bytes` in total (at most
 * PM_JOB_BODY_MAX) now: true if so. `paused` is then the reason why no worker would compute them,
 * or "" when one would. */
enum { PM_QUEUE_PAUSED_SIZE = 257 };
bool pm_queue_client_room(struct pm_queue_client *client, int64_t bytes,
                          char paused[PM_QUEUE_PAUSED_SIZE], struct pm_error *error);

struct pm_job_put {
    const char *run_id;
    /* Unique in the run until collected: putting the same key again returns the first job. */
    const char *key;
    const char *kind;    /* "evaluate" | "evolve"; opaque to the sidecar */
    int64_t priority;    /* higher first; within one, oldest first and fair between runs */
    int64_t deadline_ms; /* unix; queued jobs past it fail as "expired"; 0: none */
    const void *body;
    size_t body_size; /* at most PM_JOB_BODY_MAX */
};
enum { PM_JOB_BODY_MAX = 1024 * 1024 };

/* True: the job is durable. `existed` (may be NULL) tells that the key was known. */
bool pm_queue_client_put(struct pm_queue_client *client, const struct pm_job_put *put,
                         int64_t *job_id, bool *existed, struct pm_error *error);

enum pm_job_state {
    PM_JOB_QUEUED,
    PM_JOB_LEASED,
    PM_JOB_DONE,      /* body: the worker's result */
    PM_JOB_FAILED,    /* reason: the worker's, "expired", or "cancelled" */
    PM_JOB_SET_ASIDE, /* lost by three workers: a poison job, kept for a person to look at */
    PM_JOB_COLLECTED,
};
const char *pm_job_state_name(enum pm_job_state state);

struct pm_job_result {
    int64_t job_id;
    enum pm_job_state state; /* DONE, FAILED or SET_ASIDE */
    char *key, *kind, *reason, *worker;
    int64_t attempts;
    void *body;
    size_t body_size;
};
struct pm_job_results {
    struct pm_job_result *items;
    size_t count;
};
/* Outcomes of the run that are not collected yet, whose key starts with `key_prefix` ("" for all),
 * oldest first, at most `limit`. */
bool pm_queue_client_results(struct pm_queue_client *client, const char *run_id,
                             const char *key_prefix, size_t limit, struct pm_job_results *out,
                             struct pm_error *error);
void pm_job_results_clear(struct pm_job_results *results);

/* Confirms that the driver has these outcomes, so that the sidecar may delete them. Ids that are
 * unknown or already collected do no harm. */
bool pm_queue_client_collect(struct pm_queue_client *client, const int64_t *job_ids, size_t count,
                             struct pm_error *error);

/* Cancels queued and leased jobs of the run whose key starts with `key_prefix`: they fail as
 * "cancelled"; a worker learns it from its next heartbeat. */
bool pm_queue_client_cancel(struct pm_queue_client *client, const char *run_id,
                            const char *key_prefix, size_t *cancelled, struct pm_error *error);

/* Records: the driver's own durable notes, e.g. which lease is open and what became of it. The
 * sidecar looks at key and state only; bodies are opaque. Putting a key again replaces it. Records
 * in the state "open" are kept for ever; of the others the newest 10,000 of a run. */
struct pm_record {
    char *key, *state, *reason;
    int64_t updated_ms; /* unix */
    int64_t sequence;   /* of its latest change; ascending over the store */
    void *body;
    size_t body_size;
};
struct pm_records {
    struct pm_record *items;
    size_t count;
};

struct pm_record_put {
    const char *run_id, *key;
    const char *state;
    const char *reason; /* why it is in that state, in words; NULL or "": nothing to say */
    const void *body;
    size_t body_size; /* at most PM_JOB_BODY_MAX */
};
/* True: the record is durable. */
bool pm_queue_client_record_put(struct pm_queue_client *client, const struct pm_record_put *put,
                                struct pm_error *error);
/* The state of one record; "" when there is none. */
enum { PM_RECORD_STATE_SIZE = 33 };
bool pm_queue_client_record_state(struct pm_queue_client *client, const char *run_id,
                                  const char *key, char state[PM_RECORD_STATE_SIZE],
                                  struct pm_error *error);
/* Records of the run whose key starts with `key_prefix` and that are in `state` ("" for any),
 * newest first, at most `limit`. */
bool pm_queue_client_records(struct pm_queue_client *client, const char *run_id,
                             const char *key_prefix, const char *state, size_t limit,
                             struct pm_records *out, struct pm_error *error);
/* The same, of those below the sequence number `before` (0: the newest on). */
bool pm_queue_client_records_before(struct pm_queue_client *client, const char *run_id,
                                    const char *key_prefix, const char *state, int64_t before,
                                    size_t limit, struct pm_records *out, struct pm_error *error);
void pm_records_clear(struct pm_records *records);

/* ---- workers ---- */

struct pm_job {
    int64_t job_id;
    int64_t token;       /* fencing token: names this lease in every later call */
    int64_t attempt;     /* 1 for the first worker */
    int64_t lease_ms;    /* send progress well within this, or the job goes back */
    int64_t deadline_ms; /* unix; 0: none */
    char *run_id, *key, *kind;
    void *body;
    size_t body_size;
    void *checkpoint; /* what the last worker that got on with it left, NULL if none */
    size_t checkpoint_size;
};

/* Waits up to `wait_ms` at the sidecar for work of `run_id` ("" for any run). True with *found
 * false: nothing to do. */
bool pm_queue_client_lease(struct pm_queue_client *client, const char *run_id, int64_t wait_ms,
                           struct pm_job *out, bool *found, struct pm_error *error);
void pm_job_clear(struct pm_job *job);

/* To be called about every second by a client that has leased a job and makes no other call. The
 * sidecar probes the connection of each lease until the job has an outcome, and a connection whose
 * probes are not received breaks down. This receives them, without waiting, and reopens the
 * connection if a failed call has closed it. */
void pm_queue_client_listen(struct pm_queue_client *client);

/* Heartbeat: renews the lease. `progress_json` (may be NULL) is shown in status. PM_ERROR_REFUSED:
 * the lease is lost or the job was cancelled: stop computing it. */
bool pm_queue_client_progress(struct pm_queue_client *client, int64_t job_id, int64_t token,
                              const char *progress_json, struct pm_error *error);

/* Stores a checkpoint with the job, from which the next worker continues should this one be lost,
 * and renews the lease. True: the checkpoint is durable and has replaced the one before.
 * PM_ERROR_UNAVAILABLE: the sidecar does not answer or has no room; PM_ERROR_REFUSED: as above. */
bool pm_queue_client_checkpoint(struct pm_queue_client *client, int64_t job_id, int64_t token,
                                const void *checkpoint, size_t checkpoint_size,
                                struct pm_error *error);

struct pm_job_finish {
    int64_t job_id, token; /* of the job as it was leased */
    const void *body;      /* the result */
    size_t body_size;      /* at most PM_JOB_BODY_MAX */
};
/* True: the result is durable. Sending it twice is harmless. PM_ERROR_REFUSED: lease lost. */
bool pm_queue_client_finish(struct pm_queue_client *client, const struct pm_job_finish *finish,
                            struct pm_error *error);

/* pm_queue_client_finish, which in the same message also leases the next job of `run_id` ("" for
 * any run) if one is queued; it does not wait for one. The new lease belongs to this client, as
 * from pm_queue_client_lease. True: the result is durable; *found tells whether `next` was filled.
 * When no answer comes it is not known whether either happened: repeating this call for the same
 * job, or calling pm_queue_client_lease, returns the lease that the first call may have made. */
bool pm_queue_client_finish_and_lease(struct pm_queue_client *client,
                                      const struct pm_job_finish *finish, const char *run_id,
                                      struct pm_job *next, bool *found, struct pm_error *error);

/* The job cannot be done by anybody (`retry` false) or not by this worker (`retry` true). */
bool pm_queue_client_fail(struct pm_queue_client *client, int64_t job_id, int64_t token,
                          const char *reason, bool retry, struct pm_error *error);

/* Gives the job back at once, with a checkpoint for the next worker (NULL: an older one is kept).
 * Does not count as an attempt. */
bool pm_queue_client_release(struct pm_queue_client *client, int64_t job_id, int64_t token,
                             const void *checkpoint, size_t checkpoint_size,
                             struct pm_error *error);

/* Reports why this worker's process is paused ("": it computes) and what else `status` should show
 * of it (a JSON object of at most PM_WIRE_REPORT_MAX bytes; NULL: nothing). *wish receives what a
 * person wants of the workers. Each worker process sends it about every second, over a client of
 * its own, whether it has a job or not. */
bool pm_queue_client_report(struct pm_queue_client *client, const char *paused,
                            const char *report_json, enum pm_wish *wish, struct pm_error *error);

/* ---- anyone ---- */

/* Reads, and unless `wish` is NULL first replaces, what a person wants of all workers of this
 * sidecar. It is durable, and workers learn of it within about a second. */
bool pm_queue_client_wish(struct pm_queue_client *client, const enum pm_wish *wish,
                          struct pm_wish_state *out, struct pm_error *error);

/* For a job that was set aside: the first queues it again as if it were new, the second deletes
 * it. PM_ERROR_NOT_FOUND: no job with this id is set aside. */
bool pm_queue_client_retry(struct pm_queue_client *client, int64_t job_id, struct pm_error *error);
bool pm_queue_client_discard(struct pm_queue_client *client, int64_t job_id,
                             struct pm_error *error);

/* The sidecar's state as JSON text (the caller frees): counts by state and run, workers, uptime. */
bool pm_queue_client_status(struct pm_queue_client *client, char **json, struct pm_error *error);

/* Sends lines of this program's log to the sidecar's /logs. `lines` has the form that
 * docs/sidecar-protocol.md gives; it is freed, on failure too, and NULL counts as out of memory.
 * True does not mean that the lines are durable. After PM_ERROR_UNAVAILABLE or PM_ERROR_INTERRUPTED
 * the next call must bring the same lines: it repeats the request, and the sidecar keeps them once.
 * PM_ERROR_NOT_FOUND, here and below: this sidecar has no page, see its --http-port and --history.
 */
bool pm_queue_client_tell_lines(struct pm_queue_client *client, const char *program, cJSON *lines,
                                struct pm_error *error);

/* Sends a supervisor's report (JSON text) to the page and receives the page's latest order, which
 * the caller deletes. *number grows with each order; before the first it is 0 and *order NULL. */
bool pm_queue_client_supervise(struct pm_queue_client *client, const char *report, int64_t *number,
                               cJSON **order, struct pm_error *error);

/* What /state shows, as JSON text (the caller frees), and its age. The call makes the sidecar
 * refresh it soon. PM_ERROR_UNAVAILABLE also when it has not been made for the first time yet. */
bool pm_queue_client_state(struct pm_queue_client *client, char **json, int64_t *age_ms,
                           struct pm_error *error);

#endif
