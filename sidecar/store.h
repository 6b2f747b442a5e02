/* Where the queue keeps its jobs and records: rows, lists and counters, and transactions around
 * them. A store knows no rules: which job may become what is the queue's business.
 *
 * Every change happens between begin and commit. When any call fails with PM_ERROR_IO or
 * PM_ERROR_MEMORY the transaction is lost: roll it back. A store belongs to one thread. In a
 * shared store the rows that job_get and record_find read, and those of the lists that are changed
 * at once, are locked against other sidecars until the transaction ends.
 *
 * A commit that was begun as durable waits for the disk. Where `syncs_apart` is set that can be had
 * otherwise: transactions are begun as not durable, and then one call of `sync` makes all durable
 * that were committed before it. `sync` and `write_back` are the only verbs that another thread may
 * call, each one thread at a time. */
#ifndef PM_SIDECAR_STORE_H
#define PM_SIDECAR_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/queue_client.h>
#include <poolminer/wire.h>

enum {
    PM_STORE_RUN_MAX = 128, /* bytes of a run's name, without the NUL; likewise below */
    PM_STORE_KEY_MAX = 256,
    PM_STORE_KIND_MAX = 64,
    PM_STORE_STATE_MAX = 32,
    PM_STORE_REASON_MAX = PM_WIRE_REASON_MAX,
    PM_STORE_HOLDER_MAX = PM_WIRE_ROUTING_ID_MAX,
};

struct pm_store_job {
    int64_t id; /* ascending, never used again */
    int64_t run;
    enum pm_job_state state;
    int64_t priority;
    int64_t turn; /* orders the jobs of one priority fairly between runs; see queue.c */
    int64_t deadline_ms, created_ms; /* unix */
    int64_t token;                   /* of the latest lease; 0: never leased */
    int64_t failures;                /* attempts that were lost or asked for another worker */
    int64_t ended_token;             /* the lease that its worker itself ended last */
    int64_t lease_until_ms;          /* on the queue's own clock */
    int64_t lease_request;           /* the request id that made the lease, as signed bits */
    int64_t bytes;                   /* of all parts */
    bool collected;                  /* only of jobs set aside: the driver has taken the outcome */
    bool elsewhere;                  /* leased, and looked after by another sidecar */
    char key[PM_STORE_KEY_MAX + 1];
    char kind[PM_STORE_KIND_MAX + 1];
    char holder[PM_STORE_HOLDER_MAX + 1]; /* the latest worker's routing id */
    char reason[PM_STORE_REASON_MAX + 1];
};

/* A job's opaque bytes: what it is, what came of it (when done), what a worker left at release. */
enum pm_store_part { PM_STORE_BODY, PM_STORE_RESULT, PM_STORE_CHECKPOINT };

struct pm_store_record {
    int64_t sequence; /* of its latest change; ascending over the store */
    int64_t updated_ms;
    char key[PM_STORE_KEY_MAX + 1];
    char state[PM_STORE_STATE_MAX + 1];
    char reason[PM_STORE_REASON_MAX + 1];
};

/* Counters of a run. The first six count jobs that are there, one for each state. */
enum pm_counter {
    PM_COUNTER_STATE_FIRST = 0, /* + enum pm_job_state, without PM_JOB_COLLECTED */
    PM_COUNTER_BYTES = 5,       /* of jobs' parts and records' bodies */
    PM_COUNTER_RECORDS_OPEN,    /* records kept, in the state "open" */
    PM_COUNTER_RECORDS_CLOSED,  /* records kept, in another state */
    PM_COUNTER_PUT,             /* events from here on */
    PM_COUNTER_COMPLETED,
    PM_COUNTER_GONE_WRONG,
    PM_COUNTER_SET_ASIDE_EVER,
    PM_COUNTER_LOST_LEASES,
    PM_COUNTER_EXPIRED,
    PM_COUNTER_CANCELLED,
    PM_COUNTER_COLLECTED,
    PM_COUNTER_BYTES_CLOSED, /* no event: of the bodies of records that are not open */
    PM_COUNTER_COUNT
};
_Static_assert((int)PM_COUNTER_BYTES == (int)PM_JOB_COLLECTED, "one counter a living state");

