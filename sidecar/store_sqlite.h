/* The SQLite store's inside, shared by its files. */
#ifndef PM_SIDECAR_STORE_SQLITE_H
#define PM_SIDECAR_STORE_SQLITE_H

#include "sidecar/store.h"
#include "sidecar/store_sqlite_fresh.h"
#include "sidecar/store_sqlite_recent.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include <poolminer/sqlite_log.h>

#define PM_SQLITE_DAMAGED                                                                          \
    "the file is damaged: stop the sidecar, move the file away, and start again with an empty "    \
    "one or a good copy"

enum pm_sqlite_statement {
    PM_SQL_BEGIN,
    PM_SQL_COMMIT,
    PM_SQL_ROLLBACK,
    PM_SQL_SYNC_FULL,
    PM_SQL_SYNC_NORMAL,
    PM_SQL_FREE_PAGES,
    PM_SQL_RUN_INSERT,
    PM_SQL_RUN_DELETE,
    PM_SQL_RUN_DELETE_COUNTERS,
    PM_SQL_RUN_DELETE_RECORDS,
    PM_SQL_RUN_DELETE_TOTALS,
    PM_SQL_COUNTER_SET,
    PM_SQL_LAST_TURN,
    PM_SQL_FRONT_TURN,
    PM_SQL_JOB_INSERT,
    PM_SQL_JOB_GET,
    PM_SQL_JOB_FIND,
    PM_SQL_JOB_SET_COLLECTED,
    PM_SQL_JOB_DELETE,
    PM_SQL_BODY_GET,
    PM_SQL_QUEUED_INSERT,
    PM_SQL_QUEUED_GET,
    PM_SQL_QUEUED_FIRST,
    PM_SQL_QUEUED_NEXT,
    PM_SQL_QUEUED_NEXT_OF_RUN,
    PM_SQL_QUEUED_DELETE,
    PM_SQL_LEASE_INSERT,
    PM_SQL_LEASE_RENEW,
    PM_SQL_LEASE_RENEW_ALL,
    PM_SQL_LEASE_DELETE,
    PM_SQL_OUTCOME_INSERT,
    PM_SQL_OUTCOME_SET_COLLECTED,
    PM_SQL_OUTCOME_DELETE,
    PM_SQL_RESULT_GET,
    PM_SQL_CHECKPOINT_SET,
    PM_SQL_CHECKPOINT_GET,
    PM_SQL_CHECKPOINT_DELETE,
    PM_SQL_LIST_FRESH,
    PM_SQL_LIST_LEASED,
    PM_SQL_LIST_LEASES_DUE,
    PM_SQL_LIST_LEASES_OF,
    PM_SQL_LIST_DEADLINES_DUE,
    PM_SQL_LIST_OUTCOMES,
    PM_SQL_LIST_ACTIVE,
    PM_SQL_LIST_SET_ASIDE,
    PM_SQL_LIST_SET_ASIDE_COLLECTED,
    PM_SQL_RECORD_GET,
    PM_SQL_RECORD_DELETE,
    PM_SQL_RECORD_INSERT,
    PM_SQL_RECORD_OLDEST,
    PM_SQL_RECORD_OLDEST_OF_RUN,
    PM_SQL_RECORDS,
    PM_SQL_RECORDS_OF_STATE,
    PM_SQL_TOTAL_ADD,
    PM_SQL_TOTALS,
    PM_SQL_COUNT
};

extern const char pm_sqlite_schema[];
extern const char *const pm_sqlite_sql[PM_SQL_COUNT];

/* What is known of the rows of `queued`: the first of a run or of all; the last turn of a run at a
 * rank. */
struct pm_sqlite_head {
    bool known, there;
    struct pm_sqlite_key key;
};
struct pm_sqlite_tail {
    bool known, there;
    int64_t rank, turn;
};

/* Runs and their counters are few and busy: kept in memory, written at commit. */
struct pm_sqlite_run {
    int64_t id;
    bool saved; /* the row is committed */
    bool dirty; /* counters differ from `committed` */
    int64_t counters[PM_COUNTER_COUNT], committed[PM_COUNTER_COUNT];
    struct pm_sqlite_head head;
    struct pm_sqlite_tail tail;
    char name[PM_STORE_RUN_MAX + 1];
};

