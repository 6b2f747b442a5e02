#include "sidecar/queue_scenario.h"

#include "sidecar/sidecar_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

/* So few bytes that notes have to make room for jobs. */
const struct pm_queue_config SCENARIO_CONFIG = {
    .lease_ms = 1000, .max_jobs = 100, .max_bytes = 60000};
static const struct pm_queue_time NOW = {.steady_ms = 100, .unix_ms = 1700000000000};
static const struct pm_queue_time LATE = {.steady_ms = 100000, .unix_ms = 1700000100000};
static const char HOLDER[] = "worker:w:0123456789abcdef";

enum { NOTE_BYTES = 18000, LARGE_BYTES = 20000 };

static const char *const KEYS[] = {"0/1", "0/2", "1",   "2",   "3",   "a/1",
                                   "a/2", "a/3", "b/1", "c/1", "d/1", "e/1"};

/* ---- what steps are made of ---- */

/* Jobs are known by their keys: a store that is opened anew knows nothing else, and numbers of what
 * was rolled back may be left out. */
static bool find(struct pm_queue *queue, const char *key, struct pm_store_job *out,
                 struct pm_error *error)
{
    struct pm_store *store = queue->store;
    int64_t run, id;
    bool found;
    if (!store->verbs->run_find(store, "run", false, &run, error) ||
        !store->verbs->job_find(store, run, key, &id, error) ||
        !store->verbs->job_get(store, id, out, &found, error)) {
        return false;
    }
    assert_true(found);
    return true;
}

static bool put(struct pm_queue *queue, const char *key, size_t size, bool has_deadline,
                struct pm_error *error)
{
    char *body = malloc(size);
    assert_non_null(body);
    memset(body, 'b', size);
    const struct pm_job_put job = {.run_id = "run",
                                   .key = key,
                                   .kind = "evaluate",
                                   .deadline_ms = has_deadline ? NOW.unix_ms + 1000 : 0,
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
        if (!pm_queue_lease(queue, NOW, "", HOLDER, 7, &lease, &found, error)) {
            return false;
        }
        assert_true(found);
        pm_queue_lease_clear(&lease);
    }
    return true;
}

static bool note(struct pm_queue *queue, const char *key, const char *state, size_t size,
                 struct pm_error *error)
{
    static char bytes[NOTE_BYTES];
    struct pm_store_record record = {0};
    const struct pm_wire_frame body = {bytes, size};
    snprintf(record.key, sizeof record.key, "%s", key);
    snprintf(record.state, sizeof record.state, "%s", state);
    return pm_queue_record_put(queue, NOW, "run", &record, &body, error);
}

static bool leave(struct pm_queue *queue, const char *key, size_t size, struct pm_error *error)
{
    static char bytes[10000];
    const struct pm_wire_frame checkpoint = {bytes, size};
    struct pm_store_job job;
    memset(bytes, (int)(size % 251), sizeof bytes);
    return find(queue, key, &job, error) &&
           pm_queue_checkpoint(queue, NOW, job.id, job.token, &checkpoint, error);
}

static bool tick(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_queue_event events[4];
    size_t count;
    return pm_queue_tick(queue, LATE, events, 4, &count, error);
}

static bool lose_worker(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_queue_event events[4];
    size_t count;
    return pm_queue_holder_gone(queue, NOW, HOLDER, events, 4, &count, error);
}

