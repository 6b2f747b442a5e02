/* Random requests, the real queue against the model: every answer, every job and every counter must
 * agree; some transactions are rolled back, and now and then the sidecar restarts. */
#include "sidecar/queue_model.h"
#include "sidecar/sidecar_test.h"
#include "sidecar/test_store.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    OPERATIONS = 100000,
    OPERATIONS_POSTGRES = 10000,
    CHECK_EVERY = 500,
    KEYS = 60,
    HOLDERS = 6,
    LEASE_MS = 1000
};

static struct pm_queue queue;
static struct pm_queue_time now;
static struct pm_error error;
static struct model model;
static uint64_t random_state;
static uint64_t request_id;
static int64_t newest;
static const struct pm_queue_config CONFIG = {
    .lease_ms = LEASE_MS, .max_jobs = MODEL_JOBS_MAX, .max_bytes = 1000000};

/* xorshift64*; the seed is fixed, so that a failure can be seen again. */
static uint64_t random_number(uint64_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 2685821657736338717ULL >> 33) % below;
}

static const char *name(const char *prefix, int number)
{
    static char names[4][32];
    static unsigned next;
    char *text = names[next++ % 4];
    snprintf(text, sizeof names[0], "%s%d", prefix, number);
    return text;
}

/* A job number that often exists, and a token that is often right. */
static int64_t random_job(int64_t *token)
{
    const struct model_job *job = &model.jobs[random_number(MODEL_JOBS_MAX / 4)];
    int64_t id = job->there ? job->id : newest - (int64_t)random_number(20);
    *token = (job->there ? job->token : 1) - (random_number(8) == 0 ? 1 : 0);
    return id;
}

/* ---- one operation on both ---- */

static void random_put(void)
{
    int run = (int)random_number(MODEL_RUNS), key = (int)random_number(KEYS);
    int body = (int)random_number(1000) + 1;
    int64_t priority = (int64_t)random_number(3) - 1, id;
    int64_t deadline_ms = random_number(4) == 0 ? now.unix_ms + (int64_t)random_number(3000) : 0;
    const char *text = name("body", body);
    const struct pm_job_put put = {.run_id = name("run", run),
                                   .key = name("key", key),
                                   .kind = "evaluate",
                                   .priority = priority,
                                   .deadline_ms = deadline_ms,
                                   .body = text,
                                   .body_size = strlen(text)};
    const struct model_job *known = model_find_key(&model, run, key);
    size_t held = 0;
    for (enum pm_job_state state = PM_JOB_QUEUED; state < PM_JOB_COLLECTED; state++) {
        held += model_count(&model, state);
    }
    bool existed = false;
    bool done = pm_queue_put(&queue, now, &put, &id, &existed, &error);
    if (known == NULL && held == MODEL_JOBS_MAX) {
        assert_false(done);
        assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
        return;
    }
    assert_true(done);
    assert_int_equal(existed, known != NULL);
    if (known != NULL) {
        assert_int_equal(id, known->id);
    } else {
        assert_true(id > newest);
        newest = id;
        assert_true(model_put(&model, id, run, key, priority, deadline_ms, body));
    }
}

static void check_text(const void *data, size_t size, const char *prefix, int number)
{
    const char *expected = name(prefix, number);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(data, expected, size);
}

static void random_lease(void)
{
    int run = (int)random_number(MODEL_RUNS + 1) - 1, holder = (int)random_number(HOLDERS);
    struct pm_queue_lease lease, again;
    bool found;
    assert_done(pm_queue_lease(&queue, now, run < 0 ? "" : name("run", run), name("h", holder),
                               ++request_id, &lease, &found, &error),
                error);
    const struct model_job *job = model_lease(&model, now, run, holder);
    assert_int_equal(found, job != NULL);
    if (job == NULL) {
        return;
    }
    assert_int_equal(lease.job.id, job->id);
    assert_int_equal(lease.job.token, job->token);
    assert_int_equal(lease.job.failures, job->failures);
    check_text(lease.body, lease.body_size, "body", job->body);
    assert_int_equal(lease.checkpoint != NULL, job->checkpoint != 0);
    if (job->checkpoint != 0) {
        check_text(lease.checkpoint, lease.checkpoint_size, "checkpoint", job->checkpoint);
    }
    pm_queue_lease_clear(&lease);
    assert_done(
        pm_queue_lease_again(&queue, now, name("h", holder), request_id, &again, &found, &error),
        error);
    assert_true(found);
    assert_int_equal(again.job.id, job->id);
    pm_queue_lease_clear(&again);
}

