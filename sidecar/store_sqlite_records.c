/* Drivers' records, and how many there ever were in each state. */
#include "sidecar/store_sqlite.h"

#include <string.h>

/* One record more (sign 1) or less (-1) is kept. */
static void count_kept(struct pm_store *base, int64_t run, const char *state, int64_t size,
                       int64_t sign)
{
    bool open = strcmp(state, "open") == 0;
    pm_sqlite_count(base, run, open ? PM_COUNTER_RECORDS_OPEN : PM_COUNTER_RECORDS_CLOSED, sign);
    pm_sqlite_count(base, run, PM_COUNTER_BYTES, sign * size);
    pm_sqlite_count(base, run, PM_COUNTER_BYTES_CLOSED, open ? 0 : sign * size);
}

static bool total_add(struct pm_sqlite_store *store, int64_t run, const char *state, int64_t change,
                      struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_TOTAL_ADD, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_text(statement, 2, state, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, change);
    return pm_sqlite_run(store, statement, error);
}

static bool delete_row(struct pm_sqlite_store *store, int64_t sequence, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_RECORD_DELETE, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, sequence);
    return pm_sqlite_run(store, statement, error);
}

struct kept {
    int64_t sequence, size; /* sequence 0: there is none */
    char state[PM_STORE_STATE_MAX + 1];
};

static bool find_kept(struct pm_sqlite_store *store, int64_t run, const char *key, struct kept *out,
                      struct pm_error *error)
{
    *out = (struct kept){0};
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_RECORD_GET, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    bool row;
    if (!pm_sqlite_step(store, statement, &row, error)) {
        return false;
    }
    if (row) {
        out->sequence = sqlite3_column_int64(statement, 0);
        out->size = sqlite3_column_int64(statement, 2);
        pm_sqlite_text(statement, 1, out->state, sizeof out->state);
        sqlite3_reset(statement);
    }
    return true;
}

bool pm_sqlite_record_find(struct pm_store *base, int64_t run, const char *key,
                           char state[PM_STORE_STATE_MAX + 1], int64_t *size,
                           struct pm_error *error)
{
    struct kept kept;
    if (!find_kept((struct pm_sqlite_store *)base, run, key, &kept, error)) {
        return false;
    }
    memcpy(state, kept.state, sizeof kept.state);
    *size = kept.size;
    return true;
}

/* Takes the record with this key away, if there is one, as if it had never been. */
static bool remove_previous(struct pm_sqlite_store *store, int64_t run, const char *key,
                            struct pm_error *error)
{
    struct kept kept;
    if (!find_kept(store, run, key, &kept, error)) {
        return false;
    }
    if (kept.sequence == 0) {
        return true;
    }
    count_kept(&store->base, run, kept.state, kept.size, -1);
    return total_add(store, run, kept.state, -1, error) && delete_row(store, kept.sequence, error);
}

bool pm_sqlite_record_put(struct pm_store *base, int64_t run, struct pm_store_record *record,
                          const struct pm_wire_frame *body, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (!remove_previous(store, run, record->key, error)) {
        return false;
    }
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_RECORD_INSERT, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_text(statement, 2, record->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, record->state, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, record->reason, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, record->updated_ms);
    sqlite3_bind_blob64(statement, 6, body->size == 0 ? "" : body->data, body->size, SQLITE_STATIC);
    if (!pm_sqlite_run(store, statement, error)) {
        return false;
    }
    record->sequence = sqlite3_last_insert_rowid(store->database);
    count_kept(base, run, record->state, (int64_t)body->size, 1);
    return total_add(store, run, record->state, 1, error);
}

bool pm_sqlite_records(struct pm_store *base, int64_t run,
                       const struct pm_store_record_query *query, pm_store_record_visitor *visit,
                       void *context, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    bool any = query->state[0] == '\0';
    sqlite3_stmt *statement =
        pm_sqlite_statement(store, any ? PM_SQL_RECORDS : PM_SQL_RECORDS_OF_STATE, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_int64(statement, 2, query->before);
    sqlite3_bind_int64(statement, 3, (int64_t)query->limit);
    pm_sqlite_bind_prefix(statement, 4, query->prefix);
    if (!any) {
        sqlite3_bind_text(statement, 6, query->state, -1, SQLITE_STATIC);
    }
    bool row, good;
    while ((good = pm_sqlite_step(store, statement, &row, error)) && row) {
        struct pm_store_record record = {.sequence = sqlite3_column_int64(statement, 0),
                                         .updated_ms = sqlite3_column_int64(statement, 1)};
        pm_sqlite_text(statement, 2, record.key, sizeof record.key);
        pm_sqlite_text(statement, 3, record.state, sizeof record.state);
        pm_sqlite_text(statement, 4, record.reason, sizeof record.reason);
        struct pm_wire_frame body = {.data = sqlite3_column_blob(statement, 5),
                                     .size = (size_t)sqlite3_column_bytes(statement, 5)};
        if (!visit(context, &record, &body, error)) {
            good = false;
            break;
        }
    }
    sqlite3_reset(statement);
    return good;
}

bool pm_sqlite_record_drop_oldest(struct pm_store *base, int64_t run, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(
        store, run == 0 ? PM_SQL_RECORD_OLDEST : PM_SQL_RECORD_OLDEST_OF_RUN, error);
    if (statement == NULL) {
        return false;
    }
    if (run != 0) {
        sqlite3_bind_int64(statement, 1, run);
    }
    bool row;
    if (!pm_sqlite_step(store, statement, &row, error)) {
        return false;
    }
    if (!row) {
        return true;
    }
    int64_t sequence = sqlite3_column_int64(statement, 0);
    int64_t size = sqlite3_column_int64(statement, 1);
    int64_t owner = sqlite3_column_int64(statement, 2);
    sqlite3_reset(statement);
    count_kept(base, owner, "closed", size, -1);
    return delete_row(store, sequence, error);
}

bool pm_sqlite_record_totals(struct pm_store *base, int64_t run, pm_store_total_visitor *visit,
                             void *context, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_TOTALS, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, run);
    bool row, good;
    while ((good = pm_sqlite_step(store, statement, &row, error)) && row) {
        char state[PM_STORE_STATE_MAX + 1];
        pm_sqlite_text(statement, 0, state, sizeof state);
        if (!visit(context, state, sqlite3_column_int64(statement, 1), error)) {
            good = false;
            break;
        }
    }
    sqlite3_reset(statement);
    return good;
}
