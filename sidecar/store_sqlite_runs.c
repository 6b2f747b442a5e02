/* Runs and their counters: in memory, loaded when the store opens, written when a transaction ends.
 */
#include "sidecar/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

/* The last number given to a job stands among the counters, under a run that does not exist. */
enum { RUNS_MAX = 1000, NO_RUN = 0, LAST_ID_COUNTER = 1000 };

struct pm_sqlite_run *pm_sqlite_run_of(struct pm_sqlite_store *store, int64_t id)
{
    for (size_t i = 0; i < store->run_count; i++) {
        if (store->runs[i].id == id) {
            return &store->runs[i];
        }
    }
    return NULL;
}

static struct pm_sqlite_run *run_append(struct pm_sqlite_store *store, struct pm_error *error)
{
    if (store->run_count == store->run_capacity) {
        size_t capacity = store->run_capacity == 0 ? 8 : store->run_capacity * 2;
        struct pm_sqlite_run *larger = reallocarray(store->runs, capacity, sizeof *larger);
        if (larger == NULL) {
            pm_fail(error, PM_ERROR_MEMORY, "out of memory for a run");
            return NULL;
        }
        store->runs = larger;
        store->run_capacity = capacity;
    }
    struct pm_sqlite_run *run = &store->runs[store->run_count++];
    *run = (struct pm_sqlite_run){0};
    return run;
}

static bool load_names(struct pm_sqlite_store *store, struct pm_error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->database, "SELECT id, name FROM run ORDER BY id", -1, &statement,
                           NULL) != SQLITE_OK) {
        return pm_sqlite_fail(store, "reading the runs", error);
    }
    bool row, good;
    while ((good = pm_sqlite_step(store, statement, &row, error)) && row) {
        struct pm_sqlite_run *run = run_append(store, error);
        if (run == NULL) {
            good = false;
            break;
        }
        run->id = sqlite3_column_int64(statement, 0);
        run->saved = true;
        pm_sqlite_text(statement, 1, run->name, sizeof run->name);
    }
    sqlite3_finalize(statement);
    return good;
}

static bool load_counters(struct pm_sqlite_store *store, struct pm_error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->database, "SELECT run, counter, value FROM counter", -1,
                           &statement, NULL) != SQLITE_OK) {
        return pm_sqlite_fail(store, "reading the counters", error);
    }
    bool row, good;
    while ((good = pm_sqlite_step(store, statement, &row, error)) && row) {
        int64_t run_id = sqlite3_column_int64(statement, 0);
        struct pm_sqlite_run *run = pm_sqlite_run_of(store, run_id);
        int counter = sqlite3_column_int(statement, 1);
        if (run_id == NO_RUN && counter == LAST_ID_COUNTER) {
            store->last_id = store->last_id_committed = sqlite3_column_int64(statement, 2);
        } else if (run != NULL && counter >= 0 && counter < PM_COUNTER_COUNT) {
            run->counters[counter] = run->committed[counter] = sqlite3_column_int64(statement, 2);
            store->totals[counter] += run->counters[counter];
        }
    }
    sqlite3_finalize(statement);
    return good;
}

/* Stores made before there was the counter BYTES_CLOSED do not have it: it is counted, and written
 * when it changes. */
static bool count_closed_bytes(struct pm_sqlite_store *store, struct pm_error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->database,
                           "SELECT run, sum(length(body)) FROM record WHERE state <> 'open'"
                           " GROUP BY run",
                           -1, &statement, NULL) != SQLITE_OK) {
        return pm_sqlite_fail(store, "counting the records", error);
    }
    bool row, good;
    while ((good = pm_sqlite_step(store, statement, &row, error)) && row) {
        struct pm_sqlite_run *run = pm_sqlite_run_of(store, sqlite3_column_int64(statement, 0));
        if (run != NULL && run->counters[PM_COUNTER_BYTES_CLOSED] == 0) {
            int64_t bytes = sqlite3_column_int64(statement, 1);
            run->counters[PM_COUNTER_BYTES_CLOSED] = run->committed[PM_COUNTER_BYTES_CLOSED] =
                bytes;
            store->totals[PM_COUNTER_BYTES_CLOSED] += bytes;
        }
    }
    sqlite3_finalize(statement);
    return good;
}

/* Closed records, and not one byte of them counted. */
static bool closed_bytes_unknown(const struct pm_sqlite_store *store)
{
    for (size_t i = 0; i < store->run_count; i++) {
        const int64_t *counters = store->runs[i].counters;
        if (counters[PM_COUNTER_RECORDS_CLOSED] > 0 && counters[PM_COUNTER_BYTES_CLOSED] == 0) {
            return true;
        }
    }
    return false;
}

bool pm_sqlite_runs_load(struct pm_sqlite_store *store, struct pm_error *error)
{
    store->run_count = 0;
    memset(store->totals, 0, sizeof store->totals);
    return load_names(store, error) && load_counters(store, error) &&
           (!closed_bytes_unknown(store) || count_closed_bytes(store, error));
}

static bool counter_set(struct pm_sqlite_store *store, int64_t run, int counter, int64_t value,
                        struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_COUNTER_SET, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_int(statement, 2, counter);
    sqlite3_bind_int64(statement, 3, value);
    return pm_sqlite_run(store, statement, error);
}

