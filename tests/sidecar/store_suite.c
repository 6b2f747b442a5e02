#include "sidecar/store_suite.h"

#include "sidecar/store_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pm_store_backend *backend;
struct pm_store *store;
struct pm_error error;

/* ---- steps ---- */

void begin(void)
{
    assert_done(store->verbs->begin(store, true, &error), error);
}

void commit(void)
{
    assert_done(store->verbs->commit(store, &error), error);
}

void reopen(void)
{
    store->verbs->close(store);
    assert_done(backend->open(&store, &error), error);
}

int64_t run(const char *name)
{
    int64_t id;
    assert_done(store->verbs->run_find(store, name, true, &id, &error), error);
    assert_true(id > 0);
    return id;
}

static int64_t insert(int64_t run_id, const char *key, int64_t priority, int64_t turn)
{
    struct pm_store_job job = {.run = run_id,
                               .state = PM_JOB_QUEUED,
                               .priority = priority,
                               .turn = turn,
                               .deadline_ms = 0,
                               .created_ms = 1000,
                               .bytes = 3};
    snprintf(job.key, sizeof job.key, "%s", key);
    snprintf(job.kind, sizeof job.kind, "evaluate");
    const struct pm_wire_frame body = {"abc", 3};
    assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
    assert_true(job.id > 0);
    return job.id;
}

static struct pm_store_job get(int64_t id)
{
    struct pm_store_job job;
    bool found;
    assert_done(store->verbs->job_get(store, id, &job, &found, &error), error);
    assert_true(found);
    return job;
}

static bool exists(int64_t id)
{
    struct pm_store_job job;
    bool found;
    assert_done(store->verbs->job_get(store, id, &job, &found, &error), error);
    return found;
}

static void move(const struct pm_store_job *job, enum pm_job_state from)
{
    assert_done(store->verbs->job_move(store, job, from, NULL, &error), error);
}

static void set_state(int64_t id, enum pm_job_state state)
{
    struct pm_store_job job = get(id);
    enum pm_job_state from = job.state;
    job.state = state;
    move(&job, from);
}

static void set_leased(int64_t id, const char *holder, int64_t until_ms)
{
    struct pm_store_job job = get(id);
    enum pm_job_state from = job.state;
    job.state = PM_JOB_LEASED;
    job.lease_until_ms = until_ms;
    snprintf(job.holder, sizeof job.holder, "%s", holder);
    move(&job, from);
}

static void set_collected(int64_t id)
{
    struct pm_store_job job = get(id);
    job.collected = true;
    move(&job, PM_JOB_SET_ASIDE);
}

static void finish(int64_t id, const void *result, size_t size)
{
    struct pm_store_job job = get(id);
    enum pm_job_state from = job.state;
    const struct pm_wire_frame frame = {result, size};
    job.state = PM_JOB_DONE;
    assert_done(store->verbs->job_move(store, &job, from, &frame, &error), error);
}

static void delete (int64_t id)
{
    struct pm_store_job job = get(id);
    assert_done(store->verbs->job_delete(store, &job, &error), error);
}

static int64_t next(int64_t run_id)
{
    struct pm_store_job job;
    bool found;
    assert_done(store->verbs->job_next(store, run_id, &job, &found, &error), error);
    return found ? job.id : 0;
}

/* Compares a list with the expected numbers, which end with 0. */
static void expect_list(struct pm_store_query query, const int64_t *expected)
{
    int64_t ids[16] = {0};
    size_t count, wanted = 0;
    while (expected[wanted] != 0) {
        wanted++;
    }
    assert_done(store->verbs->list(store, &query, ids, 16, &count, &error), error);
    assert_int_equal(count, wanted);
    for (size_t i = 0; i < wanted; i++) {
        assert_int_equal(ids[i], expected[i]);
    }
}

static void set_checkpoint(int64_t id, const void *data, size_t size)
{
    const struct pm_wire_frame frame = {data, size};
    assert_done(store->verbs->checkpoint_set(store, id, &frame, &error), error);
}