struct pm_sqlite_store {
    struct pm_store base;
    sqlite3 *database;
    sqlite3_stmt *statements[PM_SQL_COUNT];
    struct pm_sqlite_recent *recent;
    struct pm_sqlite_fresh *fresh; /* queued without a row in `queued` */
    bool fresh_changed;            /* in this transaction */
    bool fresh_stale;              /* they must be loaded again */
    struct pm_sqlite_head head;    /* of all runs */
    struct pm_sqlite_run *runs;
    size_t run_count, run_capacity;
    int64_t totals[PM_COUNTER_COUNT];
    int64_t last_id, last_id_committed; /* numbers of jobs given so far */
    bool durable, syncing;
    bool run_forgotten;   /* in this transaction */
    bool stale;           /* the runs in memory must be loaded again */
    char *path;           /* of the file; NULL: in memory */
    int checkpoint_pages; /* the log is written back when it has so many */
    int wal_pages;        /* that the write-ahead log held after the last commit */
    int looked_at_pages;  /* when disk_left was last found out */
    int64_t disk_left;
    int64_t laid_out;          /* bytes of the log's file, as far as they are known */
    bool disk_full;            /* the last failure was a full disk */
    bool stuck;                /* the log could not be written back since the last commit */
    int64_t room;              /* of the disk in this transaction; negative: not looked at yet */
    struct pm_sqlite_log *log; /* to be synced by another thread; NULL: in memory */
    /* A second connection, which writes the log back; NULL: in memory. The mutex is held by
     * whichever connection writes back. */
    sqlite3 *keeper;
    pthread_mutex_t keeping;
    int64_t logs;           /* how often the log has begun anew */
    int64_t asked_log;      /* of them, that which the keeper was asked to write back; -1: none */
    int written_back_pages; /* of the log as it is now, at least */
    int write_backs;        /* by the keeper, of the log as it is now */
    int kept_pages;         /* the keeper's own: how many it had written back at its last end */
};

/* A statement ready to be bound, prepared on first use; NULL with the error set. */
sqlite3_stmt *pm_sqlite_statement(struct pm_sqlite_store *store, enum pm_sqlite_statement which,
                                  struct pm_error *error);
/* Says what SQLite says. PM_ERROR_IO. */
bool pm_sqlite_fail(struct pm_sqlite_store *store, const char *doing, struct pm_error *error);
/* Steps a statement. *row: there is one to read; else it has been reset. */
bool pm_sqlite_step(struct pm_sqlite_store *store, sqlite3_stmt *statement, bool *row,
                    struct pm_error *error);
/* Steps a statement that gives no rows, and resets it. */
bool pm_sqlite_run(struct pm_sqlite_store *store, sqlite3_stmt *statement, struct pm_error *error);
/* An outcome's row number: those of one run are neighbours, in the order of the jobs' numbers. */
enum { PM_SQLITE_ID_BITS = 42, PM_SQLITE_RUN_BITS = 20 };
static inline int64_t pm_sqlite_place(int64_t run, int64_t id)
{
    return (int64_t)((uint64_t)run << PM_SQLITE_ID_BITS) + id;
}

/* A text column into a buffer of `size`. */
void pm_sqlite_text(sqlite3_stmt *statement, int column, char *out, size_t size);

/* store_sqlite_wal.c */
bool pm_sqlite_wal_set_up(struct pm_sqlite_store *store, struct pm_error *error);
/* Before a transaction: false when the log could not be synced, or has outgrown its bound and
 * cannot be written back. */
bool pm_sqlite_wal_check(struct pm_sqlite_store *store, struct pm_error *error);
bool pm_sqlite_sync(struct pm_store *base, struct pm_error *error);
bool pm_sqlite_wants_write_back(struct pm_store *base);
bool pm_sqlite_write_back(struct pm_store *base, struct pm_error *error);
void pm_sqlite_wal_close(struct pm_sqlite_store *store);
/* After a rollback: makes what room there is to be made when the disk was full. */
void pm_sqlite_wal_relieve(struct pm_sqlite_store *store);
bool pm_sqlite_room(struct pm_store *base, int64_t *bytes, struct pm_error *error);

/* store_sqlite_runs.c */
/* NULL: there is none with this number. Good until a run is made or forgotten. */
struct pm_sqlite_run *pm_sqlite_run_of(struct pm_sqlite_store *store, int64_t id);
bool pm_sqlite_runs_load(struct pm_sqlite_store *store, struct pm_error *error);
bool pm_sqlite_runs_flush(struct pm_sqlite_store *store, struct pm_error *error);
void pm_sqlite_runs_committed(struct pm_sqlite_store *store);
void pm_sqlite_runs_rolled_back(struct pm_sqlite_store *store);
bool pm_sqlite_run_find(struct pm_store *base, const char *name, bool create, int64_t *run,
                        struct pm_error *error);
