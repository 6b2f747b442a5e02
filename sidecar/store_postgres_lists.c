/* Lists of jobs: for time, for losses, for drivers, for status. */
#include "sidecar/store_postgres.h"

#include <string.h>

struct pm_postgres_prefix_end pm_postgres_end_of(const char *prefix)
{
    struct pm_postgres_prefix_end end = {"\x7f"};
    size_t length = strnlen(prefix, PM_STORE_KEY_MAX);
    if (length > 0) {
        memcpy(end.text, prefix, length);
        end.text[length - 1]++;
        end.text[length] = '\0';
    }
    return end;
}

static enum pm_postgres_statement fill_call(const struct pm_postgres_store *store,
                                            const struct pm_store_query *query,
                                            const struct pm_postgres_prefix_end *end,
                                            size_t capacity, struct pm_postgres_call *call)
{
    const int64_t limit = (int64_t)capacity;
    switch (query->list) {
    case PM_STORE_LEASED:
        pm_postgres_number(call, query->after);
        pm_postgres_number(call, limit);
        return PM_PG_LIST_LEASED;
    case PM_STORE_LEASES_DUE:
        pm_postgres_number(call, query->time_ms);
        pm_postgres_number(call, limit);
        pm_postgres_number(call, store->owner);
        return PM_PG_LIST_LEASES_DUE;
    case PM_STORE_LEASES_OF:
        pm_postgres_text(call, query->holder);
        pm_postgres_number(call, limit);
        pm_postgres_number(call, query->own ? store->owner : 0);
        return PM_PG_LIST_LEASES_OF;
    case PM_STORE_DEADLINES_DUE:
        pm_postgres_number(call, query->time_ms);
        pm_postgres_number(call, limit);
        return PM_PG_LIST_DEADLINES_DUE;
    case PM_STORE_OUTCOMES:
        pm_postgres_number(call, query->run);
        pm_postgres_number(call, query->after);
        pm_postgres_text(call, query->prefix);
        pm_postgres_text(call, end->text);
        pm_postgres_number(call, limit);
        return PM_PG_LIST_OUTCOMES;
    case PM_STORE_ACTIVE:
        pm_postgres_number(call, query->run);
        pm_postgres_text(call, query->prefix);
        pm_postgres_text(call, end->text);
        pm_postgres_text(call, query->after_key);
        pm_postgres_number(call, limit);
        return PM_PG_LIST_ACTIVE;
    case PM_STORE_SET_ASIDE:
        pm_postgres_number(call, limit);
        return PM_PG_LIST_SET_ASIDE;
    default:
        pm_postgres_number(call, limit);
        return PM_PG_LIST_SET_ASIDE_COLLECTED;
    }
}

bool pm_postgres_list(struct pm_store *base, const struct pm_store_query *query, int64_t *ids,
                      size_t capacity, size_t *count, struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    struct pm_postgres_call call = {0};
    const struct pm_postgres_prefix_end end =
        pm_postgres_end_of(query->prefix == NULL ? "" : query->prefix);
    enum pm_postgres_statement which = fill_call(store, query, &end, capacity, &call);
    *count = 0;
    PGresult *result = pm_postgres_run(store, which, &call, error);
    if (result == NULL) {
        return false;
    }
    for (int row = 0; row < PQntuples(result) && *count < capacity; row++) {
        ids[(*count)++] = pm_postgres_get_number(result, row, 0);
    }
    PQclear(result);
    return true;
}
