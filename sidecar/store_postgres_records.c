/* Drivers' records, and how many there ever were in each state. */
#include "sidecar/store_postgres.h"

#include <string.h>

/* One record more (sign 1) or less (-1) is kept. */
static void count_kept(struct pm_store *base, int64_t run, const char *state, int64_t size,
                       int64_t sign)
{
    bool open = strcmp(state, "open") == 0;
    pm_postgres_count(base, run, open ? PM_COUNTER_RECORDS_OPEN : PM_COUNTER_RECORDS_CLOSED, sign);
    pm_postgres_count(base, run, PM_COUNTER_BYTES, sign * size);
    pm_postgres_count(base, run, PM_COUNTER_BYTES_CLOSED, open ? 0 : sign * size);
}

static bool total_add(struct pm_postgres_store *store, int64_t run, const char *state,
                      int64_t change, struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, run);
    pm_postgres_text(&call, state);
    pm_postgres_number(&call, change);
    return pm_postgres_do(store, PM_PG_TOTAL_ADD, &call, error);
}

static bool delete_row(struct pm_postgres_store *store, int64_t sequence, struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, sequence);
    return pm_postgres_do(store, PM_PG_RECORD_DELETE, &call, error);
}

struct kept {
    int64_t sequence, size; /* sequence 0: there is none */
    char state[PM_STORE_STATE_MAX + 1];
};

static bool find_kept(struct pm_postgres_store *store, int64_t run, const char *key,
                      struct kept *out, struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    *out = (struct kept){0};
    pm_postgres_number(&call, run);
    pm_postgres_text(&call, key);
    PGresult *result = pm_postgres_run(store, PM_PG_RECORD_GET, &call, error);
    if (result == NULL) {
        return false;
    }
    if (PQntuples(result) > 0) {
        out->sequence = pm_postgres_get_number(result, 0, 0);
        out->size = pm_postgres_get_number(result, 0, 2);
        pm_postgres_get_text(result, 0, 1, out->state, sizeof out->state);
    }
    PQclear(result);
    return true;
}

bool pm_postgres_record_find(struct pm_store *base, int64_t run, const char *key,
                             char state[PM_STORE_STATE_MAX + 1], int64_t *size,
                             struct pm_error *error)
{
    struct kept kept;
    if (!find_kept((struct pm_postgres_store *)base, run, key, &kept, error)) {
        return false;
    }
    memcpy(state, kept.state, sizeof kept.state);
    *size = kept.size;
    return true;
}

/* Takes the record with this key away, if there is one, as if it had never been. */
static bool remove_previous(struct pm_postgres_store *store, int64_t run, const char *key,
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

bool pm_postgres_record_put(struct pm_store *base, int64_t run, struct pm_store_record *record,
                            const struct pm_wire_frame *body, struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    struct pm_postgres_call call = {0};
    if (!remove_previous(store, run, record->key, error)) {
        return false;
    }
    pm_postgres_number(&call, run);
    pm_postgres_text(&call, record->key);
    pm_postgres_text(&call, record->state);
    pm_postgres_text(&call, record->reason);
    pm_postgres_number(&call, record->updated_ms);
    pm_postgres_bytes(&call, body);
    PGresult *result = pm_postgres_run(store, PM_PG_RECORD_INSERT, &call, error);
    if (result == NULL) {
        return false;
    }
    record->sequence = pm_postgres_get_number(result, 0, 0);
    PQclear(result);
    count_kept(base, run, record->state, (int64_t)body->size, 1);
    return total_add(store, run, record->state, 1, error);
}

bool pm_postgres_records(struct pm_store *base, int64_t run,
                         const struct pm_store_record_query *query, pm_store_record_visitor *visit,
                         void *context, struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    struct pm_postgres_call call = {0};
    const struct pm_postgres_prefix_end end = pm_postgres_end_of(query->prefix);
    bool any = query->state[0] == '\0';
    pm_postgres_number(&call, run);
    pm_postgres_number(&call, query->before);
    pm_postgres_number(&call, (int64_t)query->limit);
    pm_postgres_text(&call, query->prefix);
    pm_postgres_text(&call, end.text);
    if (!any) {
        pm_postgres_text(&call, query->state);
    }
    PGresult *result =
        pm_postgres_run(store, any ? PM_PG_RECORDS : PM_PG_RECORDS_OF_STATE, &call, error);
    bool good = result != NULL;
    for (int row = 0; good && row < PQntuples(result); row++) {
        struct pm_store_record record = {.sequence = pm_postgres_get_number(result, row, 0),
                                         .updated_ms = pm_postgres_get_number(result, row, 1)};
        pm_postgres_get_text(result, row, 2, record.key, sizeof record.key);
        pm_postgres_get_text(result, row, 3, record.state, sizeof record.state);
        pm_postgres_get_text(result, row, 4, record.reason, sizeof record.reason);
        const struct pm_wire_frame body = {PQgetvalue(result, row, 5),
                                           (size_t)PQgetlength(result, row, 5)};
        good = visit(context, &record, &body, error);
    }
    PQclear(result);
    return good;
}

bool pm_postgres_record_drop_oldest(struct pm_store *base, int64_t run, struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    struct pm_postgres_call call = {0};
    if (run != 0) {
        pm_postgres_number(&call, run);
    }
    PGresult *result = pm_postgres_run(
        store, run == 0 ? PM_PG_RECORD_OLDEST : PM_PG_RECORD_OLDEST_OF_RUN, &call, error);
    if (result == NULL) {
        return false;
    }
    bool good = true;
    if (PQntuples(result) > 0) {
        count_kept(base, pm_postgres_get_number(result, 0, 2), "closed",
                   pm_postgres_get_number(result, 0, 1), -1);
        good = delete_row(store, pm_postgres_get_number(result, 0, 0), error);
    }
    PQclear(result);
    return good;
}

bool pm_postgres_record_totals(struct pm_store *base, int64_t run, pm_store_total_visitor *visit,
                               void *context, struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, run);
    PGresult *result =
        pm_postgres_run((struct pm_postgres_store *)base, PM_PG_TOTALS, &call, error);
    bool good = result != NULL;
    for (int row = 0; good && row < PQntuples(result); row++) {
        char state[PM_STORE_STATE_MAX + 1];
        pm_postgres_get_text(result, row, 0, state, sizeof state);
        good = visit(context, state, pm_postgres_get_number(result, row, 1), error);
    }
    PQclear(result);
    return good;
}