static void agree_with_code(bool done, bool expected, enum pm_error_code code)
{
    if (done != expected) {
        fail_msg("real: %s, model: %s", done ? "done" : error.message,
                 expected ? "done" : "refused");
    }
    if (!done) {
        assert_int_equal(error.code, code);
    }
}

static void agree(bool done, bool expected)
{
    agree_with_code(done, expected, PM_ERROR_REFUSED);
}

static void random_end(void)
{
    int64_t token, id = random_job(&token);
    int number = (int)random_number(1000) + 1;
    bool flag = random_number(2) == 0;
    enum pm_job_state state;
    struct pm_wire_frame frame;
    switch (random_number(5)) {
    case 0:
        agree(pm_queue_progress(&queue, now, id, token, &error),
              model_progress(&model, now, id, token));
        break;
    case 1:
        frame.data = name("result", number);
        frame.size = strlen(frame.data);
        agree(pm_queue_finish(&queue, id, token, &frame, &flag, &error),
              model_finish(&model, id, token, number));
        break;
    case 2:
        agree(pm_queue_fail(&queue, id, token, "why", flag, &state, &error),
              model_fail(&model, id, token, flag));
        break;
    case 3:
        frame.data = name("checkpoint", number);
        frame.size = strlen(frame.data);
        agree(pm_queue_checkpoint(&queue, now, id, token, &frame, &error),
              model_checkpoint(&model, now, id, token, number));
        break;
    default:
        frame.data = name("checkpoint", number);
        frame.size = strlen(frame.data);
        agree(pm_queue_release(&queue, id, token, flag ? &frame : NULL, &error),
              model_release(&model, id, token, flag ? number : 0));
        break;
    }
}

static void random_collect(void)
{
    int64_t token, ids[8];
    size_t collected, expected = 0;
    for (int i = 0; i < 8; i++) {
        ids[i] = random_job(&token);
        expected += model_collect(&model, ids[i]) ? 1 : 0;
    }
    assert_done(pm_queue_collect(&queue, ids, 8, &collected, &error), error);
    assert_int_equal(collected, expected);
}

/* A person looks at the first jobs set aside. */
static void random_person(void)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        const struct model_job *job = &model.jobs[i];
        int64_t id = job->id;
        if (!job->there || job->state != PM_JOB_SET_ASIDE || random_number(4) == 0) {
            continue;
        }
        if (random_number(2) == 0) {
            agree_with_code(pm_queue_retry(&queue, id, &error), model_retry(&model, id),
                            PM_ERROR_NOT_FOUND);
        } else {
            agree_with_code(pm_queue_discard(&queue, id, &error), model_discard(&model, id),
                            PM_ERROR_NOT_FOUND);
        }
        return;
    }
}

static void random_time(void)
{
    struct pm_queue_event events[MODEL_JOBS_MAX];
    size_t count;
    int64_t step = (int64_t)random_number(300);
    now.steady_ms += step;
    now.unix_ms += random_number(50) == 0 ? -step : step;
    assert_done(pm_queue_tick(&queue, now, events, MODEL_JOBS_MAX, &count, &error), error);
    model_tick(&model, now);
}

