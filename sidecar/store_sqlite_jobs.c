/* Jobs: one row for what never changes, one in the table of the present state, and a checkpoint.
 * Those that are queued stand in store_sqlite_queued.c. */
#include "sidecar/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

/* ---- small steps ---- */

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

/* Looks up one row by its number. *found: read it from *statement, then reset that. */
static bool select_row(struct pm_sqlite_store *store, enum pm_sqlite_statement which,
                       int64_t number, sqlite3_stmt **statement, bool *found,
                       struct pm_error *error)
{
    *statement = pm_sqlite_statement(store, which, error);
    if (*statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(*statement, 1, number);
    return pm_sqlite_step(store, *statement, found, error);
}

/* Runs a statement that changes rows, with up to two integers. */
static bool change(struct pm_sqlite_store *store, enum pm_sqlite_statement which, int64_t first,
                   int64_t second, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, which, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, first);
    if (sqlite3_bind_parameter_count(statement) > 1) {
        sqlite3_bind_int64(statement, 2, second);
    }
    return pm_sqlite_run(store, statement, error);
}

/* ---- reading ---- */

bool pm_sqlite_read_job(sqlite3_stmt *row, struct pm_store_job *job)
{
    job->id = sqlite3_column_int64(row, 0);
    job->run = sqlite3_column_int64(row, 1);
    job->priority = -sqlite3_column_int64(row, 2);
    job->turn = sqlite3_column_int64(row, 3);
    job->deadline_ms = sqlite3_column_int64(row, 4);
    job->created_ms = sqlite3_column_int64(row, 5);
    job->collected = sqlite3_column_int(row, 6) != 0;
    job->elsewhere = false;
    pm_sqlite_text(row, 7, job->key, sizeof job->key);
    pm_sqlite_text(row, 8, job->kind, sizeof job->kind);
    job->state = (enum pm_job_state)sqlite3_column_int(row, 9);
    job->token = sqlite3_column_int64(row, 10);
    job->failures = sqlite3_column_int64(row, 11);
    job->ended_token = sqlite3_column_int64(row, 12);
    job->bytes = sqlite3_column_int64(row, 13);
    pm_sqlite_text(row, 14, job->holder, sizeof job->holder);
    job->lease_until_ms = sqlite3_column_int64(row, 15);
    job->lease_request = sqlite3_column_int64(row, 16);
    pm_sqlite_text(row, 17, job->reason, sizeof job->reason);
    return sqlite3_column_type(row, 9) != SQLITE_NULL;
}

