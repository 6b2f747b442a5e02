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

/* A piece of work in the queue: on the stack of the thread that waits for it, or, with `tell`, on
 * the heap. */
struct pm_store_job {
    pm_pool_work *work;
    void *context;
    pm_pool_done *tell;
    struct pm_error error;
    enum pm_pool_outcome outcome;
    bool ok, done;
    struct pm_store_note notes[PM_STORE_NOTES_MAX];
    size_t note_count;
    struct pm_store_job *next;
};

/* What the open transaction has yet to write (store_pending.c), and what it has read already. */
enum { PM_STORE_COUNTERS_MAX = 16 };
struct pm_store_counter {
    char name[16]; /* "": a free place */
    int64_t value;
    bool changed;
};
struct pm_store_pending {
    struct pm_store_miner_change *changes; /* a hash table by hotkey */
    size_t count, places;
    struct pm_store_counter counters[PM_STORE_COUNTERS_MAX];
    bool has_epoch, has_next_due;
    struct pm_pool_epoch epoch; /* the latest */
    int64_t next_due_ms;        /* when the first live lease ends */
};

struct pm_pool_store {
    struct pm_sql *sql;     /* used by whoever leads */
    pthread_mutex_t mutex;  /* of what follows */
    pthread_cond_t changed; /* a job is done, or nobody leads any more */
    pthread_cond_t posted; /* there is work for the thread that serves the queue, or it is to end */
    pthread_t server;
    bool served, ending; /* by such a thread; which is to end */
    bool led;            /* a thread runs jobs, its own and others' */
    struct pm_store_job *first, **last;
    struct pm_store_job *running; /* by the thread that leads */
    struct pm_store_pending pending;
    struct pm_pool_rules rules; /* that this process goes by ... */
    int64_t adopted_on;         /* ... since this connection of it; 0: none adopted */
};

/* Brings the schema up to date (store_schema.c). */
bool pm_store_migrate(struct pm_sql *sql, struct pm_error *error);
/* Whether it is this program's, which is only looked at. */
bool pm_store_check_version(struct pm_sql *sql, struct pm_error *error);

/* At the beginning of a transaction: the rules are those of the store, or another process has
 * changed them while this one's connection was lost (store_rules.c). */
bool pm_store_rules_confirm(struct pm_pool_store *store, struct pm_error *error);

/* Copies a column's text into a fixed buffer; NULL is "". Text that does not fit is an error, as
 * the store only ever writes what fits. */
bool pm_store_copy_text(struct pm_sql_cursor *cursor, int column, char *out, size_t size,
                        struct pm_error *error);

/* Numbers of algorithms as a text, with commas between; an empty list is "", and so is NULL. */
enum {
    PM_STORE_NUMBER_MAX = 21, /* digits of an id, and a comma */
    PM_STORE_LIST_SIZE = PM_BATCH_MAX * PM_STORE_NUMBER_MAX + 1,
};
void pm_store_list_write(const int64_t *ids, size_t count, char out[PM_STORE_LIST_SIZE]);
bool pm_store_list_read(const char *text, int64_t ids[PM_BATCH_MAX], size_t *count,
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
bool pm_store_next_id(struct pm_pool_store *store, const char *name, int64_t *out,
                      struct pm_error *error);

/* The value that it gave last; 0 before the first. */
bool pm_store_last_id(struct pm_pool_store *store, const char *name, int64_t *out,
                      struct pm_error *error);

/* The next place in the population, which has no gaps. */
bool pm_store_next_place(struct pm_pool_store *store, int64_t *place, struct pm_error *error);

/* More reputation for a miner, in this epoch and in all. */
bool pm_store_reputation_add(struct pm_pool_store *store, const char *hotkey, int64_t epoch,
                             int64_t micro, struct pm_error *error);

/* One more lease of a miner in its window. */
bool pm_store_miner_lease(struct pm_pool_store *store, const char *hotkey, int64_t window,
                          struct pm_error *error);

/* Writes what is pending: at the end of a transaction, and before a statement reads miners or
 * reputation. */
bool pm_store_pending_write(struct pm_pool_store *store, struct pm_error *error);
/* Forgets it: at the beginning of a transaction, and of one that is undone. */
void pm_store_pending_clear(struct pm_pool_store *store);

#endif
