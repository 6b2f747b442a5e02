#include "pool/store.h"

#include "pool/store_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool open_with(const char *name, enum pm_sql_access access,
                      bool (*prepare)(struct pm_sql *sql, struct pm_error *error),
                      struct pm_pool_store **out, struct pm_error *error)
{
    struct pm_pool_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "store: out of memory");
    }
    bool ok = (pm_sql_is_postgres(name) ? pm_sql_open_postgres(name, access, &store->sql, error)
                                        : pm_sql_open_sqlite(name, access, &store->sql, error)) &&
              prepare(store->sql, error);
    if (!ok) {
        pm_sql_close(store->sql);
        free(store);
        return false;
    }
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->changed, NULL);
    pthread_cond_init(&store->posted, NULL);
    store->last = &store->first;
    *out = store;
    return true;
}

bool pm_pool_store_open(const char *name, struct pm_pool_store **out, struct pm_error *error)
{
    return open_with(name, PM_SQL_WRITE, pm_store_migrate, out, error);
}

bool pm_pool_store_open_as_it_is(const char *name, struct pm_pool_store **out,
                                 struct pm_error *error)
{
    return open_with(name, PM_SQL_WRITE, pm_store_check_version, out, error);
}

bool pm_pool_store_open_reader(const char *name, struct pm_pool_store **out, struct pm_error *error)
{
    return open_with(name, PM_SQL_READ, pm_store_check_version, out, error);
}

void pm_pool_store_close(struct pm_pool_store *store)
{
    if (store == NULL) {
        return;
    }
    pm_sql_close(store->sql);
    free(store->pending.changes);
    pthread_cond_destroy(&store->changed);
    pthread_cond_destroy(&store->posted);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

bool pm_pool_store_is_lost(const struct pm_pool_store *store)
{
    return atomic_load(&store->sql->lost);
}

void pm_store_log(struct pm_pool_store *store, const char *id, const char *format, ...)
{
    struct pm_store_job *job = store->running;
    assert(job->note_count < PM_STORE_NOTES_MAX);
    struct pm_store_note *note = &job->notes[job->note_count++];
    va_list arguments;
    va_start(arguments, format);
    note->id = id;
    vsnprintf(note->text, sizeof note->text, format, arguments);
    va_end(arguments);
}

bool pm_store_copy_text(struct pm_sql_cursor *cursor, int column, char *out, size_t size,
                        struct pm_error *error)
{
    const char *text = pm_sql_column_text(cursor, column);
    size_t length = text != NULL ? strlen(text) : 0;
    if (length >= size) {
        return pm_fail(error, PM_ERROR_IO, "store: column %d holds %zu bytes, %zu fit", column,
                       length, size - 1);
    }
    memcpy(out, text != NULL ? text : "", length + 1);
    return true;
}
