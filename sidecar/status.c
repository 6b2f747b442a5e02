/* The status verb: the whole state as one JSON object for people and pages. */
#include "sidecar/requests.h"

#include <string.h>
#include <unistd.h>

#include <poolminer/json.h>

enum { LISTED_MAX = 100 };

static void add_integer(cJSON *object, const char *name, int64_t value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}

/* ---- counts ---- */

static void add_counts(cJSON *object, struct pm_store *store, int64_t run)
{
    static const struct {
        const char *name;
        enum pm_counter counter;
    } events[] = {
        {"put", PM_COUNTER_PUT},
        {"completed", PM_COUNTER_COMPLETED},
        {"gone_wrong", PM_COUNTER_GONE_WRONG},
        {"lost_leases", PM_COUNTER_LOST_LEASES},
        {"expired", PM_COUNTER_EXPIRED},
        {"cancelled", PM_COUNTER_CANCELLED},
        {"set_aside_ever", PM_COUNTER_SET_ASIDE_EVER},
        {"collected", PM_COUNTER_COLLECTED},
        {"bytes", PM_COUNTER_BYTES},
    };
    for (enum pm_job_state state = PM_JOB_QUEUED; state < PM_JOB_COLLECTED; state++) {
        enum pm_counter counter = (enum pm_counter)(PM_COUNTER_STATE_FIRST + (int)state);
        add_integer(object, pm_job_state_name(state), store->verbs->counted(store, run, counter));
    }
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        add_integer(object, events[i].name, store->verbs->counted(store, run, events[i].counter));
    }
}

static bool add_total(void *context, const char *state, int64_t count, struct pm_error *error)
{
    (void)error;
    cJSON *const *objects = context; /* the run's and the sum's */
    for (int i = 0; i < 2; i++) {
        cJSON *item = cJSON_GetObjectItemCaseSensitive(objects[i], state);
        if (item == NULL) {
            add_integer(objects[i], state, count);
        } else {
            cJSON_SetNumberValue(item, item->valuedouble + (double)count);
        }
    }
    return true;
}

static bool add_runs(cJSON *object, struct pm_store *store, struct pm_error *error)
{
    cJSON *runs = cJSON_AddObjectToObject(object, "runs");
    cJSON *sum = cJSON_AddObjectToObject(object, "records");
    for (size_t i = 0;; i++) {
        int64_t run = store->verbs->run_at(store, i);
        if (run == 0) {
            return true;
        }
        cJSON *item = cJSON_CreateObject();
        cJSON *objects[2] = {cJSON_CreateObject(), sum};
        add_counts(item, store, run);
        bool good = store->verbs->record_totals(store, run, add_total, objects, error);
        cJSON_AddItemToObject(item, "records", objects[0]);
        if (good && i < LISTED_MAX) {
            cJSON_AddItemToObject(runs, store->verbs->run_name(store, run), item);
        } else {
            cJSON_Delete(item);
        }
        if (!good) {
            return false;
        }
    }
}

/* ---- workers ---- */

static void add_peer(cJSON *item, const struct pm_peer *peer, struct pm_queue_time now)
{
    add_integer(item, "silent_ms", now.steady_ms - peer->heard_ms);
    cJSON_AddBoolToObject(item, "connected", peer->unreachable_ms < 0);
}

static bool add_leased_job(cJSON *list, const struct pm_desk *desk, int64_t id,
                           struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    struct pm_store_job job;
    bool found;
    if (!store->verbs->job_get(store, id, &job, &found, error)) {
        return false;
    }
    if (!found) {
        return true; /* another sidecar was quicker */
    }
    struct pm_wire_identity identity = {0};
    pm_wire_identity_decode(job.holder, strlen(job.holder), &identity);
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    cJSON_AddStringToObject(item, "name", identity.name);
    add_integer(item, "job", id);
    cJSON_AddStringToObject(item, "run", store->verbs->run_name(store, job.run));
    cJSON_AddStringToObject(item, "kind", job.kind);
    add_integer(item, "attempt", job.failures + 1);
    add_integer(item, "lease_left_ms", job.lease_until_ms - desk->now.steady_ms);
    const struct pm_peer *peer = pm_roster_find(desk->roster, job.holder);
    if (peer != NULL) {
        add_peer(item, peer, desk->now);
        if (peer->progress != NULL && peer->progress_job == id) {
            cJSON_AddItemToObject(item, "progress", cJSON_Parse(peer->progress));
        }
    }
    return true;
}