static void expect_part(int64_t id, enum pm_store_part part, const void *data, size_t size)
{
    void *found;
    size_t found_size;
    const struct pm_store_job job = get(id);
    assert_done(store->verbs->part_get(store, &job, part, &found, &found_size, &error), error);
    if (data == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_int_equal(found_size, size);
        assert_memory_equal(found, data, size);
    }
    free(found);
}

/* ---- runs and counters ---- */

static void runs_are_made_once_and_found(void **state)
{
    (void)state;
    int64_t missing;
    begin();
    assert_done(store->verbs->run_find(store, "a", false, &missing, &error), error);
    assert_int_equal(missing, 0);
    int64_t a = run("a"), b = run("b");
    assert_int_not_equal(a, b);
    assert_int_equal(run("a"), a);
    commit();
    reopen();
    begin();
    assert_int_equal(run("a"), a);
    assert_string_equal(store->verbs->run_name(store, b), "b");
    assert_string_equal(store->verbs->run_name(store, 99), "");
    assert_int_equal(store->verbs->run_at(store, 0), a);
    assert_int_equal(store->verbs->run_at(store, 1), b);
    assert_int_equal(store->verbs->run_at(store, 2), 0);
    commit();
}

static void counters_follow_the_transaction(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a"), b = run("b");
    store->verbs->count(store, a, PM_COUNTER_PUT, 5);
    store->verbs->count(store, b, PM_COUNTER_PUT, 2);
    commit();
    begin();
    store->verbs->count(store, a, PM_COUNTER_PUT, 10);
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_PUT), 15);
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_PUT), 17);
    int64_t c = run("c");
    store->verbs->count(store, c, PM_COUNTER_PUT, 1);
    store->verbs->rollback(store);
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_PUT), 5);
    assert_int_equal(store->verbs->counted(store, c, PM_COUNTER_PUT), 0);
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_PUT), 7);
    reopen();
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_PUT), 5);
    assert_int_equal(store->verbs->counted(store, b, PM_COUNTER_PUT), 2);
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_PUT), 7);
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_COLLECTED), 0);
}

static void the_oldest_unused_run_makes_room(void **state)
{
    (void)state;
    char name[16];
    int64_t first, id;
    begin();
    first = run("run-0");
    store->verbs->count(store, first, PM_COUNTER_STATE_FIRST, 1); /* it has a job */
    for (int i = 1; i < 1000; i++) {
        snprintf(name, sizeof name, "run-%d", i);
        store->verbs->count(store, run(name), PM_COUNTER_PUT, 1);
    }
    commit();
    begin();
    run("one more");
    assert_done(store->verbs->run_find(store, "run-1", false, &id, &error), error);
    assert_int_equal(id, 0);
    assert_int_equal(run("run-0"), first);
    store->verbs->rollback(store);
    begin();
    assert_done(store->verbs->run_find(store, "run-1", false, &id, &error), error);
    assert_int_not_equal(id, 0);
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_PUT), 999);
    for (int i = 1; i < 1000; i++) {
        snprintf(name, sizeof name, "run-%d", i);
        store->verbs->count(store, run(name), PM_COUNTER_RECORDS_OPEN, 1);
    }
    assert_refused(store->verbs->run_find(store, "one more", true, &id, &error), error,
                   PM_ERROR_UNAVAILABLE, "all 1000 runs");
    store->verbs->rollback(store);
}

/* ---- jobs ---- */

static void a_job_keeps_every_field(void **state)
{
    (void)state;
    begin();
    struct pm_store_job job = {.run = run("a"),
                               .state = PM_JOB_QUEUED,
                               .priority = -7,
                               .turn = 11,
                               .deadline_ms = 1790000000000,
                               .created_ms = 1780000000000,
                               .token = 0,
                               .bytes = 123};
    const struct pm_wire_frame body = {"abc", 3};
    snprintf(job.key, sizeof job.key, "key ~!'\"%%");
    snprintf(job.kind, sizeof job.kind, "evolve");
    assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
    struct pm_store_job found = get(job.id);
    assert_int_equal(found.state, PM_JOB_QUEUED);
    assert_int_equal(found.run, job.run);
    assert_int_equal(found.priority, -7);
    assert_int_equal(found.turn, 11);
    assert_int_equal(found.deadline_ms, 1790000000000);
    assert_int_equal(found.created_ms, 1780000000000);
    assert_int_equal(found.bytes, 123);
    assert_string_equal(found.key, job.key);
    assert_string_equal(found.kind, "evolve");
    assert_string_equal(found.holder, "");
    assert_string_equal(found.reason, "");
    assert_int_equal(found.token, 0);
    expect_part(job.id, PM_STORE_BODY, "abc", 3);
    commit();
}

