/* Runs and their counters, read when a transaction begins; when it ends, what it counted is added
 * to what other sidecars have counted meanwhile. */
#include "sidecar/store_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 1000, COUNTERS_TEXT_MAX = PM_COUNTER_COUNT * 24 };

static struct pm_postgres_run *run_by_id(struct pm_postgres_store *store, int64_t id)
{
    for (size_t i = 0; i < store->run_count; i++) {
        if (store->runs[i].id == id) {
            return &store->runs[i];
        }
    }
    return NULL;
}

static struct pm_postgres_run *run_append(struct pm_postgres_store *store, struct pm_error *error)
{
    if (store->run_count == store->run_capacity) {
        size_t capacity = store->run_capacity == 0 ? 8 : store->run_capacity * 2;
        struct pm_postgres_run *larger = reallocarray(store->runs, capacity, sizeof *larger);
        if (larger == NULL) {
            pm_fail(error, PM_ERROR_MEMORY, "out of memory for a run");
            return NULL;
        }
        store->runs = larger;
        store->run_capacity = capacity;
    }
    struct pm_postgres_run *run = &store->runs[store->run_count++];
    *run = (struct pm_postgres_run){0};
    return run;
}

/* "3,0,17": as many as there were when they were written. */
static void read_counters(struct pm_postgres_store *store, struct pm_postgres_run *run,
                          const char *text)
{
    for (int i = 0; i < PM_COUNTER_COUNT && *text != '\0'; i++) {
        char *end;
        run->counters[i] = run->committed[i] = strtoll(text, &end, 10);
        store->totals[i] += run->counters[i];
        text = *end == ',' ? end + 1 : end;
    }
}

bool pm_postgres_runs_load(struct pm_postgres_store *store, struct pm_error *error)
{
    const struct pm_postgres_call call = {0};
    PGresult *result = pm_postgres_run(store, PM_PG_RUNS, &call, error);
    if (result == NULL) {
        return false;
    }
    store->run_count = 0;
    memset(store->totals, 0, sizeof store->totals);
    bool good = true;
    for (int row = 0; good && row < PQntuples(result); row++) {
        struct pm_postgres_run *run = run_append(store, error);
        good = run != NULL;
        if (good) {
            char counters[COUNTERS_TEXT_MAX];
            run->id = pm_postgres_get_number(result, row, 0);
            run->saved = true;
            pm_postgres_get_text(result, row, 1, run->name, sizeof run->name);
            pm_postgres_get_text(result, row, 2, counters, sizeof counters);
            read_counters(store, run, counters);
        }
    }
    PQclear(result);
    return good;
}

static bool write_changes(struct pm_postgres_store *store, const struct pm_postgres_run *run,
                          struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    char changes[COUNTERS_TEXT_MAX];
    size_t length = 0;
    for (int i = 0; i < PM_COUNTER_COUNT; i++) {
        length +=
            (size_t)snprintf(changes + length, sizeof changes - length, "%s%lld", i == 0 ? "" : ",",
                             (long long)(run->counters[i] - run->committed[i]));
    }
    pm_postgres_number(&call, run->id);
    pm_postgres_text(&call, changes);
    return pm_postgres_do(store, PM_PG_RUN_COUNT, &call, error);
}

/* In the order of their numbers, so that two sidecars cannot wait for each other. */
bool pm_postgres_runs_flush(struct pm_postgres_store *store, struct pm_error *error)
{
    for (size_t i = 0; i < store->run_count; i++) {
        const struct pm_postgres_run *run = &store->runs[i];
        if (memcmp(run->counters, run->committed, sizeof run->counters) != 0 &&
            !write_changes(store, run, error)) {
            return false;
        }
    }
    return true;
}

static void run_remove(struct pm_postgres_store *store, size_t index)
{
    for (int i = 0; i < PM_COUNTER_COUNT; i++) {
        store->totals[i] -= store->runs[index].counters[i];
    }
    memmove(&store->runs[index], &store->runs[index + 1],
            (store->run_count - index - 1) * sizeof store->runs[0]);
    store->run_count--;
}

void pm_postgres_runs_ended(struct pm_postgres_store *store, bool committed)
{
    for (size_t i = store->run_count; i-- > 0;) {
        struct pm_postgres_run *run = &store->runs[i];
        if (committed) {
            run->saved = true;
            memcpy(run->committed, run->counters, sizeof run->committed);
        } else if (!run->saved) {
            run_remove(store, i);
        } else {
            for (int c = 0; c < PM_COUNTER_COUNT; c++) {
                store->totals[c] += run->committed[c] - run->counters[c];
                run->counters[c] = run->committed[c];
            }
        }
    }
}

/* Forgets the oldest run without jobs and open records. */
static bool make_room(struct pm_postgres_store *store, struct pm_error *error)
{
    for (size_t index = 0; index < store->run_count; index++) {
        const struct pm_postgres_run *run = &store->runs[index];
        int64_t in_use = run->counters[PM_COUNTER_RECORDS_OPEN];
        for (int state = PM_JOB_QUEUED; state < PM_JOB_COLLECTED; state++) {
            in_use += run->counters[PM_COUNTER_STATE_FIRST + state];
        }
        if (in_use == 0 && run->saved) {
            struct pm_postgres_call call = {0};
            pm_postgres_number(&call, run->id);
            if (!pm_postgres_do(store, PM_PG_RUN_DELETE, &call, error)) {
                return false;
            }
            run_remove(store, index);
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_UNAVAILABLE,
                   "all %d runs have jobs or open records; finish or cancel one first", RUNS_MAX);
}

static bool run_create(struct pm_postgres_store *store, const char *name, int64_t *id,
                       struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    if (store->run_count >= RUNS_MAX && !make_room(store, error)) {
        return false;
    }
    struct pm_postgres_run *run = run_append(store, error);
    if (run == NULL) {
        return false;
    }
    snprintf(run->name, sizeof run->name, "%s", name);
    pm_postgres_text(&call, name);
    PGresult *result = pm_postgres_run(store, PM_PG_RUN_CREATE, &call, error);
    if (result != NULL) {
        run->id = *id = pm_postgres_get_number(result, 0, 0);
    }
    PQclear(result);
    return result != NULL;
}

bool pm_postgres_run_find(struct pm_store *base, const char *name, bool create, int64_t *run,
                          struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    for (size_t i = store->run_count; i-- > 0;) { /* the newest are asked for most */
        if (strcmp(store->runs[i].name, name) == 0) {
            *run = store->runs[i].id;
            return true;
        }
    }
    *run = 0;
    return !create || run_create(store, name, run, error);
}

const char *pm_postgres_run_name(struct pm_store *base, int64_t run)
{
    const struct pm_postgres_run *found = run_by_id((struct pm_postgres_store *)base, run);
    return found == NULL ? "" : found->name;
}

int64_t pm_postgres_run_at(struct pm_store *base, size_t index)
{
    const struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    return index < store->run_count ? store->runs[index].id : 0;
}

void pm_postgres_count(struct pm_store *base, int64_t run, enum pm_counter counter, int64_t change)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    struct pm_postgres_run *found = run_by_id(store, run);
    if (found != NULL) {
        found->counters[counter] += change;
        store->totals[counter] += change;
    }
}

int64_t pm_postgres_counted(struct pm_store *base, int64_t run, enum pm_counter counter)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    if (run == 0) {
        return store->totals[counter];
    }
    const struct pm_postgres_run *found = run_by_id(store, run);
    return found == NULL ? 0 : found->counters[counter];
}
