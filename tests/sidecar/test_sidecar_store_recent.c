/* Jobs that the SQLite store remembers: whatever is done to jobs, and undone, the store says the
 * same of each before and after it is opened anew, when it can only know from the file. */
#include "sidecar/sidecar_test.h"
#include "sidecar/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More jobs than are remembered, so that they also push each other out. */
enum { JOBS = 1300, ROUNDS = 24, STEPS = 400, SIZE_UNKNOWN = -1 };

struct known {
    struct pm_store_job job;
    bool found;
    long checkpoint_size;
};

static struct pm_store *store;
static struct pm_error error;
static int64_t ids[JOBS];
static uint64_t seed = 7;

static unsigned roll(unsigned sides)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % sides;
}

static void open_store(void)
{
    assert_done(pm_store_sqlite_open(pm_test_path("store.db"), false, &store, &error), error);
}

static void begin(void)
{
    assert_done(store->verbs->begin(store, false, &error), error);
}

static void commit(void)
{
    assert_done(store->verbs->commit(store, &error), error);
}

static void insert_jobs(void)
{
    int64_t run;
    begin();
    assert_done(store->verbs->run_find(store, "r", true, &run, &error), error);
    for (int i = 0; i < JOBS; i++) {
        struct pm_store_job job = {.run = run, .turn = i, .created_ms = 1000 + i, .bytes = 3};
        const struct pm_wire_frame body = {"abc", 3};
        snprintf(job.key, sizeof job.key, "key-%d", i);
        snprintf(job.kind, sizeof job.kind, "evaluate");
        assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
        ids[i] = job.id;
    }
    commit();
}

/* To any other state, as the queue would: what a state does not keep is left in the struct. */
static void move(struct pm_store_job *job)
{
    static const enum pm_job_state next[] = {PM_JOB_QUEUED, PM_JOB_LEASED, PM_JOB_DONE,
                                             PM_JOB_FAILED, PM_JOB_SET_ASIDE};
    const struct pm_wire_frame result = {"result", 6};
    const enum pm_job_state from = job->state;
    job->state = next[roll(sizeof next / sizeof next[0])];
    if (from == PM_JOB_SET_ASIDE) {
        job->collected = job->state == PM_JOB_SET_ASIDE && roll(2) == 0;
    } else if (from == PM_JOB_QUEUED && job->state == PM_JOB_QUEUED) {
        job->state = PM_JOB_LEASED;
    }
    job->token += job->state == PM_JOB_LEASED;
    job->failures = roll(3);
    job->ended_token = roll(4);
    job->bytes += roll(5);
    job->lease_until_ms = 5000 + roll(1000);
    job->lease_request = roll(1000);
    snprintf(job->holder, sizeof job->holder, "worker:w%u:0123456789abcdef", roll(9));
    snprintf(job->reason, sizeof job->reason, "%s", roll(2) == 0 ? "" : "a reason");
    assert_done(store->verbs->job_move(store, job, from, job->state == PM_JOB_DONE ? &result : NULL,
                                       &error),
                error);
}

static void change_one(void)
{
    struct pm_store_job job;
    const int64_t id = ids[roll(JOBS)];
    const struct pm_wire_frame checkpoint = {"checkpoint", 1 + roll(10)};
    bool found;
    assert_done(store->verbs->job_get(store, id, &job, &found, &error), error);
    if (!found) {
        return;
    }
    switch (roll(12)) {
    case 0:
        assert_done(store->verbs->job_delete(store, &job, &error), error);
        break;
    case 1:
    case 2:
        assert_done(store->verbs->checkpoint_set(store, id, &checkpoint, &error), error);
        break;
    case 3:
        assert_done(store->verbs->checkpoint_set(store, id, NULL, &error), error);
        break;
    case 4:
        assert_done(store->verbs->job_renew(store, id, 9000 + roll(1000), &error), error);
        break;
    default:
        move(&job);
        break;
    }
}

static void look(struct known *known)
{
    for (int i = 0; i < JOBS; i++) {
        void *data = NULL;
        size_t size = 0;
        known[i].checkpoint_size = SIZE_UNKNOWN;
        assert_done(store->verbs->job_get(store, ids[i], &known[i].job, &known[i].found, &error),
                    error);
        if (known[i].found) {
            assert_done(store->verbs->part_get(store, &known[i].job, PM_STORE_CHECKPOINT, &data,
                                               &size, &error),
                        error);
            known[i].checkpoint_size = data == NULL ? SIZE_UNKNOWN : (long)size;
            free(data);
        }
    }
}

static void expect_same(const struct known *before, const struct known *after)
{
    const struct pm_store_job *a = &before->job, *b = &after->job;
    assert_int_equal(before->found, after->found);
    assert_int_equal(before->checkpoint_size, after->checkpoint_size);
    if (!before->found) {
        return;
    }
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->run, b->run);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->turn, b->turn);
    assert_int_equal(a->deadline_ms, b->deadline_ms);
    assert_int_equal(a->created_ms, b->created_ms);
    assert_int_equal(a->token, b->token);
    assert_int_equal(a->failures, b->failures);
    assert_int_equal(a->ended_token, b->ended_token);
    assert_int_equal(a->lease_until_ms, b->lease_until_ms);
    assert_int_equal(a->lease_request, b->lease_request);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->collected, b->collected);
    assert_string_equal(a->key, b->key);
    assert_string_equal(a->kind, b->kind);
    assert_string_equal(a->holder, b->holder);
    assert_string_equal(a->reason, b->reason);
}

static void what_is_remembered_is_what_the_file_says(void **state)
{
    (void)state;
    struct known *before = calloc(JOBS, sizeof *before), *after = calloc(JOBS, sizeof *after);
    assert_non_null(before);
    assert_non_null(after);
    pm_test_clean();
    open_store();
    insert_jobs();
    for (int round = 0; round < ROUNDS; round++) {
        begin();
        for (int step = 0; step < STEPS; step++) {
            change_one();
        }
        if (round % 5 == 4) {
            assert_done(store->verbs->renew_all(store, 20000 + round, &error), error);
        }
        if (round % 3 == 2) {
            store->verbs->rollback(store);
        } else {
            commit();
        }
        look(before);
        store->verbs->close(store);
        open_store();
        look(after);
        for (int i = 0; i < JOBS; i++) {
            expect_same(&before[i], &after[i]);
        }
    }
    store->verbs->close(store);
    free(before);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_remembered_is_what_the_file_says),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pm_test_remove_directory();
    return failed;
}