/* Goes through all states; in each the job says what it was given, also after reopening. */
static void a_job_keeps_what_its_state_knows(void **state)
{
    (void)state;
    static const enum pm_job_state states[] = {PM_JOB_LEASED, PM_JOB_QUEUED,    PM_JOB_LEASED,
                                               PM_JOB_FAILED, PM_JOB_SET_ASIDE, PM_JOB_QUEUED,
                                               PM_JOB_DONE};
    begin();
    int64_t id = insert(run("a"), "k", 3, 4);
    commit();
    for (int i = 0; i < (int)(sizeof states / sizeof states[0]); i++) {
        bool leased = states[i] == PM_JOB_LEASED, queued = states[i] == PM_JOB_QUEUED;
        struct pm_store_job job = get(id);
        enum pm_job_state from = job.state;
        job.state = states[i];
        job.token = 10 + i;
        job.failures = 20 + i;
        job.ended_token = 30 + i;
        job.bytes = 40 + i;
        job.lease_until_ms = 777;
        job.lease_request = INT64_MIN;
        snprintf(job.holder, sizeof job.holder, "worker:w:0123456789abcdef");
        snprintf(job.reason, sizeof job.reason, "line 3: caf\xc3\xa9");
        begin();
        move(&job, from);
        commit();
        reopen();
        struct pm_store_job again = get(id);
        assert_int_equal(again.state, states[i]);
        assert_int_equal(again.token, 10 + i);
        assert_int_equal(again.failures, 20 + i);
        assert_int_equal(again.ended_token, 30 + i);
        assert_int_equal(again.bytes, 40 + i);
        assert_int_equal(again.lease_until_ms, leased ? 777 : 0);
        assert_true(again.lease_request == (leased ? INT64_MIN : 0));
        assert_string_equal(again.holder, queued ? "" : job.holder);
        assert_string_equal(again.reason, queued || leased ? "" : job.reason);
        assert_int_equal(again.priority, 3);
        assert_int_equal(again.turn, 4);
        assert_string_equal(again.key, "k");
        assert_int_equal(next(0), queued ? id : 0);
    }
}

static void keys_are_found_within_their_run(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a"), b = run("b"), id;
    int64_t first = insert(a, "k", 0, 0), second = insert(b, "k", 0, 0);
    assert_done(store->verbs->job_find(store, a, "k", &id, &error), error);
    assert_int_equal(id, first);
    assert_done(store->verbs->job_find(store, b, "k", &id, &error), error);
    assert_int_equal(id, second);
    assert_done(store->verbs->job_find(store, a, "K", &id, &error), error);
    assert_int_equal(id, 0);
    set_state(first, PM_JOB_SET_ASIDE);
    set_collected(first);
    assert_true(get(first).collected);
    assert_done(store->verbs->job_find(store, a, "k", &id, &error), error);
    assert_int_equal(id, 0);
    delete (insert(a, "k", 0, 0)); /* the key is free again */
    struct pm_store_job job = get(first);
    job.state = PM_JOB_QUEUED;
    job.collected = false;
    move(&job, PM_JOB_SET_ASIDE);
    assert_done(store->verbs->job_find(store, a, "k", &id, &error), error);
    assert_int_equal(id, first);
    commit();
}

static void numbers_are_never_used_again(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a");
    insert(a, "k1", 0, 0);
    int64_t last = insert(a, "k2", 0, 0);
    delete (last);
    commit();
    reopen();
    begin();
    assert_true(insert(a, "k3", 0, 0) > last);
    commit();
}

