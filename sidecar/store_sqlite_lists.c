/* Lists of jobs: for time, for losses, for drivers, for status. */
#include "sidecar/store_sqlite.h"

#include <string.h>

/* Keys are printable ASCII. */
void pm_sqlite_bind_prefix(sqlite3_stmt *statement, int first, const char *prefix)
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
        [PM_STORE_ACTIVE] = {PM_SQL_LIST_ACTIVE, 6},
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
        sqlite3_bind_int64(statement, 1,
                           pm_sqlite_place(query->run, query->after < 0 ? 0 : query->after));
        sqlite3_bind_int64(statement, 2, pm_sqlite_place(query->run + 1, 0));
        pm_sqlite_bind_prefix(statement, 3, query->prefix);
        break;
    case PM_STORE_ACTIVE:
        sqlite3_bind_int64(statement, 1, query->run);
        pm_sqlite_bind_prefix(statement, 2, query->prefix);
        sqlite3_bind_text(statement, 4, query->after_key, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 5, pm_sqlite_place(query->run, 0));
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
    if (query->list == PM_STORE_DEADLINES_DUE &&
        !pm_sqlite_queued_write_due(store, query->time_ms, error)) {
        return false;
    }
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