/* Lists of job numbers. */
enum pm_store_list {
    PM_STORE_LEASED,        /* all leased, by number, above `after` */
    PM_STORE_LEASES_DUE,    /* leased, lease_until_ms <= time_ms */
    PM_STORE_LEASES_OF,     /* leased by `holder` */
    PM_STORE_DEADLINES_DUE, /* queued, 0 < deadline_ms <= time_ms */
    PM_STORE_OUTCOMES,      /* of `run`, key in [prefix], above `after`, by number */
    PM_STORE_ACTIVE,        /* queued or leased, of `run`, [prefix], key > after_key, by key */
    PM_STORE_SET_ASIDE,     /* newest first */
    PM_STORE_SET_ASIDE_COLLECTED, /* oldest first */
};
struct pm_store_query {
    enum pm_store_list list;
    int64_t run, after, time_ms;
    const char *prefix, *after_key, *holder;
    bool own; /* PM_STORE_LEASES_OF: only those that this sidecar looks after */
};

struct pm_store;

/* Records of a run, newest first. */
struct pm_store_record_query {
    const char *state, *prefix; /* "": any; a key begins with the prefix */
    int64_t before;             /* a sequence number: only those below it */
    size_t limit;
};
typedef bool pm_store_record_visitor(void *context, const struct pm_store_record *record,
                                     const struct pm_wire_frame *body, struct pm_error *error);
typedef bool pm_store_total_visitor(void *context, const char *state, int64_t count,
                                    struct pm_error *error);

struct pm_store_verbs {
    void (*close)(struct pm_store *store);

    /* `durable` false: what this transaction changes may be lost with the machine's power. */
    bool (*begin)(struct pm_store *store, bool durable, struct pm_error *error);
    bool (*commit)(struct pm_store *store, struct pm_error *error);
    void (*rollback)(struct pm_store *store);
    /* NULL unless `syncs_apart`; from any one thread at a time, while others call the rest. What
     * was committed before it began is durable when it succeeds. When it fails the store is lost.
     */
    bool (*sync)(struct pm_store *store, struct pm_error *error);
    /* NULL: the store sees to its log by itself. Whether `write_back` is to be called now; between
     * two transactions, and while it does not go on. */
    bool (*wants_write_back)(struct pm_store *store);
    /* Writes the log back where it belongs, so that it stays short; as `sync`, from any one thread.
     * When it fails nothing is lost. */
    bool (*write_back)(struct pm_store *store, struct pm_error *error);
    /* How many bytes the store's disk still takes, as seen once in a transaction; INT64_MAX when
     * that is not known. */
    bool (*room)(struct pm_store *store, int64_t *bytes, struct pm_error *error);

    /* The number of a run, 0 when there is none; `create` makes it. PM_ERROR_UNAVAILABLE: all runs
     * are in use. run_name: "" for an unknown number. run_at: the numbers by index, 0 at the end.
     */
    bool (*run_find)(struct pm_store *store, const char *name, bool create, int64_t *run,
                     struct pm_error *error);
    const char *(*run_name)(struct pm_store *store, int64_t run);
    int64_t (*run_at)(struct pm_store *store, size_t index);
    void (*count)(struct pm_store *store, int64_t run, enum pm_counter counter, int64_t change);
    int64_t (*counted)(struct pm_store *store, int64_t run, enum pm_counter counter); /* 0: all */

    /* The turn for one more job of this run and priority. */
    bool (*next_turn)(struct pm_store *store, int64_t run, int64_t priority, int64_t *turn,
                      struct pm_error *error);
    /* Makes a queued job; gives it its number. */
    bool (*job_insert)(struct pm_store *store, struct pm_store_job *job,
                       const struct pm_wire_frame *body, struct pm_error *error);
    bool (*job_get)(struct pm_store *store, int64_t id, struct pm_store_job *out, bool *found,
                    struct pm_error *error);
    /* The job of the run with this key that is not collected. */
    bool (*job_find)(struct pm_store *store, int64_t run, const char *key, int64_t *id,
                     struct pm_error *error);
    /* The queued job that is next, of `run` (0: of any). */
    bool (*job_next)(struct pm_store *store, int64_t run, struct pm_store_job *out, bool *found,
                     struct pm_error *error);
    /* The job was read in the state `from` and is now as `job` says; `result` when it is done, else
     * NULL. What never changes: run, priority, turn, deadline, created, key, kind. The holder is
     * kept while leased and with an outcome, the lease's time and request while leased, the reason
     * with an outcome. */
    bool (*job_move)(struct pm_store *store, const struct pm_store_job *job, enum pm_job_state from,
                     const struct pm_wire_frame *result, struct pm_error *error);
    bool (*job_renew)(struct pm_store *store, int64_t id, int64_t until_ms, struct pm_error *error);
    /* All leases, but for those that another living sidecar looks after. */
    bool (*renew_all)(struct pm_store *store, int64_t until_ms, struct pm_error *error);
    /* Leases that sidecars which are gone have left behind get until `until_ms`, and
     * PM_STORE_LEASES_DUE is of this sidecar's leases, these among them. */
    bool (*adopt)(struct pm_store *store, int64_t until_ms, struct pm_error *error);
    /* Deletes a job, which is in job->state, and its parts. */
    bool (*job_delete)(struct pm_store *store, const struct pm_store_job *job,
                       struct pm_error *error);
    bool (*list)(struct pm_store *store, const struct pm_store_query *query, int64_t *ids,
                 size_t capacity, size_t *count, struct pm_error *error);