static void random_operation(void)
{
    uint64_t choice = random_number(100);
    if (choice < 30) {
        random_put();
    } else if (choice < 55) {
        random_lease();
    } else if (choice < 80) {
        random_end();
    } else if (choice < 90) {
        random_time();
    } else if (choice < 96) {
        random_collect();
    } else if (choice < 97) {
        random_person();
    } else if (choice < 99) {
        struct pm_queue_event events[MODEL_JOBS_MAX];
        size_t count;
        int holder = (int)random_number(HOLDERS);
        assert_done(pm_queue_holder_gone(&queue, now, name("h", holder), events, MODEL_JOBS_MAX,
                                         &count, &error),
                    error);
        model_gone(&model, now, holder);
    } else {
        size_t cancelled;
        bool more;
        char last[PM_STORE_KEY_MAX + 1];
        int run = (int)random_number(MODEL_RUNS);
        assert_done(
            pm_queue_cancel(&queue, name("run", run), "", "", &cancelled, &more, last, &error),
            error);
        model_cancel(&model, run);
    }
}

/* ---- the comparison ---- */

static void compare_job(const struct model_job *expected)
{
    struct pm_store *store = queue.store;
    struct pm_store_job job;
    bool found;
    void *result;
    size_t size;
    assert_done(store->verbs->job_get(store, expected->id, &job, &found, &error), error);
    assert_true(found);
    assert_int_equal(job.state, expected->state);
    assert_int_equal(job.priority, expected->priority);
    assert_int_equal(job.turn, expected->turn);
    assert_int_equal(job.token, expected->token);
    assert_int_equal(job.failures, expected->failures);
    assert_int_equal(job.collected, expected->collected);
    assert_string_equal(job.key, name("key", expected->key));
    assert_string_equal(store->verbs->run_name(store, job.run), name("run", expected->run));
    assert_done(store->verbs->part_get(store, &job, PM_STORE_RESULT, &result, &size, &error),
                error);
    assert_int_equal(result != NULL, expected->result != 0);
    if (result != NULL) {
        check_text(result, size, "result", expected->result);
    }
    free(result);
}

static void compare(void)
{
    for (enum pm_job_state state = PM_JOB_QUEUED; state < PM_JOB_COLLECTED; state++) {
        enum pm_counter counter = (enum pm_counter)(PM_COUNTER_STATE_FIRST + (int)state);
        assert_int_equal(queue.store->verbs->counted(queue.store, 0, counter),
                         model_count(&model, state));
    }
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        if (model.jobs[i].there) {
            compare_job(&model.jobs[i]);
        }
    }
}

static void open_queue(void)
{
    struct pm_store *store = test_store_open(pm_test_path("model.db"));
    assert_done(pm_queue_open(&queue, store, &CONFIG, now, &error), error);
}

static void the_queue_does_as_the_model_says(void **state)
{
    (void)state;
    /* Over a socket to a server each takes as long as fifty of SQLite's. */
    const int operations = test_store_is_postgres() ? OPERATIONS_POSTGRES : OPERATIONS;
    random_state = 0x9e3779b97f4a7c15ULL;
    now = (struct pm_queue_time){.steady_ms = 0, .unix_ms = 1700000000000};
    model = (struct model){.lease_ms = LEASE_MS};
    test_store_erase();
    open_queue();
    for (int done = 0; done < operations;) {
        struct model before = model;
        int64_t newest_before = newest;
        int batch = (int)random_number(10) + 1;
        assert_done(pm_queue_begin(&queue, random_number(2) == 0, &error), error);
        for (int i = 0; i < batch; i++, done++) {
            random_operation();
        }
        if (random_number(20) == 0) {
            pm_queue_rollback(&queue);
            model = before;
            newest = newest_before;
        } else {
            assert_done(pm_queue_commit(&queue, &error), error);
        }
        if (random_number(CHECK_EVERY) == 0) {
            compare();
        }
        if (random_number(CHECK_EVERY) == 0) {
            test_store_close(queue.store);
            open_queue();
            model_restart(&model, now);
        }
    }
    compare();
    for (int counter = PM_COUNTER_PUT; counter <= PM_COUNTER_COLLECTED; counter++) {
        /* Everything that can happen has happened often. */
        assert_in_range(queue.store->verbs->counted(queue.store, 0, (enum pm_counter)counter),
                        operations / 1000, operations);
    }
    test_store_close(queue.store);
}

static int tear_down(void **state)
{
    (void)state;
    pm_test_remove_directory();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_queue_does_as_the_model_says, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