static bool add_workers(cJSON *object, const struct pm_desk *desk, struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    cJSON *list = cJSON_AddArrayToObject(object, "workers");
    const struct pm_store_query query = {.list = PM_STORE_LEASED};
    int64_t ids[LISTED_MAX];
    size_t count;
    if (!store->verbs->list(store, &query, ids, LISTED_MAX, &count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!add_leased_job(list, desk, ids[i], error)) {
            return false;
        }
    }
    for (const struct pm_peer *peer = desk->roster->parked_first;
         peer != NULL && count < LISTED_MAX; peer = pm_roster_next_parked(peer)) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(list, item);
        cJSON_AddStringToObject(item, "name", peer->identity.name);
        cJSON_AddNullToObject(item, "job");
        add_peer(item, peer, desk->now);
        count++;
    }
    return true;
}

static bool add_set_aside(cJSON *object, const struct pm_desk *desk, struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    cJSON *list = cJSON_AddArrayToObject(object, "set_aside");
    const struct pm_store_query query = {.list = PM_STORE_SET_ASIDE};
    int64_t ids[LISTED_MAX];
    size_t count;
    if (!store->verbs->list(store, &query, ids, LISTED_MAX, &count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct pm_store_job job;
        bool found;
        if (!store->verbs->job_get(store, ids[i], &job, &found, error)) {
            return false;
        }
        if (!found) {
            continue; /* another sidecar was quicker */
        }
        struct pm_wire_identity identity = {0};
        pm_wire_identity_decode(job.holder, strlen(job.holder), &identity);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(list, item);
        add_integer(item, "job", job.id);
        cJSON_AddStringToObject(item, "run", store->verbs->run_name(store, job.run));
        cJSON_AddStringToObject(item, "key", job.key);
        cJSON_AddStringToObject(item, "kind", job.kind);
        cJSON_AddStringToObject(item, "worker", identity.name);
        cJSON_AddStringToObject(item, "reason", job.reason);
    }
    return true;
}

/* ---- all of it ---- */

static void add_sidecar(cJSON *object, const struct pm_desk *desk)
{
    cJSON_AddStringToObject(object, "status", "running");
    cJSON_AddStringToObject(object, "version", PM_VERSION);
    add_integer(object, "pid", getpid());
    cJSON_AddNumberToObject(object, "uptime_s",
                            (double)(desk->now.steady_ms - desk->started_ms) / 1000.0);
    add_integer(object, "lease_ms", desk->lease_ms);
    add_integer(object, "heartbeat_ms", desk->heartbeat_ms);
    add_integer(object, "clients", (int64_t)desk->roster->count);
    add_integer(object, "parked", (int64_t)desk->roster->parked_count);
    cJSON *counters = cJSON_AddObjectToObject(object, "counters");
    add_integer(counters, "requests", desk->counters.requests);
    add_integer(counters, "bad_messages", desk->counters.bad_messages);
    add_integer(counters, "refused", desk->counters.refused);
    add_integer(counters, "undeliverable", desk->counters.undeliverable);
    add_integer(counters, "store_errors", desk->counters.store_errors);
    add_integer(counters, "commits", desk->counters.commits);
}

bool pm_request_status(struct pm_desk *desk, struct pm_reply_out *reply, struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    cJSON *object = cJSON_CreateObject();
    add_sidecar(object, desk);
    add_counts(cJSON_AddObjectToObject(object, "jobs"), store, 0);
    if (add_runs(object, store, error) && add_workers(object, desk, error) &&
        add_set_aside(object, desk, error)) {
        reply->verb = "ok";
        reply->arguments = pm_json_print(object, error);
    }
    cJSON_Delete(object);
    return reply->arguments != NULL;
}