    /* Reads a part into malloc'd memory, NULL when it is not there. */
    bool (*part_get)(struct pm_store *store, const struct pm_store_job *job,
                     enum pm_store_part part, void **data, size_t *size, struct pm_error *error);
    /* NULL: none any more. */
    bool (*checkpoint_set)(struct pm_store *store, int64_t id,
                           const struct pm_wire_frame *checkpoint, struct pm_error *error);

    /* The state and body size of a record; "" and 0 when there is none. */
    bool (*record_find)(struct pm_store *store, int64_t run, const char *key,
                        char state[PM_STORE_STATE_MAX + 1], int64_t *size, struct pm_error *error);
    /* Replaces or makes a record and gives it the next sequence number; keeps the counters BYTES,
     * BYTES_CLOSED, RECORDS_OPEN and RECORDS_CLOSED and the totals by state. */
    bool (*record_put)(struct pm_store *store, int64_t run, struct pm_store_record *record,
                       const struct pm_wire_frame *body, struct pm_error *error);
    /* Stops when `visit` fails. */
    bool (*records)(struct pm_store *store, int64_t run, const struct pm_store_record_query *query,
                    pm_store_record_visitor *visit, void *context, struct pm_error *error);
    /* Drops the oldest record that is not open, of `run` (0: of any); totals still count it. */
    bool (*record_drop_oldest)(struct pm_store *store, int64_t run, struct pm_error *error);
    bool (*record_totals)(struct pm_store *store, int64_t run, pm_store_total_visitor *visit,
                          void *context, struct pm_error *error);

    /* NULL unless `shared`. What this sidecar's workers say of themselves, for the others: why none
     * of them computes, "" when one does; NULL: no worker says anything. It holds until it is told
     * anew or this sidecar is gone, and costs nothing while it stays the same. */
    bool (*rest_tell)(struct pm_store *store, const char *paused, struct pm_error *error);
    /* The same of all other sidecars together: "" when a worker of any of them computes. */
    bool (*rest_ask)(struct pm_store *store, bool *told, char paused[PM_QUEUE_PAUSED_SIZE],
                     struct pm_error *error);
};

struct pm_store {
    const struct pm_store_verbs *verbs;
    /* Commits of transactions that are not `durable` can be made so afterwards, by `sync`. */
    bool syncs_apart;
    /* Set by who calls `write_back`: commits leave the log to that, within its bound. */
    bool writes_back_apart;
    /* A sync has failed. What was committed since the last one that did not may be kept or not, and
     * no later one could tell: nothing can be begun, and only opening the store anew finds out. */
    atomic_bool lost;
    bool shared; /* other sidecars may work over it: jobs come and go without a request here */
};

/* SQLite, one file. `durable` false: commits are never synced, and ":memory:" is no file (tests,
 * benchmarks). Creates the file with mode 0600. PM_ERROR_REFUSED: another sidecar has it open.
 * PM_ERROR_INVALID: not our file, or made by a newer version, or damaged, or `durable` and a name
 * that SQLite does not keep in a file. */
bool pm_store_sqlite_open(const char *path, bool durable, struct pm_store **out,
                          struct pm_error *error);

/* PostgreSQL, in the schema poolminer_queue, which is made; for several sidecars at once. The URL
 * is libpq's. PM_ERROR_IO: the server cannot be reached, or refuses. */
bool pm_store_is_postgres(const char *name);
bool pm_store_postgres_open(const char *url, bool durable, struct pm_store **out,
                            struct pm_error *error);

#endif