bool pm_sqlite_runs_flush(struct pm_sqlite_store *store, struct pm_error *error)
{
    for (size_t i = 0; i < store->run_count; i++) {
        struct pm_sqlite_run *run = &store->runs[i];
        for (int counter = 0; run->dirty && counter < PM_COUNTER_COUNT; counter++) {
            if (run->counters[counter] != run->committed[counter] &&
                !counter_set(store, run->id, counter, run->counters[counter], error)) {
                return false;
            }
        }
    }
    return store->last_id == store->last_id_committed ||
           counter_set(store, NO_RUN, LAST_ID_COUNTER, store->last_id, error);
}

void pm_sqlite_runs_committed(struct pm_sqlite_store *store)
{
    for (size_t i = 0; i < store->run_count; i++) {
        struct pm_sqlite_run *run = &store->runs[i];
        run->saved = true;
        if (run->dirty) {
            memcpy(run->committed, run->counters, sizeof run->committed);
            run->dirty = false;
        }
    }
    store->run_forgotten = false;
    store->last_id_committed = store->last_id;
}

static void run_remove(struct pm_sqlite_store *store, size_t index)
{
    for (int counter = 0; counter < PM_COUNTER_COUNT; counter++) {
        store->totals[counter] -= store->runs[index].counters[counter];
    }
    memmove(&store->runs[index], &store->runs[index + 1],
            (store->run_count - index - 1) * sizeof store->runs[0]);
    store->run_count--;
}

void pm_sqlite_runs_rolled_back(struct pm_sqlite_store *store)
{
    for (size_t i = store->run_count; i-- > 0;) {
        struct pm_sqlite_run *run = &store->runs[i];
        if (!run->saved) {
            run_remove(store, i);
            continue;
        }
        for (int counter = 0; run->dirty && counter < PM_COUNTER_COUNT; counter++) {
            store->totals[counter] += run->committed[counter] - run->counters[counter];
            run->counters[counter] = run->committed[counter];
        }
        run->dirty = false;
    }
    store->last_id = store->last_id_committed;
    store->stale = store->stale || store->run_forgotten;
    store->run_forgotten = false;
}

/* Forgets the oldest run without jobs and open records. */
static bool make_room(struct pm_sqlite_store *store, struct pm_error *error)
{
    static const enum pm_sqlite_statement deletions[] = {
        PM_SQL_RUN_DELETE, PM_SQL_RUN_DELETE_COUNTERS, PM_SQL_RUN_DELETE_RECORDS,
        PM_SQL_RUN_DELETE_TOTALS};
    size_t index = 0;
    for (; index < store->run_count; index++) {
        const struct pm_sqlite_run *run = &store->runs[index];
        int64_t in_use = run->counters[PM_COUNTER_RECORDS_OPEN];
        for (int state = PM_JOB_QUEUED; state < PM_JOB_COLLECTED; state++) {
            in_use += run->counters[PM_COUNTER_STATE_FIRST + state];
        }
        if (in_use == 0 && run->saved) {
            break;
        }
    }
    if (index == store->run_count) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE,
                       "all %d runs have jobs or open records; finish or cancel one first",
                       RUNS_MAX);
    }
    for (size_t i = 0; i < sizeof deletions / sizeof deletions[0]; i++) {
        sqlite3_stmt *statement = pm_sqlite_statement(store, deletions[i], error);
        if (statement == NULL) {
            return false;
        }
        sqlite3_bind_int64(statement, 1, store->runs[index].id);
        if (!pm_sqlite_run(store, statement, error)) {
            return false;
        }
    }
    run_remove(store, index);
    store->run_forgotten = true;
    return true;
}

static bool run_create(struct pm_sqlite_store *store, const char *name, int64_t *id,
                       struct pm_error *error)
{
    if (store->run_count >= RUNS_MAX && !make_room(store, error)) {
        return false;
    }
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_RUN_INSERT, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (!pm_sqlite_run(store, statement, error)) {
        return false;
    }
    if (sqlite3_last_insert_rowid(store->database) >> PM_SQLITE_RUN_BITS != 0) {
        return pm_fail(error, PM_ERROR_IO, "the store has seen a million runs; begin a new one");
    }
    struct pm_sqlite_run *run = run_append(store, error);
    if (run == NULL) {
        return false;
    }
    run->id = *id = sqlite3_last_insert_rowid(store->database);
    memcpy(run->name, name, strlen(name) + 1);
    return true;
}

bool pm_sqlite_run_find(struct pm_store *base, const char *name, bool create, int64_t *run,
                        struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    for (size_t i = store->run_count; i-- > 0;) { /* the newest are asked for most */
        if (strcmp(store->runs[i].name, name) == 0) {
            *run = store->runs[i].id;
            return true;
        }
    }
    *run = 0;
    return !create || run_create(store, name, run, error);
}

const char *pm_sqlite_run_name(struct pm_store *base, int64_t run)
{
    const struct pm_sqlite_run *found = pm_sqlite_run_of((struct pm_sqlite_store *)base, run);
    return found == NULL ? "" : found->name;
}

int64_t pm_sqlite_run_at(struct pm_store *base, size_t index)
{
    const struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    return index < store->run_count ? store->runs[index].id : 0;
}

void pm_sqlite_count(struct pm_store *base, int64_t run, enum pm_counter counter, int64_t change)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    struct pm_sqlite_run *found = pm_sqlite_run_of(store, run);
    if (found != NULL && change != 0) {
        found->counters[counter] += change;
        found->dirty = true;
        store->totals[counter] += change;
    }
}

int64_t pm_sqlite_counted(struct pm_store *base, int64_t run, enum pm_counter counter)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (run == 0) {
        return store->totals[counter];
    }
    const struct pm_sqlite_run *found = pm_sqlite_run_of(store, run);
    return found == NULL ? 0 : found->counters[counter];
}
