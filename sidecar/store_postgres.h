/* The PostgreSQL store's inside, shared by its files. */
#ifndef PM_SIDECAR_STORE_POSTGRES_H
#define PM_SIDECAR_STORE_POSTGRES_H

#include "sidecar/store.h"

#include <libpq-fe.h>

enum pm_postgres_statement {
    PM_PG_ADOPT,
    PM_PG_RENEW_ALL,
    PM_PG_RUNS,
    PM_PG_RUN_CREATE,
    PM_PG_RUN_DELETE,
    PM_PG_RUN_COUNT,
    PM_PG_NEXT_TURN,
    PM_PG_JOB_INSERT,
    PM_PG_JOB_GET,
    PM_PG_JOB_FIND,
    PM_PG_JOB_NEXT,
    PM_PG_JOB_NEXT_OF_RUN,
    PM_PG_JOB_MOVE,
    PM_PG_JOB_RENEW,
    PM_PG_JOB_DELETE,
    PM_PG_BODY_GET,
    PM_PG_RESULT_GET,
    PM_PG_CHECKPOINT_GET,
    PM_PG_CHECKPOINT_SET,
    PM_PG_LIST_LEASED,
    PM_PG_LIST_LEASES_DUE,
    PM_PG_LIST_LEASES_OF,
    PM_PG_LIST_DEADLINES_DUE,
    PM_PG_LIST_OUTCOMES,
    PM_PG_LIST_ACTIVE,
    PM_PG_LIST_SET_ASIDE,
    PM_PG_LIST_SET_ASIDE_COLLECTED,
    PM_PG_RECORD_GET,
    PM_PG_RECORD_DELETE,
    PM_PG_RECORD_INSERT,
    PM_PG_RECORD_OLDEST,
    PM_PG_RECORD_OLDEST_OF_RUN,
    PM_PG_RECORDS,
    PM_PG_RECORDS_OF_STATE,
    PM_PG_TOTAL_ADD,
    PM_PG_TOTALS,
    PM_PG_REST_TELL,
    PM_PG_REST_FORGET,
    PM_PG_REST_ASK,
    PM_PG_COUNT
};

extern const char pm_postgres_schema[];
extern const char *const pm_postgres_sql[PM_PG_COUNT];

/* A run as this transaction sees it. Other sidecars count too: what is written is the difference.
 */
struct pm_postgres_run {
    int64_t id;
    bool saved; /* it was there when the transaction began */
    int64_t counters[PM_COUNTER_COUNT], committed[PM_COUNTER_COUNT];
    char name[PM_STORE_RUN_MAX + 1];
};

/* Whether the table `rest` has a row of this sidecar; not known when a transaction that was to
 * change it was rolled back, and on a new connection. */
enum pm_postgres_rest { PM_PG_REST_UNKNOWN, PM_PG_REST_NONE, PM_PG_REST_TOLD };

struct pm_postgres_store {
    struct pm_store base;
    PGconn *connection;
    bool prepared[PM_PG_COUNT]; /* on this connection */
    bool durable;
    bool said_unsafe; /* that the server may lose what it has committed */
    int64_t owner;    /* this sidecar's number, and that of the lock it holds while it lives */
    struct pm_postgres_run *runs;
    size_t run_count, run_capacity;
    int64_t totals[PM_COUNTER_COUNT];
    enum pm_postgres_rest rest; /* what is told of this sidecar's workers, in `rest_paused` */
    char rest_paused[PM_QUEUE_PAUSED_SIZE];
    bool rest_open; /* by the transaction that is not committed yet */
};

/* The parameters of one statement; they refer to the caller's memory. */
enum { PM_PG_PARAMETERS_MAX = 14 };
struct pm_postgres_call {
    const char *values[PM_PG_PARAMETERS_MAX];
    int lengths[PM_PG_PARAMETERS_MAX], formats[PM_PG_PARAMETERS_MAX];
    Oid types[PM_PG_PARAMETERS_MAX];
    uint8_t numbers[PM_PG_PARAMETERS_MAX][8];
    int count;
};
void pm_postgres_number(struct pm_postgres_call *call, int64_t number);
void pm_postgres_text(struct pm_postgres_call *call, const char *text);
void pm_postgres_bytes(struct pm_postgres_call *call, const struct pm_wire_frame *bytes);

/* Runs a statement; the caller clears what comes. NULL with the error set. */
PGresult *pm_postgres_run(struct pm_postgres_store *store, enum pm_postgres_statement which,
                          const struct pm_postgres_call *call, struct pm_error *error);