static void the_next_job_has_the_highest_priority_then_turn_then_age(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a"), b = run("b");
    assert_int_equal(next(0), 0);
    int64_t low = insert(a, "low", -1, 0);
    int64_t late = insert(a, "late", 5, 9);
    int64_t old = insert(a, "old", 5, 2);
    int64_t young = insert(b, "young", 5, 2);
    assert_int_equal(next(0), old);
    assert_int_equal(next(b), young);
    set_state(old, PM_JOB_LEASED);
    assert_int_equal(next(0), young);
    assert_int_equal(next(a), late);
    set_state(young, PM_JOB_DONE);
    set_state(late, PM_JOB_FAILED);
    assert_int_equal(next(0), low);
    assert_int_equal(next(b), 0);
    set_state(old, PM_JOB_QUEUED);
    assert_int_equal(next(0), old);
    commit();
}

static void turns_count_on_from_the_run_and_start_at_the_front(void **state)
{
    (void)state;
    int64_t turn;
    begin();
    int64_t a = run("a"), b = run("b");
    assert_done(store->verbs->next_turn(store, a, 0, &turn, &error), error);
    assert_int_equal(turn, 0);
    insert(a, "k1", 0, 40);
    int64_t last = insert(a, "k2", 0, 41);
    assert_done(store->verbs->next_turn(store, a, 0, &turn, &error), error);
    assert_int_equal(turn, 42);
    assert_done(store->verbs->next_turn(store, b, 0, &turn, &error), error);
    assert_int_equal(turn, 40);
    assert_done(store->verbs->next_turn(store, a, 1, &turn, &error), error);
    assert_int_equal(turn, 0);
    set_state(last, PM_JOB_LEASED);
    assert_done(store->verbs->next_turn(store, a, 0, &turn, &error), error);
    assert_int_equal(turn, 41);
    commit();
}

static void lists_hold_what_they_say(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a"), b = run("b");
    int64_t j[8] = {0};
    for (int i = 0; i < 7; i++) {
        char key[16];
        snprintf(key, sizeof key, "l%d/e/%d", i < 4 ? 1 : 10, i);
        j[i] = insert(a, key, 0, i);
    }
    j[7] = insert(b, "l1/x", 0, 0);
    set_leased(j[0], "h1", 500);
    set_leased(j[7], "h2", 400);
    set_state(j[1], PM_JOB_DONE);
    set_state(j[2], PM_JOB_FAILED);
    set_state(j[4], PM_JOB_SET_ASIDE);
    set_state(j[5], PM_JOB_SET_ASIDE);
    set_collected(j[5]);

    expect_list((struct pm_store_query){.list = PM_STORE_LEASED}, (int64_t[]){j[0], j[7], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_LEASED, .after = j[0]},
                (int64_t[]){j[7], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_LEASES_DUE, .time_ms = 399},
                (int64_t[]){0});
    expect_list((struct pm_store_query){.list = PM_STORE_LEASES_DUE, .time_ms = 500},
                (int64_t[]){j[7], j[0], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_LEASES_OF, .holder = "h1"},
                (int64_t[]){j[0], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_OUTCOMES, .run = a, .prefix = ""},
                (int64_t[]){j[1], j[2], j[4], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_OUTCOMES, .run = a, .prefix = "l1/"},
                (int64_t[]){j[1], j[2], 0});
    expect_list(
        (struct pm_store_query){
            .list = PM_STORE_OUTCOMES, .run = a, .prefix = "l1/", .after = j[1]},
        (int64_t[]){j[2], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_OUTCOMES, .run = b, .prefix = ""},
                (int64_t[]){0});
    expect_list(
        (struct pm_store_query){.list = PM_STORE_ACTIVE, .run = a, .prefix = "", .after_key = ""},
        (int64_t[]){j[0], j[3], j[6], 0});
    expect_list(
        (struct pm_store_query){
            .list = PM_STORE_ACTIVE, .run = a, .prefix = "l1/", .after_key = "l1/e/0"},
        (int64_t[]){j[3], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_SET_ASIDE}, (int64_t[]){j[5], j[4], 0});
    expect_list((struct pm_store_query){.list = PM_STORE_SET_ASIDE_COLLECTED},
                (int64_t[]){j[5], 0});

    assert_done(store->verbs->job_renew(store, j[7], 900, &error), error);
    expect_list((struct pm_store_query){.list = PM_STORE_LEASES_DUE, .time_ms = 500},
                (int64_t[]){j[0], 0});
    assert_done(store->verbs->renew_all(store, 1000, &error), error);
    expect_list((struct pm_store_query){.list = PM_STORE_LEASES_DUE, .time_ms = 999},
                (int64_t[]){0});
    assert_int_equal(get(j[3]).lease_until_ms, 0);
    commit();
}

