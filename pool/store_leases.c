#include "pool/store_internal.h"

#include <string.h>

bool pm_store_lease_add(struct pm_pool_store *store, const struct pm_pool_lease *lease,
                        struct pm_error *error)
{
    return pm_sql_execute(
        store->sql,
        "INSERT INTO leases (id, hotkey, kind, state, window_number, issued_ms, timeout_ms,"
        " evolve_budget) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        PM_SQL_VALUES(pm_sql_text(lease->id), pm_sql_text(lease->hotkey),
                      pm_sql_integer(lease->kind), pm_sql_integer(PM_POOL_LEASE_ACTIVE),
                      pm_sql_integer(lease->window), pm_sql_integer(lease->issued_ms),
                      pm_sql_integer(lease->timeout_ms), pm_sql_integer(lease->evolve_budget)),
        error);
}

bool pm_store_lease_assign(struct pm_pool_store *store, const char *lease_id, int64_t algorithm_id,
                           struct pm_error *error)
{
    return pm_sql_execute(
        store->sql, "INSERT INTO assignments (lease_id, algorithm_id) VALUES ($1, $2)",
        PM_SQL_VALUES(pm_sql_text(lease_id), pm_sql_integer(algorithm_id)), error);
}

bool pm_store_lease_holds(struct pm_pool_store *store, const char *lease_id, int64_t algorithm_id,
                          bool *holds, struct pm_error *error)
{
    int64_t one;
    return pm_sql_select_integer(
        store->sql, "SELECT 1 FROM assignments WHERE lease_id = $1 AND algorithm_id = $2",
        PM_SQL_VALUES(pm_sql_text(lease_id), pm_sql_integer(algorithm_id)), &one, holds, error);
}

#define LEASE_COLUMNS                                                                              \
    "id, hotkey, kind, state, window_number, issued_ms, timeout_ms, evolve_budget, refused,"       \
    " submission_digest"