static bool collect_all(struct pm_queue *queue, struct pm_error *error)
{
    int64_t ids[10];
    size_t count, collected;
    if (!pm_queue_results(queue, "run", "", 0, ids, 10, &count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct pm_store_job job;
        void *result;
        size_t size;
        if (!pm_queue_outcome(queue, ids[i], &job, &result, &size, error)) {
            return false;
        }
        free(result);
    }
    return pm_queue_collect(queue, ids, count, &collected, error);
}

static bool set_aside_id(struct pm_queue *queue, int64_t *id, struct pm_error *error)
{
    const struct pm_store_query query = {.list = PM_STORE_SET_ASIDE};
    size_t count;
    if (!queue->store->verbs->list(queue->store, &query, id, 1, &count, error)) {
        return false;
    }
    assert_int_equal(count, 1);
    return true;
}

static bool finish(struct pm_queue *queue, const char *key, struct pm_error *error)
{
    const struct pm_wire_frame result = {"result", 6};
    struct pm_store_job job;
    bool repeated;
    return find(queue, key, &job, error) &&
           pm_queue_finish(queue, job.id, job.token, &result, &repeated, error);
}

/* ---- the steps ---- */

static bool put_and_lease(struct pm_queue *queue, struct pm_error *error)
{
    return put(queue, "0/1", 10, false, error) && put(queue, "0/2", 10, false, error) &&
           lease(queue, 1, error);
}

/* As one request does. */
static bool finish_and_lease(struct pm_queue *queue, struct pm_error *error)
{
    return finish(queue, "0/1", error) && lease(queue, 1, error);
}

static bool finish_it_too(struct pm_queue *queue, struct pm_error *error)
{
    return finish(queue, "0/2", error);
}

static bool put_one(struct pm_queue *queue, struct pm_error *error)
{
    return put(queue, "1", 10, true, error);
}

static bool put_two(struct pm_queue *queue, struct pm_error *error)
{
    return put(queue, "2", LARGE_BYTES, true, error) && put(queue, "3", 5, true, error);
}

static bool lease_one(struct pm_queue *queue, struct pm_error *error)
{
    return lease(queue, 1, error);
}

static bool lease_two(struct pm_queue *queue, struct pm_error *error)
{
    return lease(queue, 2, error);
}

static bool note_open(struct pm_queue *queue, struct pm_error *error)
{
    return note(queue, "lease-1", "open", 4, error);
}

static bool release_first(struct pm_queue *queue, struct pm_error *error)
{
    const struct pm_wire_frame half = {"half", 4};
    struct pm_store_job job;
    return find(queue, "1", &job, error) &&
           pm_queue_release(queue, job.id, job.token, &half, error);
}

static bool renew_first(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_store_job job;
    return find(queue, "1", &job, error) && pm_queue_progress(queue, NOW, job.id, job.token, error);
}

static bool leave_much(struct pm_queue *queue, struct pm_error *error)
{
    return leave(queue, "1", 9000, error);
}

static bool leave_little(struct pm_queue *queue, struct pm_error *error)
{
    return leave(queue, "1", 300, error);
}

static bool finish_first(struct pm_queue *queue, struct pm_error *error)
{
    return finish(queue, "1", error);
}

static bool fail_second(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_store_job job;
    enum pm_job_state state;
    return find(queue, "2", &job, error) &&
           pm_queue_fail(queue, job.id, job.token, "why", true, &state, error);
}

static bool note_submitted(struct pm_queue *queue, struct pm_error *error)
{
    return note(queue, "lease-1", "submitted", 4, error);
}

/* One that is leased by then, and one that is queued. */
static bool let_deadlines_pass(struct pm_queue *queue, struct pm_error *error)
{
    return lease(queue, 1, error) && tick(queue, error);
}

static bool put_more(struct pm_queue *queue, struct pm_error *error)
{
    return put(queue, "a/1", 10, false, error) && put(queue, "a/2", 10, false, error) &&
           put(queue, "a/3", 10, false, error) && put(queue, "b/1", 3000, false, error);
}

static bool lease_again(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_queue_lease lease;
    bool found;
    if (!pm_queue_lease_again(queue, NOW, HOLDER, 7, &lease, &found, error)) {
        return false;
    }
    assert_true(found);
    pm_queue_lease_clear(&lease);
    return true;
}

/* Two are leased, one is queued. */
static bool cancel(struct pm_queue *queue, struct pm_error *error)
{
    char last[PM_STORE_KEY_MAX + 1];
    size_t cancelled;
    bool more;
    return pm_queue_cancel(queue, "run", "a/", "", &cancelled, &more, last, error);
}

static bool leave_and_lose(struct pm_queue *queue, struct pm_error *error)
{
    return leave(queue, "b/1", 500, error) && lose_worker(queue, error);
}

static bool lease_and_lose(struct pm_queue *queue, struct pm_error *error)
{
    return lease(queue, 1, error) && lose_worker(queue, error);
}

static bool lose_three_times(struct pm_queue *queue, struct pm_error *error)
{
    for (int i = 0; i < PM_QUEUE_ATTEMPTS_MAX; i++) {
        if (!lease_and_lose(queue, error)) {
            return false;
        }
    }
    return true;
}

static bool retry(struct pm_queue *queue, struct pm_error *error)
{
    int64_t id;
    return set_aside_id(queue, &id, error) && pm_queue_retry(queue, id, error);
}

static bool discard(struct pm_queue *queue, struct pm_error *error)
{
    int64_t id;
    return set_aside_id(queue, &id, error) && pm_queue_discard(queue, id, error);
}

static bool lease_and_take_back(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_store_job job;
    return lease(queue, 1, error) && find(queue, "b/1", &job, error) &&
           pm_queue_take_back(queue, job.id, job.token, error);
}

static bool put_with_deadline(struct pm_queue *queue, struct pm_error *error)
{
    return put(queue, "c/1", 10, true, error) && put(queue, "d/1", 10, false, error);
}

static bool fail_for_good(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_store_job job;
    enum pm_job_state state;
    return lease(queue, 1, error) && find(queue, "d/1", &job, error) &&
           pm_queue_fail(queue, job.id, job.token, "never", false, &state, error);
}

static bool wish_pause(struct pm_queue *queue, struct pm_error *error)
{
    return pm_queue_set_wish(queue, NOW, PM_WISH_PAUSE, error);
}

static bool wish_nothing(struct pm_queue *queue, struct pm_error *error)
{
    return pm_queue_set_wish(queue, NOW, PM_WISH_AUTO, error);
}

static bool note_much(struct pm_queue *queue, struct pm_error *error)
{
    return note(queue, "lease-2", "submitted", NOTE_BYTES, error) &&
           note(queue, "lease-3", "expired", NOTE_BYTES, error) &&
           note(queue, "lease-4", "submitted", NOTE_BYTES, error);
}

static bool put_what_takes_their_place(struct pm_queue *queue, struct pm_error *error)
{
    return put(queue, "e/1", LARGE_BYTES, false, error);
}

static bool visit_record(void *context, const struct pm_store_record *record,
                         const struct pm_wire_frame *body, struct pm_error *error)
{
    (void)context;
    (void)record;
    (void)body;
    (void)error;
    return true;
}

/* What only looks. */
static bool look(struct pm_queue *queue, struct pm_error *error)
{
    const struct pm_store_record_query all = {
        .state = "", .prefix = "", .before = INT64_MAX, .limit = 10};
    char state[PM_STORE_STATE_MAX + 1];
    return pm_queue_has_room(queue, 1000, error) &&
           pm_queue_records(queue, "run", &all, visit_record, NULL, error) &&
           pm_queue_record_state(queue, "run", "lease-4", state, error);
}

/* NULL: the store is opened again by a queue, as at a start, outside of a transaction. */
static bool (*const STORY[])(struct pm_queue *queue, struct pm_error *error) = {
    put_and_lease,
    finish_and_lease,
    finish_it_too,
    put_one,
    put_two,
    lease_one,
    note_open,
    release_first,
    lease_two,
    renew_first,
    leave_much,
    leave_little,
    finish_first,
    fail_second,
    collect_all,
    note_submitted,
    let_deadlines_pass,
    put_more,
    lease_two,
    NULL,
    lease_again,
    cancel,
    collect_all,
    lease_and_lose,
    lease_one,
    leave_and_lose,
    lease_and_lose,
    collect_all,
    retry,
    lease_and_take_back,
    lose_three_times,
    discard,
    put_with_deadline,
    tick,
    fail_for_good,
    wish_pause,
    wish_nothing,
    note_much,
    put_what_takes_their_place,
    look,
};
_Static_assert(sizeof STORY / sizeof *STORY == SCENARIO_STEPS, "the story has so many steps");

bool scenario_step(struct pm_queue *queue, size_t step, bool apart, struct pm_error *error)
{
    if (STORY[step] == NULL) {
        return pm_queue_open(queue, queue->store, &SCENARIO_CONFIG, NOW, error);
    }
    const bool durable = STORY[step] != renew_first;
    if (!pm_queue_begin(queue, durable && !apart, error) || !STORY[step](queue, error) ||
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
    pm_text_append(context, "record %s %s %s %zu at %lld\n", record->key, record->state,
                   record->reason, body->size, (long long)record->updated_ms);
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
                   "job %s key=%s turn=%lld token=%lld failures=%lld ended=%lld bytes=%lld "
                   "collected=%d holder=%s reason=%s",
                   pm_job_state_name(job->state), job->key, (long long)job->turn,
                   (long long)job->token, (long long)job->failures, (long long)job->ended_token,
                   (long long)job->bytes, job->collected, job->holder, job->reason);
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

static void dump_job_of_id(struct pm_text *text, struct pm_store *store, int64_t id)
{
    struct pm_store_job job;
    struct pm_error error;
    bool found;
    assert_done(store->verbs->job_get(store, id, &job, &found, &error), error);
    assert_true(found);
    dump_job(text, store, &job);
}

/* Those with a key, and those that only a person still has to do with. */
static void dump_jobs(struct pm_text *text, struct pm_store *store)
{
    const struct pm_store_query set_aside = {.list = PM_STORE_SET_ASIDE_COLLECTED};
    struct pm_error error;
    int64_t run, id, ids[10];
    size_t count;
    assert_done(store->verbs->run_find(store, "run", false, &run, &error), error);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        assert_done(store->verbs->job_find(store, run, KEYS[i], &id, &error), error);
        if (id != 0) {
            dump_job_of_id(text, store, id);
        }
    }
    assert_done(store->verbs->list(store, &set_aside, ids, 10, &count, &error), error);
    for (size_t i = 0; i < count; i++) {
        dump_job_of_id(text, store, ids[i]);
    }
}

static void dump_run(struct pm_text *text, struct pm_store *store, const char *name)
{
    const struct pm_store_record_query all = {
        .state = "", .prefix = "", .before = INT64_MAX, .limit = 10};
    struct pm_error error;
    int64_t run;
    assert_done(store->verbs->run_find(store, name, false, &run, &error), error);
    pm_text_append(text, "run %s:", run == 0 ? "none" : name);
    for (int counter = 0; run != 0 && counter < PM_COUNTER_COUNT; counter++) {
        pm_text_append(text, " %lld",
                       (long long)store->verbs->counted(store, run, (enum pm_counter)counter));
    }
    pm_text_append(text, "\n");
    assert_done(store->verbs->records(store, run, &all, dump_record, text, &error), error);
    assert_done(store->verbs->record_totals(store, run, dump_total, text, &error), error);
}

char *scenario_dump(struct pm_store *store)
{
    struct pm_text text = {0};
    struct pm_error error;
    assert_done(store->verbs->begin(store, true, &error), error);
    dump_jobs(&text, store);
    dump_run(&text, store, "run");
    dump_run(&text, store, pm_queue_wish_run);
    store->verbs->rollback(store);
    assert_false(text.failed);
    return text.data;
}