static void deadlines_are_those_of_queued_jobs(void **state)
{
    (void)state;
    begin();
    struct pm_store_job job = {.run = run("a"), .state = PM_JOB_QUEUED, .deadline_ms = 100};
    const struct pm_wire_frame body = {"", 0};
    snprintf(job.key, sizeof job.key, "k1");
    assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
    int64_t first = job.id;
    snprintf(job.key, sizeof job.key, "k2");
    job.deadline_ms = 50;
    assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
    insert(job.run, "without", 0, 0);
    const struct pm_store_query due = {.list = PM_STORE_DEADLINES_DUE, .time_ms = 100};
    expect_list(due, (int64_t[]){job.id, first, 0});
    expect_list((struct pm_store_query){.list = PM_STORE_DEADLINES_DUE, .time_ms = 99},
                (int64_t[]){job.id, 0});
    set_state(job.id, PM_JOB_LEASED);
    expect_list(due, (int64_t[]){first, 0});
    commit();
}

/* ---- parts ---- */

static void parts_are_there_when_they_should_be(void **state)
{
    (void)state;
    size_t size = PM_JOB_BODY_MAX;
    char *large = malloc(size);
    assert_non_null(large);
    for (size_t i = 0; i < size; i++) {
        large[i] = (char)(i * 7 + i / 256);
    }
    begin();
    struct pm_store_job job = {.run = run("a"), .state = PM_JOB_QUEUED, .key = "large"};
    const struct pm_wire_frame body = {large, size};
    assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
    int64_t first = insert(job.run, "k1", 0, 0);
    expect_part(first, PM_STORE_RESULT, NULL, 0);
    expect_part(first, PM_STORE_CHECKPOINT, NULL, 0);
    finish(first, "", 0);
    expect_part(first, PM_STORE_RESULT, "", 0);
    set_checkpoint(job.id, "a", 1);
    set_checkpoint(job.id, "b\0c", 3);
    commit();
    reopen();
    begin();
    expect_part(first, PM_STORE_BODY, "abc", 3);
    expect_part(job.id, PM_STORE_BODY, large, size);
    expect_part(job.id, PM_STORE_CHECKPOINT, "b\0c", 3);
    set_leased(job.id, "h", 1);
    finish(job.id, large, size);
    expect_part(job.id, PM_STORE_RESULT, large, size);
    assert_done(store->verbs->checkpoint_set(store, job.id, NULL, &error), error);
    assert_done(store->verbs->checkpoint_set(store, first, NULL, &error), error);
    expect_part(job.id, PM_STORE_CHECKPOINT, NULL, 0);
    delete (first);
    assert_false(exists(first));
    expect_part(job.id, PM_STORE_BODY, large, size);
    delete (job.id);
    assert_false(exists(job.id));
    commit();
    free(large);
}

static void a_deleted_job_leaves_nothing(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a");
    for (enum pm_job_state each = PM_JOB_QUEUED; each < PM_JOB_COLLECTED; each++) {
        int64_t id = insert(a, "k", 0, 0); /* the key is free each time */
        set_checkpoint(id, "x", 1);
        if (each != PM_JOB_QUEUED) {
            set_state(id, each);
        }
        delete (id);
        assert_false(exists(id));
    }
    assert_int_equal(next(0), 0);
    expect_list((struct pm_store_query){.list = PM_STORE_LEASED}, (int64_t[]){0});
    expect_list((struct pm_store_query){.list = PM_STORE_OUTCOMES, .run = a, .prefix = ""},
                (int64_t[]){0});
    expect_list((struct pm_store_query){.list = PM_STORE_SET_ASIDE}, (int64_t[]){0});
    commit();
}

