/* Jobs and their parts. */
#include "sidecar/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

static void read_job(sqlite3_stmt *statement, struct pm_store_job *out)
{
    out->id = sqlite3_column_int64(statement, 0);
    out->run = sqlite3_column_int64(statement, 1);
    out->state = (enum pm_job_state)sqlite3_column_int(statement, 2);
    out->priority = sqlite3_column_int64(statement, 3);
    out->turn = sqlite3_column_int64(statement, 4);
    out->deadline_ms = sqlite3_column_int64(statement, 5);
    out->created_ms = sqlite3_column_int64(statement, 6);
    out->token = sqlite3_column_int64(statement, 7);
    out->failures = sqlite3_column_int64(statement, 8);
    out->ended_token = sqlite3_column_int64(statement, 9);
    out->lease_until_ms = sqlite3_column_int64(statement, 10);
    out->lease_request = sqlite3_column_int64(statement, 11);
    out->bytes = sqlite3_column_int64(statement, 12);
    out->collected = sqlite3_column_int(statement, 13) != 0;
    pm_sqlite_text(statement, 14, out->key, sizeof out->key);
    pm_sqlite_text(statement, 15, out->kind, sizeof out->kind);
    pm_sqlite_text(statement, 16, out->holder, sizeof out->holder);
    pm_sqlite_text(statement, 17, out->reason, sizeof out->reason);
}

/* Reads the only row of a bound statement as an integer; `fallback` when there is none. */
static bool one_integer(struct pm_sqlite_store *store, sqlite3_stmt *statement, int64_t fallback,
                        int64_t *out, struct pm_error *error)
{
    bool row;
    if (!pm_sqlite_step(store, statement, &row, error)) {
        return false;
    }
    *out = row ? sqlite3_column_int64(statement, 0) : fallback;
    sqlite3_reset(statement);
    return true;
}

static bool one_job(struct pm_sqlite_store *store, sqlite3_stmt *statement,
                    struct pm_store_job *out, bool *found, struct pm_error *error)
{
    if (!pm_sqlite_step(store, statement, found, error)) {
        return false;
    }
    if (*found) {
        read_job(statement, out);
        sqlite3_reset(statement);
    }
    return true;
}

bool pm_sqlite_next_turn(struct pm_store *base, int64_t run, int64_t priority, int64_t *turn,
                         struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_NEXT_TURN, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_int64(statement, 2, priority);
    return one_integer(store, statement, 0, turn, error);
}

bool pm_sqlite_job_insert(struct pm_store *base, struct pm_store_job *job, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_JOB_INSERT, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, job->run);
    sqlite3_bind_int(statement, 2, (int)job->state);
    sqlite3_bind_int64(statement, 3, job->priority);
    sqlite3_bind_int64(statement, 4, job->turn);
    sqlite3_bind_int64(statement, 5, job->deadline_ms);
    sqlite3_bind_int64(statement, 6, job->created_ms);
    sqlite3_bind_int64(statement, 7, job->bytes);
    sqlite3_bind_text(statement, 8, job->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 9, job->kind, -1, SQLITE_STATIC);
    if (!pm_sqlite_run(store, statement, error)) {
        return false;
    }
    job->id = sqlite3_last_insert_rowid(store->database);
    return true;
}

bool pm_sqlite_job_get(struct pm_store *base, int64_t id, struct pm_store_job *out, bool *found,
                       struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_JOB_GET, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, id);
    return one_job(store, statement, out, found, error);
}

bool pm_sqlite_job_find(struct pm_store *base, int64_t run, const char *key, int64_t *id,
                        struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_JOB_FIND, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    return one_integer(store, statement, 0, id, error);
}

bool pm_sqlite_job_next(struct pm_store *base, int64_t run, struct pm_store_job *out, bool *found,
                        struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement =
        pm_sqlite_statement(store, run == 0 ? PM_SQL_JOB_NEXT : PM_SQL_JOB_NEXT_OF_RUN, error);
    if (statement == NULL) {
        return false;
    }
    if (run != 0) {
        sqlite3_bind_int64(statement, 1, run);
    }
    return one_job(store, statement, out, found, error);
}

bool pm_sqlite_job_update(struct pm_store *base, const struct pm_store_job *job,
                          struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_JOB_UPDATE, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, job->id);
    sqlite3_bind_int(statement, 2, (int)job->state);
    sqlite3_bind_int64(statement, 3, job->turn);
    sqlite3_bind_int64(statement, 4, job->token);
    sqlite3_bind_int64(statement, 5, job->failures);
    sqlite3_bind_int64(statement, 6, job->ended_token);
    sqlite3_bind_int64(statement, 7, job->lease_until_ms);
    sqlite3_bind_int64(statement, 8, job->lease_request);
    sqlite3_bind_int64(statement, 9, job->bytes);
    sqlite3_bind_int(statement, 10, job->collected);
    sqlite3_bind_text(statement, 11, job->holder, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 12, job->reason, -1, SQLITE_STATIC);
    return pm_sqlite_run(store, statement, error);
}

bool pm_sqlite_job_renew(struct pm_store *base, int64_t id, int64_t until_ms,
                         struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_JOB_RENEW, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, until_ms);
    return pm_sqlite_run(store, statement, error);
}

bool pm_sqlite_renew_all(struct pm_store *base, int64_t until_ms, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_RENEW_ALL, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, until_ms);
    return pm_sqlite_run(store, statement, error);
}

/* ---- parts ---- */

enum { PARTS_PER_JOB = 4 };
_Static_assert((int)PM_STORE_PART_COUNT <= (int)PARTS_PER_JOB,
               "part numbers of two jobs must not meet");