bool pm_sqlite_job_get(struct pm_store *base, int64_t id, struct pm_store_job *out, bool *found,
                       struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement;
    *found = pm_sqlite_recent_get(store->recent, id, out);
    if (*found) {
        return true;
    }
    if (!select_row(store, PM_SQL_JOB_GET, id, &statement, found, error)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    bool there = pm_sqlite_read_job(statement, out);
    sqlite3_reset(statement);
    if (!there && !pm_sqlite_queued_read(store, out, &there, error)) {
        return false;
    }
    if (!there) {
        return pm_fail(error, PM_ERROR_IO, "the store: job %lld is in no state; " PM_SQLITE_DAMAGED,
                       (long long)id);
    }
    pm_sqlite_recent_note(store->recent, out);
    return true;
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

/* ---- rows of states ---- */

static bool insert_lease(struct pm_sqlite_store *store, const struct pm_store_job *job,
                         struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_LEASE_INSERT, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, job->id);
    sqlite3_bind_int64(statement, 2, job->lease_until_ms);
    sqlite3_bind_int64(statement, 3, job->token);
    sqlite3_bind_int64(statement, 4, job->failures);
    sqlite3_bind_int64(statement, 5, job->ended_token);
    sqlite3_bind_int64(statement, 6, job->bytes);
    sqlite3_bind_int64(statement, 7, job->lease_request);
    sqlite3_bind_text(statement, 8, job->holder, -1, SQLITE_STATIC);
    return pm_sqlite_run(store, statement, error);
}

/* Binds bytes; none at all are an empty blob, not NULL. */
static void bind_bytes(sqlite3_stmt *statement, int parameter, const struct pm_wire_frame *frame)
{
    sqlite3_bind_blob64(statement, parameter, frame->size == 0 ? "" : frame->data, frame->size,
                        SQLITE_STATIC);
}

static bool insert_outcome(struct pm_sqlite_store *store, const struct pm_store_job *job,
                           const struct pm_wire_frame *result, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_OUTCOME_INSERT, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, pm_sqlite_place(job->run, job->id));
    sqlite3_bind_int64(statement, 2, job->id);
    sqlite3_bind_int(statement, 3, (int)job->state);
    sqlite3_bind_int(statement, 4, job->collected);
    sqlite3_bind_int64(statement, 5, job->token);
    sqlite3_bind_int64(statement, 6, job->failures);
    sqlite3_bind_int64(statement, 7, job->ended_token);
    sqlite3_bind_int64(statement, 8, job->bytes);
    sqlite3_bind_text(statement, 9, job->holder, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 10, job->reason, -1, SQLITE_STATIC);
    if (result == NULL) {
        sqlite3_bind_null(statement, 11);
    } else {
        bind_bytes(statement, 11, result);
    }
    return pm_sqlite_run(store, statement, error);
}

static bool delete_state(struct pm_sqlite_store *store, const struct pm_store_job *job,
                         enum pm_job_state state, struct pm_error *error)
{
    if (state == PM_JOB_LEASED) {
        return change(store, PM_SQL_LEASE_DELETE, job->id, 0, error);
    }
    if (state == PM_JOB_QUEUED) {
        return pm_sqlite_queued_delete(store, job, error);
    }
    return change(store, PM_SQL_OUTCOME_DELETE, pm_sqlite_place(job->run, job->id), 0, error);
}

/* ---- changing ---- */

bool pm_sqlite_job_insert(struct pm_store *base, struct pm_store_job *job,
                          const struct pm_wire_frame *body, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_JOB_INSERT, error);
    if (statement == NULL) {
        return false;
    }
    if (store->last_id + 1 >= (int64_t)1 << PM_SQLITE_ID_BITS) {
        return pm_fail(error, PM_ERROR_IO, "the store has no numbers for jobs left");
    }
    job->id = ++store->last_id;
    sqlite3_bind_int64(statement, 1, job->id);
    sqlite3_bind_int64(statement, 2, job->run);
    sqlite3_bind_int64(statement, 3, -job->priority);
    sqlite3_bind_int64(statement, 4, job->turn);
    sqlite3_bind_int64(statement, 5, job->deadline_ms);
    sqlite3_bind_int64(statement, 6, job->created_ms);
    sqlite3_bind_text(statement, 7, job->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 8, job->kind, -1, SQLITE_STATIC);
    bind_bytes(statement, 9, body);
    if (!pm_sqlite_run(store, statement, error) ||
        !pm_sqlite_queued_put(store, job, body->size, error)) {
        return false;
    }
    pm_sqlite_recent_note(store->recent, job);
    pm_sqlite_recent_note_checkpoint(store->recent, job->id, false);
    return true;
}

static bool insert_state(struct pm_sqlite_store *store, const struct pm_store_job *job,
                         const struct pm_wire_frame *result, struct pm_error *error)
{
    switch (job->state) {
    case PM_JOB_QUEUED:
        return pm_sqlite_queued_insert(store, job, error);
    case PM_JOB_LEASED:
        return insert_lease(store, job, error);
    default:
        return insert_outcome(store, job, result, error);
    }
}

