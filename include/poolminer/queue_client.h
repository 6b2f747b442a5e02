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
    /* NULL, or where other sidecars over the same store are, NULL behind the last: at most
     * PM_QUEUE_URLS_MAX with `url`. One at a time is spoken with, until its connection is lost or
     * it is silent; then the next, which gets the same request again. */
    const char *const *more_urls;
    bool logs_moves;  /* SIDECAR-NEXT, when another than before answers */
    const char *role; /* "driver" | "worker" | "admin" */
    const char *name; /* shown in status and logs; unique per process: "worker-HOST-PID" */
    /* For one call, beyond the wait a lease asks for. With several URLs each of them is given that
     * long, or a second if that is less, before the call fails. */
    int64_t timeout_ms;
    /* A client's key file (poolminer/curve_keys.h): the connection is encrypted, and each sidecar
     * must have the key in the file. NULL: neither, and only on this machine. */
    const char *key_file;
    /* For the sidecar's own threads: its ZeroMQ context, which outlives the client, and an
     * inproc:// URL. NULL: the client has a context of its own. */
    void *context;
};

enum { PM_QUEUE_URLS_MAX = 8 };

/* PM_ERROR_INVALID also: a URL is another machine's and there is no key file. */
bool pm_queue_client_create(const struct pm_queue_client_config *config,
                            struct pm_queue_client **out, struct pm_error *error);
void pm_queue_client_destroy(struct pm_queue_client *client);

/* A run's name: 1 to 128 printable ASCII characters without blanks. */
bool pm_queue_check_run_id(const char *run_id, struct pm_error *error);

/* Makes a call in progress on `client` return PM_ERROR_INTERRUPTED soon; for signal handlers'
 * flags: the flag is polled at least every 100 ms. May be NULL. */
void pm_queue_client_set_stop_flag(struct pm_queue_client *client, const atomic_bool *stop);

/* For the calls from now on. */
void pm_queue_client_set_timeout(struct pm_queue_client *client, int64_t timeout_ms);

/* ---- drivers ---- */

/* True: new jobs and records of `bytes` together (at most PM_JOB_BODY_MAX) would be taken now.
 * `paused` (of PM_QUEUE_PAUSED_SIZE bytes) is then why no worker would compute them, or empty. */
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

/* Says that the driver has taken these outcomes; unknown and already collected ids are fine. */
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
bool pm_queue_client_record_put(struct pm_queue_client *client, const char *run_id, const char *key,
                                const char *state, const char *reason, const void *body,
                                size_t body_size, struct pm_error *error);
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

/* The sidecar probes the connection over which a job was leased until it has an outcome: whoever
 * leased one and makes no call calls this every second or so. It takes without waiting what has
 * come, as a connection whose probes nobody takes breaks down, and opens the connection again if
 * a call that failed has closed it. */
void pm_queue_client_listen(struct pm_queue_client *client);

/* Heartbeat: renews the lease. `progress_json` (may be NULL) is shown in status. PM_ERROR_REFUSED:
 * the lease is lost or the job was cancelled: stop computing it. */
bool pm_queue_client_progress(struct pm_queue_client *client, int64_t job_id, int64_t token,
                              const char *progress_json, struct pm_error *error);

/* Leaves with the job what the next worker needs to go on from here, should this one be lost, and
 * renews the lease. True: it is durable, and an older one is gone. PM_ERROR_UNAVAILABLE: the
 * sidecar is away or has no room; PM_ERROR_REFUSED: as above. */
bool pm_queue_client_checkpoint(struct pm_queue_client *client, int64_t job_id, int64_t token,
                                const void *checkpoint, size_t checkpoint_size,
                                struct pm_error *error);

/* True: the result is durable. Sending it twice is harmless. PM_ERROR_REFUSED: lease lost. */
bool pm_queue_client_finish(struct pm_queue_client *client, int64_t job_id, int64_t token,
                            const void *body, size_t body_size, struct pm_error *error);

/* The same, and in the same message the next job of `run_id` ("" for any run) is leased, if one is
 * queued just then; it does not wait for one. The lease is this client's, as by
 * pm_queue_client_lease. True: the result is durable; *found tells whether there is a next job.
 * Without an answer neither is known: calling it again for the same job, or leasing, gets the lease
 * that the first call made. */
bool pm_queue_client_finish_and_lease(struct pm_queue_client *client, int64_t job_id, int64_t token,
                                      const void *body, size_t body_size, const char *run_id,
                                      struct pm_job *next, bool *found, struct pm_error *error);

/* The job cannot be done by anybody (`retry` false) or not by this worker (`retry` true). */
bool pm_queue_client_fail(struct pm_queue_client *client, int64_t job_id, int64_t token,
                          const char *reason, bool retry, struct pm_error *error);

/* Gives the job back at once, with a checkpoint for the next worker (NULL: an older one is kept).
 * Does not count as an attempt. */
bool pm_queue_client_release(struct pm_queue_client *client, int64_t job_id, int64_t token,
                             const void *checkpoint, size_t checkpoint_size,
                             struct pm_error *error);

/* Tells why this worker's process computes nothing ("": it does), and what else `status` is to show
 * of it (a JSON object of at most PM_WIRE_REPORT_MAX bytes; NULL: nothing); hears what a person
 * wishes. Sent by a client of its own every second or so, with a job or without. */
bool pm_queue_client_report(struct pm_queue_client *client, const char *paused,
                            const char *report_json, enum pm_wish *wish, struct pm_error *error);

/* ---- anyone ---- */

/* A person's wish, for all workers of the sidecar: `wish` replaces it unless it is NULL; *out is
 * what holds now. Durable; workers hear of it within a second. */
bool pm_queue_client_wish(struct pm_queue_client *client, const enum pm_wish *wish,
                          struct pm_wish_state *out, struct pm_error *error);

/* A job set aside: queued again as if new, or deleted. PM_ERROR_NOT_FOUND: no such job is. */
bool pm_queue_client_retry(struct pm_queue_client *client, int64_t job_id, struct pm_error *error);
bool pm_queue_client_discard(struct pm_queue_client *client, int64_t job_id,
                             struct pm_error *error);

/* The sidecar's state as JSON text (the caller frees): counts by state and run, workers, uptime. */
bool pm_queue_client_status(struct pm_queue_client *client, char **json, struct pm_error *error);

/* Lines of this program's log, for the sidecar's /logs; `lines` (taken, also on failure; NULL
 * counts as no memory) is as docs/sidecar-protocol.md says. They are not made durable before the
 * answer. After PM_ERROR_UNAVAILABLE or INTERRUPTED the next call must bring the same lines: it
 * repeats the request, and the sidecar keeps them once. PM_ERROR_NOT_FOUND here and below: the
 * sidecar keeps no view, see its --http-port and
 * --history.
 */
bool pm_queue_client_tell_lines(struct pm_queue_client *client, const char *program, cJSON *lines,
                                struct pm_error *error);

/* A supervisor's report (JSON text), for the page; and what the page orders: *number ascends, 0
 * while there was no order, and *order (the caller deletes) is then NULL. */
bool pm_queue_client_supervise(struct pm_queue_client *client, const char *report, int64_t *number,
                               cJSON **order, struct pm_error *error);

/* What /state shows, as JSON text (the caller frees), and how old it is; asking has it made anew
 * soon. PM_ERROR_UNAVAILABLE also: not made for the first time yet. */
bool pm_queue_client_state(struct pm_queue_client *client, char **json, int64_t *age_ms,
                           struct pm_error *error);

#endif
