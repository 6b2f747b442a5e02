/* The status verb: the whole state as one JSON object for people and pages. */
#include "sidecar/links.h"
#include "sidecar/requests_internal.h"

#include <string.h>
#include <unistd.h>

enum { LISTED_MAX = 100 };

/* ---- counts ---- */

static void add_counts(struct pm_reply_out *reply, cJSON *object, struct pm_store *store,
                       int64_t run)
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
        pm_reply_add_integer(reply, object, pm_job_state_name(state),
                             store->verbs->counted(store, run, counter));
    }
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        pm_reply_add_integer(reply, object, events[i].name,
                             store->verbs->counted(store, run, events[i].counter));
    }
}

struct totals {
    struct pm_reply_out *reply;
    cJSON *of_all, *of_run; /* of_run NULL: not listed */
};

static bool add_total(void *context, const char *state, int64_t count, struct pm_error *error)
{
    (void)error;
    const struct totals *totals = context;
    cJSON *const objects[] = {totals->of_all, totals->of_run};
    for (size_t i = 0; i < sizeof objects / sizeof objects[0] && objects[i] != NULL; i++) {
        cJSON *item = cJSON_GetObjectItemCaseSensitive(objects[i], state);
        if (item == NULL) {
            pm_reply_add_integer(totals->reply, objects[i], state, count);
        } else {
            cJSON_SetNumberValue(item, item->valuedouble + (double)count);
        }
    }
    return true;
}

static bool add_runs(struct pm_reply_out *reply, cJSON *object, struct pm_store *store,
                     struct pm_error *error)
{
    cJSON *runs = pm_reply_add_object(reply, object, "runs");
    struct totals totals = {.reply = reply,
                            .of_all = pm_reply_add_object(reply, object, "records")};
    for (size_t i = 0;; i++) {
        int64_t run = store->verbs->run_at(store, i);
        if (run == 0) {
            return true;
        }
        if (strcmp(store->verbs->run_name(store, run), pm_queue_wish_run) == 0) {
            continue;
        }
        totals.of_run = NULL;
        if (i < LISTED_MAX) {
            cJSON *item = pm_reply_add_object(reply, runs, store->verbs->run_name(store, run));
            add_counts(reply, item, store, run);
            totals.of_run = pm_reply_add_object(reply, item, "records");
        }
        if (!store->verbs->record_totals(store, run, add_total, &totals, error)) {
            return false;
        }
    }
}

/* ---- workers ---- */

static void add_peer(struct pm_reply_out *reply, cJSON *item, const struct pm_peer *peer,
                     struct pm_queue_time now)
{
    pm_reply_add_integer(reply, item, "silent_ms", now.steady_ms - peer->heard_ms);
    pm_reply_add_bool(reply, item, "connected", peer->unreachable_ms < 0);
}

/* What a worker's process tells of itself goes to each of its jobs. */
static void add_report(struct pm_reply_out *reply, cJSON *item, const struct pm_desk *desk,
                       const char *name)
{
    const struct pm_peer *peer = pm_roster_find_report(desk->roster, name, desk->now.steady_ms);
    if (peer != NULL) {
        pm_reply_add_text(reply, item, "paused", peer->paused);
        pm_reply_add_json(reply, item, "report", peer->report);
    }
}

static bool add_leased_job(struct pm_reply_out *reply, cJSON *list, const struct pm_desk *desk,
                           int64_t id, struct pm_error *error)
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
    cJSON *item = pm_reply_add_item(reply, list);
    pm_reply_add_text(reply, item, "name", identity.name);
    pm_reply_add_integer(reply, item, "job", id);
    pm_reply_add_text(reply, item, "run", store->verbs->run_name(store, job.run));
    pm_reply_add_text(reply, item, "kind", job.kind);
    pm_reply_add_integer(reply, item, "attempt", job.failures + 1);
    pm_reply_add_integer(reply, item, "lease_left_ms", job.lease_until_ms - desk->now.steady_ms);
    add_report(reply, item, desk, identity.name);
    /* Whoever has told nothing for as long as a lease has lost it. */
    const struct pm_peer *teller = pm_roster_find_progress(desk->roster, identity.name, id,
                                                           desk->now.steady_ms - desk->lease_ms);
    const struct pm_peer *peer = teller != NULL ? teller : pm_roster_find(desk->roster, job.holder);
    if (peer != NULL) {
        add_peer(reply, item, peer, desk->now);
    }
    if (teller != NULL) {
        pm_reply_add_json(reply, item, "progress", teller->progress);
    }
    return true;
}

static void add_idle(struct pm_reply_out *reply, cJSON *list, const struct pm_desk *desk,
                     const struct pm_peer *peer)
{
    cJSON *item = pm_reply_add_item(reply, list);
    pm_reply_add_text(reply, item, "name", peer->identity.name);
    pm_reply_add_null(reply, item, "job");
    add_report(reply, item, desk, peer->identity.name);
    add_peer(reply, item, peer, desk->now);
}