/* The same when nothing is to be read. */
bool pm_postgres_do(struct pm_postgres_store *store, enum pm_postgres_statement which,
                    const struct pm_postgres_call *call, struct pm_error *error);
int64_t pm_postgres_get_number(const PGresult *result, int row, int column);
void pm_postgres_get_text(const PGresult *result, int row, int column, char *out, size_t size);

/* store_postgres_runs.c */
bool pm_postgres_runs_load(struct pm_postgres_store *store, struct pm_error *error);
bool pm_postgres_runs_flush(struct pm_postgres_store *store, struct pm_error *error);
void pm_postgres_runs_ended(struct pm_postgres_store *store, bool committed);
bool pm_postgres_run_find(struct pm_store *base, const char *name, bool create, int64_t *run,
                          struct pm_error *error);
const char *pm_postgres_run_name(struct pm_store *base, int64_t run);
int64_t pm_postgres_run_at(struct pm_store *base, size_t index);
void pm_postgres_count(struct pm_store *base, int64_t run, enum pm_counter counter, int64_t change);
int64_t pm_postgres_counted(struct pm_store *base, int64_t run, enum pm_counter counter);

/* store_postgres_jobs.c */
bool pm_postgres_next_turn(struct pm_store *base, int64_t run, int64_t priority, int64_t *turn,
                           struct pm_error *error);
bool pm_postgres_job_insert(struct pm_store *base, struct pm_store_job *job,
                            const struct pm_wire_frame *body, struct pm_error *error);
bool pm_postgres_job_get(struct pm_store *base, int64_t id, struct pm_store_job *out, bool *found,
                         struct pm_error *error);
bool pm_postgres_job_find(struct pm_store *base, int64_t run, const char *key, int64_t *id,
                          struct pm_error *error);
bool pm_postgres_job_next(struct pm_store *base, int64_t run, struct pm_store_job *out, bool *found,
                          struct pm_error *error);
bool pm_postgres_job_move(struct pm_store *base, const struct pm_store_job *job,
                          enum pm_job_state from, const struct pm_wire_frame *result,
                          struct pm_error *error);
bool pm_postgres_job_renew(struct pm_store *base, int64_t id, int64_t until_ms,
                           struct pm_error *error);
bool pm_postgres_renew_all(struct pm_store *base, int64_t until_ms, struct pm_error *error);
bool pm_postgres_adopt(struct pm_store *base, int64_t until_ms, struct pm_error *error);
bool pm_postgres_job_delete(struct pm_store *base, const struct pm_store_job *job,
                            struct pm_error *error);
/* All keys, printable ASCII, that begin with a prefix stand before this. */
struct pm_postgres_prefix_end {
    char text[PM_STORE_KEY_MAX + 1];
};
struct pm_postgres_prefix_end pm_postgres_end_of(const char *prefix);
bool pm_postgres_list(struct pm_store *base, const struct pm_store_query *query, int64_t *ids,
                      size_t capacity, size_t *count, struct pm_error *error);
bool pm_postgres_part_get(struct pm_store *base, const struct pm_store_job *job,
                          enum pm_store_part part, void **data, size_t *size,
                          struct pm_error *error);
bool pm_postgres_checkpoint_set(struct pm_store *base, int64_t id,
                                const struct pm_wire_frame *checkpoint, struct pm_error *error);

/* store_postgres_records.c */
bool pm_postgres_record_find(struct pm_store *base, int64_t run, const char *key,
                             char state[PM_STORE_STATE_MAX + 1], int64_t *size,
                             struct pm_error *error);
bool pm_postgres_record_put(struct pm_store *base, int64_t run, struct pm_store_record *record,
                            const struct pm_wire_frame *body, struct pm_error *error);
bool pm_postgres_records(struct pm_store *base, int64_t run,
                         const struct pm_store_record_query *query, pm_store_record_visitor *visit,
                         void *context, struct pm_error *error);
bool pm_postgres_record_drop_oldest(struct pm_store *base, int64_t run, struct pm_error *error);
bool pm_postgres_record_totals(struct pm_store *base, int64_t run, pm_store_total_visitor *visit,
                               void *context, struct pm_error *error);

/* store_postgres_rest.c */
bool pm_postgres_rest_tell(struct pm_store *base, const char *paused, struct pm_error *error);
bool pm_postgres_rest_ask(struct pm_store *base, bool *told, char paused[PM_QUEUE_PAUSED_SIZE],
                          struct pm_error *error);

#endif