/* Reads the one row a lease query gives, and ends the cursor. */
static bool read_lease(struct pm_sql_cursor *cursor, bool ok, struct pm_pool_lease *out,
                       bool *found, struct pm_error *error)
{
    *found = false;
    ok = ok && pm_sql_next(cursor, found, error);
    if (ok && *found) {
        out->kind = (enum pm_pool_lease_kind)pm_sql_column_integer(cursor, 2);
        out->state = (enum pm_pool_lease_state)pm_sql_column_integer(cursor, 3);
        out->window = pm_sql_column_integer(cursor, 4);
        out->issued_ms = pm_sql_column_integer(cursor, 5);
        out->timeout_ms = pm_sql_column_integer(cursor, 6);
        out->evolve_budget = (int)pm_sql_column_integer(cursor, 7);
        out->refused = pm_sql_column_integer(cursor, 8) != 0;
        ok = pm_store_copy_text(cursor, 0, out->id, sizeof out->id, error) &&
             pm_store_copy_text(cursor, 1, out->hotkey, sizeof out->hotkey, error) &&
             pm_store_copy_text(cursor, 9, out->submission_digest, sizeof out->submission_digest,
                                error);
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_lease_get(struct pm_pool_store *store, const char *lease_id,
                        struct pm_pool_lease *out, bool *found, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok = pm_sql_select(store->sql, "SELECT " LEASE_COLUMNS " FROM leases WHERE id = $1",
                            PM_SQL_VALUES(pm_sql_text(lease_id)), &cursor, error);
    return read_lease(cursor, ok, out, found, error);
}

bool pm_store_lease_active(struct pm_pool_store *store, const char *hotkey,
                           struct pm_pool_lease *out, bool *found, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok = pm_sql_select(store->sql,
                            "SELECT " LEASE_COLUMNS " FROM leases WHERE hotkey = $1 AND state = 0",
                            PM_SQL_VALUES(pm_sql_text(hotkey)), &cursor, error);
    return read_lease(cursor, ok, out, found, error);
}

bool pm_store_lease_answer(struct pm_pool_store *store, const char *lease_id, char **answer,
                           struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    *answer = NULL;
    bool ok = pm_sql_select(store->sql, "SELECT answer FROM leases WHERE id = $1",
                            PM_SQL_VALUES(pm_sql_text(lease_id)), &cursor, error) &&
              pm_sql_next(cursor, &row, error);
    const char *text = ok && row ? pm_sql_column_text(cursor, 0) : NULL;
    if (text != NULL) {
        *answer = strdup(text);
    }
    pm_sql_end(cursor);
    if (ok && *answer == NULL) {
        return pm_fail(error, PM_ERROR_IO, "store: lease %s has no answer", lease_id);
    }
    return ok;
}

bool pm_store_leases_in_window(struct pm_pool_store *store, const char *hotkey, int64_t window,
                               int64_t *out, struct pm_error *error)
{
    bool found;
    return pm_sql_select_integer(
        store->sql,
        "SELECT COUNT(*) FROM leases WHERE hotkey = $1 AND window_number = $2 AND kind = $3",
        PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(window),
                      pm_sql_integer(PM_POOL_LEASE_BOTH)),
        out, &found, error);
}

bool pm_store_lease_refused(struct pm_pool_store *store, const char *lease_id,
                            struct pm_error *error)
{
    return pm_sql_execute(store->sql, "UPDATE leases SET refused = 1 WHERE id = $1 AND state = 0",
                          PM_SQL_VALUES(pm_sql_text(lease_id)), error);
}

bool pm_store_lease_add_seed(struct pm_pool_store *store, const char *lease_id, int64_t place,
                             int64_t algorithm_id, struct pm_error *error)
{
    return pm_sql_execute(
        store->sql, "INSERT INTO lease_seeds (lease_id, place, algorithm_id) VALUES ($1, $2, $3)",
        PM_SQL_VALUES(pm_sql_text(lease_id), pm_sql_integer(place), pm_sql_integer(algorithm_id)),
        error);
}

static bool give_back(struct pm_pool_store *store, const char *lease_id, struct pm_error *error)
{
    return pm_sql_execute(store->sql, "DELETE FROM assignments WHERE lease_id = $1",
                          PM_SQL_VALUES(pm_sql_text(lease_id)), error) &&
           pm_sql_execute(store->sql, "DELETE FROM lease_seeds WHERE lease_id = $1",
                          PM_SQL_VALUES(pm_sql_text(lease_id)), error);
}

bool pm_store_lease_finish(struct pm_pool_store *store, const char *lease_id, const char *digest,
                           const char *answer, struct pm_error *error)
{
    return pm_sql_execute(store->sql,
                          "UPDATE leases SET state = $2, submission_digest = $3, answer = $4"
                          " WHERE id = $1",
                          PM_SQL_VALUES(pm_sql_text(lease_id), pm_sql_integer(PM_POOL_LEASE_DONE),
                                        pm_sql_text(digest), pm_sql_text(answer)),
                          error) &&
           give_back(store, lease_id, error);
}

bool pm_store_lease_drop(struct pm_pool_store *store, const char *lease_id, struct pm_error *error)
{
    return pm_sql_execute(
               store->sql, "UPDATE leases SET state = $2 WHERE id = $1",
               PM_SQL_VALUES(pm_sql_text(lease_id), pm_sql_integer(PM_POOL_LEASE_DROPPED)),
               error) &&
           give_back(store, lease_id, error);
}

bool pm_store_leases_expire(struct pm_pool_store *store, int64_t now_ms, int64_t *expired,
                            struct pm_error *error)
{
    bool found;
    /* Looking first keeps a transaction with nothing to expire free of writes. */
    if (!pm_sql_select_integer(store->sql,
                               "SELECT COUNT(*) FROM leases WHERE state = 0 AND timeout_ms <= $1",
                               PM_SQL_VALUES(pm_sql_integer(now_ms)), expired, &found, error)) {
        return false;
    }
    if (*expired == 0) {
        return true;
    }
    return pm_sql_execute(store->sql,
                          "DELETE FROM assignments WHERE lease_id IN"
                          " (SELECT id FROM leases WHERE state = 0 AND timeout_ms <= $1)",
                          PM_SQL_VALUES(pm_sql_integer(now_ms)), error) &&
           pm_sql_execute(store->sql,
                          "DELETE FROM lease_seeds WHERE lease_id IN"
                          " (SELECT id FROM leases WHERE state = 0 AND timeout_ms <= $1)",
                          PM_SQL_VALUES(pm_sql_integer(now_ms)), error) &&
           pm_sql_execute(
               store->sql, "UPDATE leases SET state = $2 WHERE state = 0 AND timeout_ms <= $1",
               PM_SQL_VALUES(pm_sql_integer(now_ms), pm_sql_integer(PM_POOL_LEASE_EXPIRED)), error);
}