static int64_t part_number(int64_t id, enum pm_store_part part)
{
    return id * PARTS_PER_JOB + (int64_t)part;
}

bool pm_sqlite_job_delete(struct pm_store *base, int64_t id, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *job = pm_sqlite_statement(store, PM_SQL_JOB_DELETE, error);
    sqlite3_stmt *parts = pm_sqlite_statement(store, PM_SQL_PARTS_DELETE, error);
    if (job == NULL || parts == NULL) {
        return false;
    }
    sqlite3_bind_int64(job, 1, id);
    sqlite3_bind_int64(parts, 1, part_number(id, PM_STORE_BODY));
    return pm_sqlite_run(store, job, error) && pm_sqlite_run(store, parts, error);
}

bool pm_sqlite_part_set(struct pm_store *base, int64_t id, enum pm_store_part part,
                        const void *data, size_t size, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement =
        pm_sqlite_statement(store, data == NULL ? PM_SQL_PART_DELETE : PM_SQL_PART_SET, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, part_number(id, part));
    if (data != NULL) {
        sqlite3_bind_blob64(statement, 2, data, size, SQLITE_STATIC);
    }
    return pm_sqlite_run(store, statement, error);
}

bool pm_sqlite_part_get(struct pm_store *base, int64_t id, enum pm_store_part part, void **data,
                        size_t *size, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_PART_GET, error);
    *data = NULL;
    *size = 0;
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, part_number(id, part));
    bool row;
    if (!pm_sqlite_step(store, statement, &row, error)) {
        return false;
    }
    if (!row) {
        return true;
    }
    const void *blob = sqlite3_column_blob(statement, 0);
    size_t length = (size_t)sqlite3_column_bytes(statement, 0);
    void *copy = malloc(length + 1);
    if (copy != NULL && length > 0) {
        memcpy(copy, blob, length);
    }
    sqlite3_reset(statement);
    if (copy == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a job's body");
    }
    *data = copy;
    *size = length;
    return true;
}

/* ---- lists ---- */

/* Binds [prefix, next prefix of the same length): keys are printable ASCII. */
static void bind_prefix(sqlite3_stmt *statement, int first, const char *prefix)
{
    char end[PM_STORE_KEY_MAX + 1] = "\x7f";
    size_t length = strnlen(prefix, PM_STORE_KEY_MAX);
    if (length > 0) {
        memcpy(end, prefix, length);
        end[length - 1]++;
        end[length] = '\0';
    }
    sqlite3_bind_text(statement, first, prefix, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, first + 1, end, -1, SQLITE_TRANSIENT);
}

static sqlite3_stmt *list_statement(struct pm_sqlite_store *store,
                                    const struct pm_store_query *query, size_t capacity,
                                    struct pm_error *error)
{
    static const struct {
        enum pm_sqlite_statement statement;
        int limit; /* parameter */
    } lists[] = {
        [PM_STORE_LEASED] = {PM_SQL_LIST_LEASED, 2},
        [PM_STORE_LEASES_DUE] = {PM_SQL_LIST_LEASES_DUE, 2},
        [PM_STORE_LEASES_OF] = {PM_SQL_LIST_LEASES_OF, 2},
        [PM_STORE_DEADLINES_DUE] = {PM_SQL_LIST_DEADLINES_DUE, 2},
        [PM_STORE_OUTCOMES] = {PM_SQL_LIST_OUTCOMES, 5},
        [PM_STORE_ACTIVE] = {PM_SQL_LIST_ACTIVE, 5},
        [PM_STORE_SET_ASIDE] = {PM_SQL_LIST_SET_ASIDE, 1},
        [PM_STORE_SET_ASIDE_COLLECTED] = {PM_SQL_LIST_SET_ASIDE_COLLECTED, 1},
    };
    sqlite3_stmt *statement = pm_sqlite_statement(store, lists[query->list].statement, error);
    if (statement == NULL) {
        return NULL;
    }
    switch (query->list) {
    case PM_STORE_LEASED:
        sqlite3_bind_int64(statement, 1, query->after);
        break;
    case PM_STORE_LEASES_DUE:
    case PM_STORE_DEADLINES_DUE:
        sqlite3_bind_int64(statement, 1, query->time_ms);
        break;
    case PM_STORE_LEASES_OF:
        sqlite3_bind_text(statement, 1, query->holder, -1, SQLITE_STATIC);
        break;
    case PM_STORE_OUTCOMES:
        sqlite3_bind_int64(statement, 1, query->run);
        sqlite3_bind_int64(statement, 2, query->after);
        bind_prefix(statement, 3, query->prefix);
        break;
    case PM_STORE_ACTIVE:
        sqlite3_bind_int64(statement, 1, query->run);
        bind_prefix(statement, 2, query->prefix);
        sqlite3_bind_text(statement, 4, query->after_key, -1, SQLITE_STATIC);
        break;
    case PM_STORE_SET_ASIDE:
    case PM_STORE_SET_ASIDE_COLLECTED:
        break;
    }
    sqlite3_bind_int64(statement, lists[query->list].limit, (int64_t)capacity);
    return statement;
}

bool pm_sqlite_list(struct pm_store *base, const struct pm_store_query *query, int64_t *ids,
                    size_t capacity, size_t *count, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    *count = 0;
    sqlite3_stmt *statement = list_statement(store, query, capacity, error);
    if (statement == NULL) {
        return false;
    }
    bool row, good;
    while ((good = pm_sqlite_step(store, statement, &row, error)) && row && *count < capacity) {
        ids[(*count)++] = sqlite3_column_int64(statement, 0);
    }
    sqlite3_reset(statement);
    return good;
}