static bool is_listed(const cJSON *list, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *listed = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(listed) && strcmp(listed->valuestring, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Workers that rest have no job and ask for none. */
static void add_resting(struct pm_reply_out *reply, cJSON *list, const struct pm_desk *desk,
                        size_t count)
{
    for (const struct pm_peer *peer = desk->roster->silent_longest;
         peer != NULL && count < LISTED_MAX; peer = pm_roster_next(peer)) {
        if (pm_roster_reports(peer, desk->now.steady_ms) && !is_listed(list, peer->identity.name)) {
            add_idle(reply, list, desk, peer);
            count++;
        }
    }
}

static bool add_workers(struct pm_reply_out *reply, cJSON *object, const struct pm_desk *desk,
                        struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    cJSON *list = pm_reply_add_array(reply, object, "workers");
    const struct pm_store_query query = {.list = PM_STORE_LEASED};
    int64_t ids[LISTED_MAX];
    size_t count;
    if (!store->verbs->list(store, &query, ids, LISTED_MAX, &count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!add_leased_job(reply, list, desk, ids[i], error)) {
            return false;
        }
    }
    for (const struct pm_peer *peer = desk->roster->parked_first;
         peer != NULL && count < LISTED_MAX; peer = pm_roster_next_parked(peer)) {
        add_idle(reply, list, desk, peer);
        count++;
    }
    add_resting(reply, list, desk, count);
    return true;
}

static bool add_set_aside(struct pm_reply_out *reply, cJSON *object, const struct pm_desk *desk,
                          struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    cJSON *list = pm_reply_add_array(reply, object, "set_aside");
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
        cJSON *item = pm_reply_add_item(reply, list);
        pm_reply_add_integer(reply, item, "job", job.id);
        pm_reply_add_text(reply, item, "run", store->verbs->run_name(store, job.run));
        pm_reply_add_text(reply, item, "key", job.key);
        pm_reply_add_text(reply, item, "kind", job.kind);
        pm_reply_add_text(reply, item, "worker", identity.name);
        pm_reply_add_text(reply, item, "reason", job.reason);
    }
    return true;
}

/* ---- all of it ---- */

/* By enum pm_link_fault. */
static const char *const CLOSED[PM_LINK_FAULTS] = {
    [PM_LINK_NO_HANDSHAKE] = "no_handshake", [PM_LINK_BROKEN] = "broken",
    [PM_LINK_OVERFULL] = "overfull",         [PM_LINK_DEAF] = "deaf",
    [PM_LINK_ONE_TOO_MANY] = "excess",
};

static void add_connections(struct pm_reply_out *reply, cJSON *object, const struct pm_desk *desk)
{
    struct pm_link_counts counts = {0};
    if (desk->links != NULL) {
        pm_links_count(desk->links, &counts);
    }
    pm_reply_add_integer(reply, object, "connections", counts.open);
    pm_reply_add_integer(reply, object, "unread_bytes", counts.unread_bytes);
    cJSON *closed = pm_reply_add_object(reply, object, "closed_connections");
    for (size_t i = 0; i < PM_LINK_FAULTS; i++) {
        pm_reply_add_integer(reply, closed, CLOSED[i], counts.faults[i]);
    }
}

static void add_sidecar(struct pm_reply_out *reply, cJSON *object, const struct pm_desk *desk)
{
    pm_reply_add_text(reply, object, "status", "running");
    pm_reply_add_text(reply, object, "version", PM_VERSION);
    pm_reply_add_integer(reply, object, "pid", getpid());
    pm_reply_add_number(reply, object, "uptime_s",
                        (double)(desk->now.steady_ms - desk->started_ms) / 1000.0);
    pm_reply_add_integer(reply, object, "lease_ms", desk->lease_ms);
    pm_reply_add_integer(reply, object, "heartbeat_ms", desk->heartbeat_ms);
    pm_reply_add_integer(reply, object, "clients", (int64_t)desk->roster->count);
    pm_reply_add_integer(reply, object, "parked", (int64_t)desk->roster->parked_count);
    cJSON *counters = pm_reply_add_object(reply, object, "counters");
    pm_reply_add_integer(reply, counters, "requests", desk->counters.requests);
    pm_reply_add_integer(reply, counters, "bad_messages", desk->counters.bad_messages);
    pm_reply_add_integer(reply, counters, "refused", desk->counters.refused);
    pm_reply_add_integer(reply, counters, "undeliverable", desk->counters.undeliverable);
    pm_reply_add_integer(reply, counters, "store_errors", desk->counters.store_errors);
    pm_reply_add_integer(reply, counters, "commits", desk->counters.commits);
}

static bool add_wish(struct pm_reply_out *reply, cJSON *object, struct pm_queue *queue,
                     struct pm_error *error)
{
    struct pm_wish_state state;
    if (!pm_queue_wish(queue, &state, error)) {
        return false;
    }
    pm_reply_add_text(reply, object, "wish", pm_wish_name(state.wish));
    pm_reply_add_integer(reply, object, "wish_since_ms", state.since_ms);
    return true;
}

bool pm_request_status(struct pm_desk *desk, struct pm_reply_out *reply, struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    cJSON *object = pm_reply_begin(reply);
    add_sidecar(reply, object, desk);
    add_connections(reply, object, desk);
    add_counts(reply, pm_reply_add_object(reply, object, "jobs"), store, 0);
    if (!add_wish(reply, object, desk->queue, error) || !add_runs(reply, object, store, error) ||
        !add_workers(reply, object, desk, error) || !add_set_aside(reply, object, desk, error)) {
        cJSON_Delete(object);
        return false;
    }
    return pm_reply_set(reply, object, error);
}
