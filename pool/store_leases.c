#include "pool/store_internal.h"

#include <stdlib.h>
#include <string.h>

/* One judge more, or one fewer. */
static bool engage(struct pm_pool_store *store, int64_t algorithm_id, int64_t judges, int quorum,
                   struct pm_error *error)
{
    return pm_sql_execute(
        store->sql,
        "UPDATE algorithms SET engaged = engaged + $2,"
        " is_open = CASE WHEN engaged + $2 < $3 THEN 1 ELSE 0 END WHERE id = $1",
        PM_SQL_VALUES(pm_sql_integer(algorithm_id), pm_sql_integer(judges), pm_sql_integer(quorum)),
        error);
}

static bool engage_all(struct pm_pool_store *store, const struct pm_pool_lease *lease,
                       int64_t judges, int quorum, struct pm_error *error)
{
    for (size_t i = 0; i < lease->work_count; i++) {
        if (!engage(store, lease->work[i], judges, quorum, error)) {
            return false;
        }
    }
    return true;
}

bool pm_store_lease_add(struct pm_pool_store *store, const struct pm_pool_lease *lease, int quorum,
                        struct pm_error *error)
{
    char work[PM_STORE_LIST_SIZE], seeds[PM_STORE_LIST_SIZE];
    if (lease->timeout_ms < store->pending.next_due_ms) {
        store->pending.next_due_ms = lease->timeout_ms;
    }
    pm_store_list_write(lease->work, lease->work_count, work);
    pm_store_list_write(lease->seeds, lease->seed_count, seeds);
    return pm_sql_execute(
               store->sql,
               "INSERT INTO leases (id, hotkey, kind, state, window_number, issued_ms, timeout_ms,"
               " evolve_budget, work, seeds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
               PM_SQL_VALUES(
                   pm_sql_text(lease->id), pm_sql_text(lease->hotkey), pm_sql_integer(lease->kind),
                   pm_sql_integer(PM_POOL_LEASE_ACTIVE), pm_sql_integer(lease->window),
                   pm_sql_integer(lease->issued_ms), pm_sql_integer(lease->timeout_ms),
                   pm_sql_integer(lease->evolve_budget), pm_sql_text(work), pm_sql_text(seeds)),
               error) &&
           pm_store_miner_lease(store, lease->hotkey, lease->window, error) &&
           engage_all(store, lease, 1, quorum, error);
}

#define LEASE_COLUMNS                                                                              \
    "id, hotkey, kind, state, window_number, issued_ms, timeout_ms, evolve_budget, refused,"       \
    " submission_digest, work, seeds"

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
        ok =
            pm_store_copy_text(cursor, 0, out->id, sizeof out->id, error) &&
            pm_store_copy_text(cursor, 1, out->hotkey, sizeof out->hotkey, error) &&
            pm_store_copy_text(cursor, 9, out->submission_digest, sizeof out->submission_digest,
                               error) &&
            pm_store_list_read(pm_sql_column_text(cursor, 10), out->work, &out->work_count,
                               error) &&
            pm_store_list_read(pm_sql_column_text(cursor, 11), out->seeds, &out->seed_count, error);
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
        ok = *answer != NULL || pm_fail(error, PM_ERROR_MEMORY, "store: out of memory");
    } else if (ok) {
        ok = pm_fail(error, PM_ERROR_IO, "store: lease %s has no answer", lease_id);
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_leases_in_window(struct pm_pool_store *store, const char *hotkey, int64_t window,
                               int64_t *out, struct pm_error *error)
{
    bool found;
    *out = 0;
    return pm_store_pending_write(store, error) &&
           pm_sql_select_integer(
               store->sql, "SELECT lease_count FROM miners WHERE hotkey = $1 AND lease_window = $2",
               PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(window)), out, &found, error);
}

bool pm_store_lease_refused(struct pm_pool_store *store, const char *lease_id,
                            struct pm_error *error)
{
    return pm_sql_execute(store->sql, "UPDATE leases SET refused = 1 WHERE id = $1 AND state = 0",
                          PM_SQL_VALUES(pm_sql_text(lease_id)), error);
}

bool pm_store_lease_finish(struct pm_pool_store *store, const struct pm_pool_lease *lease,
                           const char *digest, const char *answer, int quorum,
                           struct pm_error *error)
{
    return pm_sql_execute(store->sql,
                          "UPDATE leases SET state = $2, submission_digest = $3, answer = $4"
                          " WHERE id = $1",
                          PM_SQL_VALUES(pm_sql_text(lease->id), pm_sql_integer(PM_POOL_LEASE_DONE),
                                        pm_sql_text(digest), pm_sql_text(answer)),
                          error) &&
           engage_all(store, lease, -1, quorum, error);
}

static bool end_unfinished(struct pm_pool_store *store, const struct pm_pool_lease *lease,
                           enum pm_pool_lease_state state, int quorum, struct pm_error *error)
{
    return pm_sql_execute(store->sql, "UPDATE leases SET state = $2 WHERE id = $1",
                          PM_SQL_VALUES(pm_sql_text(lease->id), pm_sql_integer(state)), error) &&
           engage_all(store, lease, -1, quorum, error);
}

bool pm_store_lease_drop(struct pm_pool_store *store, const struct pm_pool_lease *lease, int quorum,
                         struct pm_error *error)
{
    return end_unfinished(store, lease, PM_POOL_LEASE_DROPPED, quorum, error);
}

/* The order of the index, in which leases of one end follow each other by chance. */
static bool find_due(struct pm_pool_store *store, int64_t now_ms, struct pm_pool_lease *out,
                     bool *found, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok =
        pm_sql_select(store->sql,
                      "SELECT " LEASE_COLUMNS " FROM leases WHERE state = 0 AND timeout_ms <= $1"
                      " ORDER BY timeout_ms LIMIT 1",
                      PM_SQL_VALUES(pm_sql_integer(now_ms)), &cursor, error);
    return read_lease(cursor, ok, out, found, error);
}

static bool find_next_due(struct pm_pool_store *store, struct pm_error *error)
{
    struct pm_store_pending *pending = &store->pending;
    pending->next_due_ms = INT64_MAX;
    bool found;
    pending->has_next_due =
        pm_sql_select_integer(store->sql,
                              "SELECT timeout_ms FROM leases WHERE state = 0"
                              " ORDER BY timeout_ms LIMIT 1",
                              PM_SQL_NO_VALUES, &pending->next_due_ms, &found, error);
    return pending->has_next_due;
}

bool pm_store_leases_expire(struct pm_pool_store *store, int64_t now_ms, int quorum,
                            int64_t *expired, struct pm_error *error)
{
    struct pm_store_pending *pending = &store->pending;
    struct pm_pool_lease lease;
    bool found;
    *expired = 0;
    if (!pending->has_next_due && !find_next_due(store, error)) {
        return false;
    }
    while (pending->next_due_ms <= now_ms) {
        if (!find_due(store, now_ms, &lease, &found, error) ||
            (found && !end_unfinished(store, &lease, PM_POOL_LEASE_EXPIRED, quorum, error)) ||
            !find_next_due(store, error)) {
            return false;
        }
        *expired += found;
    }
    return true;
}