/* ---- transactions ---- */

static void rollback_undoes_everything(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a");
    int64_t kept = insert(a, "kept", 0, 0);
    set_checkpoint(kept, "abc", 3);
    put_record(a, "r", "open", "x");
    commit();
    begin();
    int64_t gone = insert(a, "gone", 9, 0);
    set_state(kept, PM_JOB_LEASED);
    set_checkpoint(kept, "changed", 7);
    put_record(a, "r", "closed", "y");
    store->verbs->rollback(store);
    begin();
    assert_false(exists(gone));
    assert_int_equal(next(0), kept);
    expect_part(kept, PM_STORE_CHECKPOINT, "abc", 3);
    expect_records(a, "", INT64_MAX, 10, "r=open:x ");
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_RECORDS_OPEN), 1);
    commit();
    store->verbs->rollback(store); /* with nothing open: harmless */
}

/* What a `finish` with `next_run` does: both, or none of it. */
static void a_job_is_done_and_the_next_of_a_run_leased_at_once(void **state)
{
    (void)state;
    begin();
    const int64_t a = run("a"), b = run("b");
    const int64_t first = insert(a, "first", 0, 0);
    const int64_t other = insert(b, "other", 9, 0);
    const int64_t second = insert(a, "second", 0, 1);
    set_leased(first, "h", 100);
    commit();
    for (int attempt = 0; attempt < 2; attempt++) {
        begin();
        finish(first, "result", 6);
        assert_int_equal(next(a), second);
        set_leased(second, "h", 200);
        assert_int_equal(next(a), 0);
        assert_int_equal(next(b), other);
        expect_list((struct pm_store_query){.list = PM_STORE_LEASES_OF, .holder = "h"},
                    (int64_t[]){second, 0});
        if (attempt == 0) {
            store->verbs->rollback(store);
            begin();
            expect_list((struct pm_store_query){.list = PM_STORE_LEASES_OF, .holder = "h"},
                        (int64_t[]){first, 0});
            assert_int_equal(next(a), second);
            expect_part(first, PM_STORE_RESULT, NULL, 0);
        }
        commit();
    }
    reopen();
    begin();
    expect_part(first, PM_STORE_RESULT, "result", 6);
    assert_int_equal(get(second).state, PM_JOB_LEASED);
    assert_int_equal(next(0), other);
    commit();
}

static void a_store_closed_in_a_transaction_forgets_it(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a");
    int64_t kept = insert(a, "kept", 0, 0);
    commit();
    begin();
    int64_t gone = insert(a, "gone", 0, 0);
    reopen();
    begin();
    assert_true(exists(kept));
    assert_false(exists(gone));
    commit();
}

int store_set_up(void **state)
{
    (void)state;
    backend->erase();
    return backend->open(&store, &error) ? 0 : -1;
}

int store_tear_down(void **state)
{
    (void)state;
    store->verbs->close(store);
    return 0;
}

int pm_store_suite_run(const struct pm_store_backend *chosen)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(runs_are_made_once_and_found),
        IN_STORE(counters_follow_the_transaction),
        IN_STORE(the_oldest_unused_run_makes_room),
        IN_STORE(a_job_keeps_every_field),
        IN_STORE(a_job_keeps_what_its_state_knows),
        IN_STORE(keys_are_found_within_their_run),
        IN_STORE(numbers_are_never_used_again),
        IN_STORE(the_next_job_has_the_highest_priority_then_turn_then_age),
        IN_STORE(turns_count_on_from_the_run_and_start_at_the_front),
        IN_STORE(lists_hold_what_they_say),
        IN_STORE(deadlines_are_those_of_queued_jobs),
        IN_STORE(parts_are_there_when_they_should_be),
        IN_STORE(a_deleted_job_leaves_nothing),
        IN_STORE(rollback_undoes_everything),
        IN_STORE(a_job_is_done_and_the_next_of_a_run_leased_at_once),
        IN_STORE(a_store_closed_in_a_transaction_forgets_it),
    };
    backend = chosen;
    return cmocka_run_group_tests_name(chosen->name, tests, NULL, NULL) + store_suite_run_records();
}
