#include "sidecar/queue_scenario.h"

#include "sidecar/sidecar_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

const struct pm_queue_config SCENARIO_CONFIG = {
    .lease_ms = 1000, .max_jobs = 100, .max_bytes = 1000000};
static const struct pm_queue_time NOW = {.steady_ms = 100, .unix_ms = 1700000000000};

/* ---- steps ---- */

static bool put(struct pm_queue *queue, const char *key, size_t size, struct pm_error *error)
{
    char *body = malloc(size);
    assert_non_null(body);
    memset(body, 'b', size);
    const struct pm_job_put job = {.run_id = "run",
                                   .key = key,
                                   .kind = "evaluate",
                                   .deadline_ms = NOW.unix_ms + 1000,
                                   .body = body,
                                   .body_size = size};
    int64_t id;
    bool existed;
    bool done = pm_queue_put(queue, NOW, &job, &id, &existed, error);
    free(body);
    return done;
}

static bool lease(struct pm_queue *queue, int count, struct pm_error *error)
{
    for (int i = 0; i < count; i++) {
        struct pm_queue_lease lease;
        bool found;
        if (!pm_queue_lease(queue, NOW, "", "worker:w:0123456789abcdef", 7, &lease, &found,
                            error)) {
            return false;
        }
        assert_true(found);
        pm_queue_lease_clear(&lease);
    }
    return true;
}

static bool note(struct pm_queue *queue, const char *state, struct pm_error *error)
{
    struct pm_store_record record = {.key = "lease-1"};
    const struct pm_wire_frame body = {"note", 4};
    snprintf(record.state, sizeof record.state, "%s", state);
    return pm_queue_record_put(queue, NOW, "run", &record, &body, error);
}

/* A checkpoint of the second lease of the first job. */
static bool leave(struct pm_queue *queue, size_t size, struct pm_error *error)
{
    static char bytes[10000];
    const struct pm_wire_frame checkpoint = {bytes, size};
    memset(bytes, (int)(size % 251), sizeof bytes);
    return pm_queue_checkpoint(queue, NOW, 1, 2, &checkpoint, error);
}

static bool carry_out(struct pm_queue *queue, size_t step, struct pm_error *error)
{
    const struct pm_wire_frame half = {"half", 4}, result = {"result", 6};
    const struct pm_queue_time late = {.steady_ms = 100000, .unix_ms = NOW.unix_ms + 100000};
    struct pm_queue_event events[4];
    const int64_t first = 1;
    enum pm_job_state state;
    bool repeated;
    size_t count;
    switch (step) {
    case 0:
        return put(queue, "1", 10, error);
    case 1:
        return put(queue, "2", 20000, error) && put(queue, "3", 5, error);
    case 2:
        return lease(queue, 1, error);
    case 3:
        return note(queue, "open", error);
    case 4:
        return pm_queue_release(queue, 1, 1, &half, error);
    case 5:
        return lease(queue, 2, error);
    case 6:
        return pm_queue_progress(queue, NOW, 1, 2, error);
    case 7:
        return leave(queue, 9000, error);
    case 8:
        return leave(queue, 300, error);
    case 9:
        return pm_queue_finish(queue, 1, 2, &result, &repeated, error);
    case 10:
        return pm_queue_fail(queue, 2, 1, "why", true, &state, error);
    case 11:
        return pm_queue_collect(queue, &first, 1, &count, error);
    case 12:
        return note(queue, "submitted", error);
    default:
        return lease(queue, 1, error) && pm_queue_tick(queue, late, events, 4, &count, error);
    }
}

bool scenario_step(struct pm_queue *queue, size_t step, bool apart, struct pm_error *error)
{
    const bool durable = step != 6;
    if (!pm_queue_begin(queue, durable && !apart, error) || !carry_out(queue, step, error) ||
        !pm_queue_commit(queue, error)) {
        pm_queue_rollback(queue);
        return false;
    }
    return !durable || !apart || queue->store->verbs->sync(queue->store, error);
}

/* ---- what is there ---- */

static bool dump_record(void *context, const struct pm_store_record *record,
                        const struct pm_wire_frame *body, struct pm_error *error)
{
    (void)error;
    pm_text_append(context, "record %s %s %zu at %lld\n", record->key, record->state, body->size,
                   (long long)record->updated_ms);
    return true;
}

static bool dump_total(void *context, const char *state, int64_t count, struct pm_error *error)
{
    (void)error;
    pm_text_append(context, "total %s %lld\n", state, (long long)count);
    return true;
}

static void dump_job(struct pm_text *text, struct pm_store *store, const struct pm_store_job *job)
{
    struct pm_error error;
    pm_text_append(text,
                   "job %lld %s key=%s turn=%lld token=%lld failures=%lld ended=%lld bytes=%lld "
                   "holder=%s reason=%s",
                   (long long)job->id, pm_job_state_name(job->state), job->key,
                   (long long)job->turn, (long long)job->token, (long long)job->failures,
                   (long long)job->ended_token, (long long)job->bytes, job->holder, job->reason);
    for (enum pm_store_part part = PM_STORE_BODY; part <= PM_STORE_CHECKPOINT; part++) {
        void *data;
        size_t size;
        assert_done(store->verbs->part_get(store, job, part, &data, &size, &error), error);
        unsigned sum = 0;
        for (size_t i = 0; i < size; i++) {
            sum = sum * 31 + ((const unsigned char *)data)[i];
        }
        pm_text_append(text, data == NULL ? " -" : " %zu/%u", size, sum);
        free(data);
    }
    pm_text_append(text, "\n");
}

char *scenario_dump(struct pm_store *store)
{
    struct pm_text text = {0};
    struct pm_error error;
    int64_t run;
    assert_done(store->verbs->begin(store, true, &error), error);
    assert_done(store->verbs->run_find(store, "run", false, &run, &error), error);
    for (int counter = 0; counter < PM_COUNTER_COUNT; counter++) {
        pm_text_append(&text, "%lld ",
                       (long long)store->verbs->counted(store, run, (enum pm_counter)counter));
    }
    pm_text_append(&text, "\n");
    for (int64_t id = 1; id < 10; id++) {
        struct pm_store_job job;
        bool found;
        assert_done(store->verbs->job_get(store, id, &job, &found, &error), error);
        if (found) {
            dump_job(&text, store, &job);
        }
    }
    const struct pm_store_record_query all = {
        .state = "", .prefix = "", .before = INT64_MAX, .limit = 10};
    assert_done(store->verbs->records(store, run, &all, dump_record, &text, &error), error);
    assert_done(store->verbs->record_totals(store, run, dump_total, &text, &error), error);
    store->verbs->rollback(store);
    assert_false(text.failed);
    return text.data;
}
