/* What the store's own files share. */
#ifndef POOL_STORE_INTERNAL_H
#define POOL_STORE_INTERNAL_H

#include "pool/sql.h"
#include "pool/store.h"

#include <pthread.h>

/* A line of the log that waits for the commit. */
struct pm_store_note {
    const char *id;
    char text[256];
};

/* A piece of work in the queue, on the stack of the thread that waits for it. */
struct pm_store_job {
    pm_pool_work *work;
    void *context;
    struct pm_error *error;
    enum pm_pool_outcome outcome;
    bool ok, done;
    struct pm_store_note notes[PM_STORE_NOTES_MAX];
    size_t note_count;
    struct pm_store_job *next;
};

struct pm_pool_store {
    struct pm_sql *sql;     /* used by whoever leads */
    pthread_mutex_t mutex;  /* of what follows */
    pthread_cond_t changed; /* a job is done, or nobody leads any more */
    bool led;               /* a thread runs jobs, its own and others' */
    struct pm_store_job *first, **last;
    struct pm_store_job *running; /* by the thread that leads */
};

/* Takes a job through the queue (store_queue.c). */
bool pm_store_queue_run(struct pm_pool_store *store, struct pm_store_job *job);

/* Brings the schema up to date (store_schema.c). */
bool pm_store_migrate(struct pm_sql *sql, struct pm_error *error);

/* Copies a column's text into a fixed buffer; NULL is "". Text that does not fit is an error, as
 * the store only ever writes what fits. */
bool pm_store_copy_text(struct pm_sql_cursor *cursor, int column, char *out, size_t size,
                        struct pm_error *error);

/* What the miner $1 may judge, of `algorithms a`: not its own, not judged by it, not in its hands,
 * and open, which is: engaged by fewer judges than the quorum. */
#define PM_STORE_JUDGEABLE                                                                         \
    " FROM algorithms a WHERE a.agreed_ms = 0 AND a.is_open = 1"                                   \
    " AND (a.author IS NULL OR a.author <> $1)"                                                    \
    " AND NOT EXISTS (SELECT 1 FROM evaluations e WHERE e.algorithm_id = a.id AND e.hotkey = $1)"  \
    " AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.hotkey = $1 AND l.state = 0"                  \
    "   AND ',' || l.work || ',' LIKE '%,' || CAST(a.id AS TEXT) || ',%')"

/* The next value of a named counter, from 1. */
bool pm_store_next_id(struct pm_sql *sql, const char *name, int64_t *out, struct pm_error *error);

#endif