const char *pm_sqlite_run_name(struct pm_store *base, int64_t run);
int64_t pm_sqlite_run_at(struct pm_store *base, size_t index);
void pm_sqlite_count(struct pm_store *base, int64_t run, enum pm_counter counter, int64_t change);
int64_t pm_sqlite_counted(struct pm_store *base, int64_t run, enum pm_counter counter);

/* store_sqlite_queued.c */
bool pm_sqlite_queued_load(struct pm_sqlite_store *store, struct pm_error *error);
void pm_sqlite_queued_committed(struct pm_sqlite_store *store);
void pm_sqlite_queued_rolled_back(struct pm_sqlite_store *store);
/* A job that has its number and its own row, with a body of so many bytes, and is queued from now
 * on. */
bool pm_sqlite_queued_put(struct pm_sqlite_store *store, const struct pm_store_job *job,
                          size_t body_size, struct pm_error *error);
/* A job that was in another state. */
bool pm_sqlite_queued_insert(struct pm_sqlite_store *store, const struct pm_store_job *job,
                             struct pm_error *error);
bool pm_sqlite_queued_delete(struct pm_sqlite_store *store, const struct pm_store_job *job,
                             struct pm_error *error);
/* Fills in what the job's own row does not tell; false in *found: the job is not queued. */
bool pm_sqlite_queued_read(struct pm_sqlite_store *store, struct pm_store_job *job, bool *found,
                           struct pm_error *error);
/* Before the table is asked whose deadline has come. */
bool pm_sqlite_queued_write_due(struct pm_sqlite_store *store, int64_t time_ms,
                                struct pm_error *error);
bool pm_sqlite_next_turn(struct pm_store *base, int64_t run, int64_t priority, int64_t *turn,
                         struct pm_error *error);
bool pm_sqlite_job_next(struct pm_store *base, int64_t run, struct pm_store_job *out, bool *found,
                        struct pm_error *error);

/* store_sqlite_jobs.c */
/* A row of PM_SQL_JOB_GET or PM_SQL_QUEUED_NEXT. False: the job has no state that it tells. */
bool pm_sqlite_read_job(sqlite3_stmt *row, struct pm_store_job *job);
bool pm_sqlite_job_insert(struct pm_store *base, struct pm_store_job *job,
                          const struct pm_wire_frame *body, struct pm_error *error);
bool pm_sqlite_job_get(struct pm_store *base, int64_t id, struct pm_store_job *out, bool *found,
                       struct pm_error *error);
bool pm_sqlite_job_find(struct pm_store *base, int64_t run, const char *key, int64_t *id,
                        struct pm_error *error);
bool pm_sqlite_job_move(struct pm_store *base, const struct pm_store_job *job,
                        enum pm_job_state from, const struct pm_wire_frame *result,
                        struct pm_error *error);
bool pm_sqlite_job_renew(struct pm_store *base, int64_t id, int64_t until_ms,
                         struct pm_error *error);
bool pm_sqlite_renew_all(struct pm_store *base, int64_t until_ms, struct pm_error *error);
bool pm_sqlite_job_delete(struct pm_store *base, const struct pm_store_job *job,
                          struct pm_error *error);
bool pm_sqlite_part_get(struct pm_store *base, const struct pm_store_job *job,
                        enum pm_store_part part, void **data, size_t *size, struct pm_error *error);
bool pm_sqlite_checkpoint_set(struct pm_store *base, int64_t id,
                              const struct pm_wire_frame *checkpoint, struct pm_error *error);

/* store_sqlite_lists.c */
/* Binds a prefix and the first key behind all that begin with it, at `first` and the next. */
void pm_sqlite_bind_prefix(sqlite3_stmt *statement, int first, const char *prefix);
bool pm_sqlite_list(struct pm_store *base, const struct pm_store_query *query, int64_t *ids,
                    size_t capacity, size_t *count, struct pm_error *error);

/* store_sqlite_records.c */
bool pm_sqlite_record_find(struct pm_store *base, int64_t run, const char *key,
                           char state[PM_STORE_STATE_MAX + 1], int64_t *size,
                           struct pm_error *error);
bool pm_sqlite_record_put(struct pm_store *base, int64_t run, struct pm_store_record *record,
                          const struct pm_wire_frame *body, struct pm_error *error);
bool pm_sqlite_records(struct pm_store *base, int64_t run,
                       const struct pm_store_record_query *query, pm_store_record_visitor *visit,
                       void *context, struct pm_error *error);
bool pm_sqlite_record_drop_oldest(struct pm_store *base, int64_t run, struct pm_error *error);
bool pm_sqlite_record_totals(struct pm_store *base, int64_t run, pm_store_total_visitor *visit,
                             void *context, struct pm_error *error);

#endif
