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

struct pm_pool_store {
    struct pm_sql *sql;
    pthread_mutex_t mutex; /* held while work runs */
    struct pm_store_note notes[PM_STORE_NOTES_MAX];
    size_t note_count;
};

/* Brings the schema up to date (store_schema.c). */
bool pm_store_migrate(struct pm_sql *sql, struct pm_error *error);

/* Copies a column's text into a fixed buffer; NULL is "". Text that does not fit is an error, as
 * the store only ever writes what fits. */
bool pm_store_copy_text(struct pm_sql_cursor *cursor, int column, char *out, size_t size,
                        struct pm_error *error);

/* The next value of a named counter, from 1. */
bool pm_store_next_id(struct pm_sql *sql, const char *name, int64_t *out, struct pm_error *error);

#endif