bool pm_sqlite_job_move(struct pm_store *base, const struct pm_store_job *job,
                        enum pm_job_state from, const struct pm_wire_frame *result,
                        struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    bool aside = from == PM_JOB_SET_ASIDE; /* the only state in which `collected` changes */
    if (aside && !change(store, PM_SQL_JOB_SET_COLLECTED, job->id, job->collected, error)) {
        return false;
    }
    if (aside && job->state == PM_JOB_SET_ASIDE) {
        pm_sqlite_recent_forget(store->recent, job->id); /* the rest of the row stays as it was */
        return change(store, PM_SQL_OUTCOME_SET_COLLECTED, pm_sqlite_place(job->run, job->id),
                      job->collected, error);
    }
    if (!delete_state(store, job, from, error) || !insert_state(store, job, result, error)) {
        return false;
    }
    pm_sqlite_recent_note(store->recent, job);
    return true;
}

bool pm_sqlite_job_renew(struct pm_store *base, int64_t id, int64_t until_ms,
                         struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    pm_sqlite_recent_note_renewed(store->recent, id, until_ms);
    return change(store, PM_SQL_LEASE_RENEW, id, until_ms, error);
}

bool pm_sqlite_renew_all(struct pm_store *base, int64_t until_ms, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    pm_sqlite_recent_forget_all(store->recent);
    return change(store, PM_SQL_LEASE_RENEW_ALL, until_ms, 0, error);
}

bool pm_sqlite_job_delete(struct pm_store *base, const struct pm_store_job *job,
                          struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    const bool lacks_checkpoint = pm_sqlite_recent_lacks_checkpoint(store->recent, job->id);
    pm_sqlite_recent_forget(store->recent, job->id);
    return delete_state(store, job, job->state, error) &&
           change(store, PM_SQL_JOB_DELETE, job->id, 0, error) &&
           (lacks_checkpoint || change(store, PM_SQL_CHECKPOINT_DELETE, job->id, 0, error));
}

/* ---- parts ---- */

bool pm_sqlite_part_get(struct pm_store *base, const struct pm_store_job *job,
                        enum pm_store_part part, void **data, size_t *size, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    static const enum pm_sqlite_statement statements[] = {
        [PM_STORE_BODY] = PM_SQL_BODY_GET,
        [PM_STORE_RESULT] = PM_SQL_RESULT_GET,
        [PM_STORE_CHECKPOINT] = PM_SQL_CHECKPOINT_GET,
    };
    int64_t number = part == PM_STORE_RESULT ? pm_sqlite_place(job->run, job->id) : job->id;
    sqlite3_stmt *statement;
    bool row;
    *data = NULL;
    *size = 0;
    if (part == PM_STORE_CHECKPOINT && pm_sqlite_recent_lacks_checkpoint(store->recent, job->id)) {
        return true;
    }
    if (!select_row(store, statements[part], number, &statement, &row, error)) {
        return false;
    }
    if (!row) {
        return true;
    }
    bool there = sqlite3_column_type(statement, 0) == SQLITE_BLOB;
    const void *blob = sqlite3_column_blob(statement, 0);
    size_t length = (size_t)sqlite3_column_bytes(statement, 0);
    void *copy = there ? malloc(length + 1) : NULL;
    if (copy != NULL && length > 0) {
        memcpy(copy, blob, length);
    }
    sqlite3_reset(statement);
    if (there && copy == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a job's body");
    }
    *data = copy;
    *size = copy == NULL ? 0 : length;
    return true;
}

bool pm_sqlite_checkpoint_set(struct pm_store *base, int64_t id,
                              const struct pm_wire_frame *checkpoint, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    pm_sqlite_recent_note_checkpoint(store->recent, id, checkpoint != NULL);
    if (checkpoint == NULL) {
        return change(store, PM_SQL_CHECKPOINT_DELETE, id, 0, error);
    }
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_CHECKPOINT_SET, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, id);
    bind_bytes(statement, 2, checkpoint);
    return pm_sqlite_run(store, statement, error);
}
