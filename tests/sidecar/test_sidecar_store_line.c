/* The line of queued jobs, whose newest have no row of their own there: whatever is done, undone
 * and opened anew, a SQLite store answers as another one does in which every queued job has its
 * row. */
#include "sidecar/sidecar_test.h"
#include "sidecar/store.h"
#include "sidecar/store_sqlite_fresh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS = 3,
    PRIORITIES = 3,
    STEPS = 12000,
    DEADLINES = 50,
    LEASED_MAX = 400,
    DUE_MAX = 64,
    RENEW_MS = 5000,
};

/* A job whose bytes are not its body's alone is given its row at once, as it could not be known
 * again from its body. */
enum { FRESH, ROWS, STORES };
static const char *const NAMES[STORES] = {"fresh.db", "rows.db"};

static struct pm_store *stores[STORES];
static struct pm_error error;
static int64_t runs[RUNS];
static uint64_t seed = 11;
static int keys;

/* Leased jobs, as far as the test knows: after a rollback those that are left are asked about. */
static int64_t leased[LEASED_MAX];
static size_t leased_count;

static unsigned roll(unsigned sides)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % sides;
}

static void open_stores(void)
{
    for (int s = 0; s < STORES; s++) {
        assert_done(pm_store_sqlite_open(pm_test_path(NAMES[s]), false, &stores[s], &error), error);
    }
}

static void close_stores(void)
{
    for (int s = 0; s < STORES; s++) {
        stores[s]->verbs->close(stores[s]);
    }
}

static void begin(void)
{
    for (int s = 0; s < STORES; s++) {
        assert_done(stores[s]->verbs->begin(stores[s], false, &error), error);
    }
}

static void commit(void)
{
    for (int s = 0; s < STORES; s++) {
        assert_done(stores[s]->verbs->commit(stores[s], &error), error);
    }
}

static void roll_back(void)
{
    for (int s = 0; s < STORES; s++) {
        stores[s]->verbs->rollback(stores[s]);
    }
}

static void make_runs(void)
{
    begin();
    for (int r = 0; r < RUNS; r++) {
        char name[16];
        snprintf(name, sizeof name, "run-%d", r);
        for (int s = 0; s < STORES; s++) {
            assert_done(stores[s]->verbs->run_find(stores[s], name, true, &runs[r], &error), error);
        }
    }
    commit();
}

static void put(void)
{
    const unsigned run = roll(RUNS);
    const int64_t priority = (int64_t)roll(PRIORITIES) - 1;
    const int64_t deadline_ms = roll(4) == 0 ? 1 + roll(DEADLINES) : 0;
    int64_t ids[STORES], turns[STORES];
    keys++;
    for (int s = 0; s < STORES; s++) {
        struct pm_store *store = stores[s];
        struct pm_store_job job = {.run = runs[run],
                                   .priority = priority,
                                   .deadline_ms = deadline_ms,
                                   .created_ms = 1000,
                                   .bytes = 3 + s};
        const struct pm_wire_frame body = {"abc", 3};
        snprintf(job.key, sizeof job.key, "key-%d", keys);
        snprintf(job.kind, sizeof job.kind, "evaluate");
        assert_done(store->verbs->next_turn(store, job.run, priority, &job.turn, &error), error);
        assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
        ids[s] = job.id;
        turns[s] = job.turn;
    }
    assert_int_equal(ids[FRESH], ids[ROWS]);
    assert_int_equal(turns[FRESH], turns[ROWS]);
}

static void expect_same(const struct pm_store_job *fresh, const struct pm_store_job *row)
{
    assert_int_equal(fresh->id, row->id);
    assert_int_equal(fresh->run, row->run);
    assert_int_equal(fresh->state, PM_JOB_QUEUED);
    assert_int_equal(row->state, PM_JOB_QUEUED);
    assert_int_equal(fresh->priority, row->priority);
    assert_int_equal(fresh->turn, row->turn);
    assert_int_equal(fresh->deadline_ms, row->deadline_ms);
    assert_int_equal(fresh->created_ms, row->created_ms);
    assert_int_equal(fresh->token, row->token);
    assert_int_equal(fresh->failures, row->failures);
    assert_int_equal(fresh->ended_token, row->ended_token);
    assert_int_equal(fresh->bytes + 1, row->bytes);
    assert_string_equal(fresh->key, row->key);
    assert_string_equal(fresh->kind, row->kind);
}

/* The next in line, which must be the same; 0: none. */
static int64_t next(int64_t run, struct pm_store_job jobs[STORES])
{
    bool found[STORES];
    for (int s = 0; s < STORES; s++) {
        assert_done(stores[s]->verbs->job_next(stores[s], run, &jobs[s], &found[s], &error), error);
    }
    assert_int_equal(found[FRESH], found[ROWS]);
    if (!found[FRESH]) {
        return 0;
    }
    expect_same(&jobs[FRESH], &jobs[ROWS]);
    return jobs[FRESH].id;
}

static void move(struct pm_store_job jobs[STORES], enum pm_job_state state)
{
    for (int s = 0; s < STORES; s++) {
        const enum pm_job_state from = jobs[s].state;
        jobs[s].state = state;
        jobs[s].token += state == PM_JOB_LEASED;
        jobs[s].failures += from == PM_JOB_LEASED && state == PM_JOB_QUEUED;
        jobs[s].lease_until_ms = RENEW_MS;
        assert_done(stores[s]->verbs->job_move(stores[s], &jobs[s], from, NULL, &error), error);
    }
}

static void lease(void)
{
    struct pm_store_job jobs[STORES];
    const int64_t id = next(roll(2) == 0 ? 0 : runs[roll(RUNS)], jobs);
    if (id != 0 && leased_count < LEASED_MAX) {
        move(jobs, PM_JOB_LEASED);
        leased[leased_count++] = id;
    }
}

static bool get(int64_t id, struct pm_store_job jobs[STORES])
{
    bool found[STORES];
    for (int s = 0; s < STORES; s++) {
        assert_done(stores[s]->verbs->job_get(stores[s], id, &jobs[s], &found[s], &error), error);
    }
    assert_int_equal(found[FRESH], found[ROWS]);
    assert_true(!found[FRESH] || jobs[FRESH].state == jobs[ROWS].state);
    return found[FRESH];
}

/* Back into the line, or done with. */
static void end_lease(void)
{
    struct pm_store_job jobs[STORES];
    if (leased_count == 0) {
        return;
    }
    const unsigned which = roll((unsigned)leased_count);
    const int64_t id = leased[which];
    leased[which] = leased[--leased_count];
    if (get(id, jobs) && jobs[FRESH].state == PM_JOB_LEASED) {
        move(jobs, roll(3) == 0 ? PM_JOB_QUEUED : PM_JOB_FAILED);
    }
}

/* Any job of the line, as a driver cancels it. */
static void delete_one(void)
{
    struct pm_store_job jobs[STORES];
    if (keys == 0 || !get(1 + (int64_t)roll((unsigned)keys), jobs) ||
        jobs[FRESH].state == PM_JOB_LEASED) {
        return;
    }
    for (int s = 0; s < STORES; s++) {
        assert_done(stores[s]->verbs->job_delete(stores[s], &jobs[s], &error), error);
    }
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Those whose deadline has come fail; of equal deadlines either may be first. */
static void expire(void)
{
    const struct pm_store_query query = {.list = PM_STORE_DEADLINES_DUE, .time_ms = roll(4)};
    int64_t ids[STORES][DUE_MAX];
    size_t counts[STORES];
    for (int s = 0; s < STORES; s++) {
        assert_done(stores[s]->verbs->list(stores[s], &query, ids[s], DUE_MAX, &counts[s], &error),
                    error);
        qsort(ids[s], counts[s], sizeof ids[s][0], by_number);
    }
    assert_int_equal(counts[FRESH], counts[ROWS]);
    for (size_t i = 0; i < counts[FRESH] && counts[FRESH] < DUE_MAX; i++) {
        struct pm_store_job jobs[STORES];
        assert_int_equal(ids[FRESH][i], ids[ROWS][i]);
        assert_true(get(ids[FRESH][i], jobs));
        move(jobs, PM_JOB_FAILED);
    }
}

static void step(unsigned puts)
{
    const unsigned what = roll(100);
    if (what < puts) {
        put();
    } else if (what < 80) {
        lease();
    } else if (what < 94) {
        end_lease();
    } else if (what < 98) {
        delete_one();
    } else {
        expire();
    }
}

static void all_agree(void)
{
    struct pm_store_job jobs[STORES];
    next(0, jobs);
    for (int r = 0; r < RUNS; r++) {
        next(runs[r], jobs);
    }
}

/* The line grows past what is kept without rows, and is emptied again, a few times. */
static void the_line_is_the_same_with_and_without_rows(void **state)
{
    (void)state;
    pm_test_clean();
    open_stores();
    make_runs();
    begin();
    for (int i = 0; i < STEPS; i++) {
        step(i / 3000 % 2 == 0 ? 70 : 20);
        if (roll(4) == 0) {
            all_agree();
        }
        if (roll(40) == 0) {
            /* A number may be given again after this: what was leased is found out by asking. */
            if (roll(4) == 0) {
                roll_back();
            } else {
                commit();
            }
            if (roll(20) == 0) {
                close_stores();
                open_stores();
            }
            begin();
        }
    }
    commit();
    assert_true(keys > 3 * (int)PM_SQLITE_FRESH_MAX);
    struct pm_store_job jobs[STORES];
    begin();
    while (next(0, jobs) != 0) { /* to the last one */
        move(jobs, PM_JOB_FAILED);
    }
    commit();
    close_stores();
}

/* What a transaction has put is gone with it, what it has leased is queued again. */
static void a_rollback_brings_the_line_back(void **state)
{
    (void)state;
    struct pm_store_job jobs[STORES];
    pm_test_clean();
    keys = 0;
    open_stores();
    make_runs();
    begin();
    put();
    put();
    commit();
    begin();
    const int64_t first = next(0, jobs);
    move(jobs, PM_JOB_LEASED);
    const int64_t second = next(0, jobs);
    put();
    roll_back();
    assert_int_not_equal(first, second);
    begin();
    assert_int_equal(next(0, jobs), first);
    move(jobs, PM_JOB_FAILED);
    assert_int_equal(next(0, jobs), second);
    move(jobs, PM_JOB_FAILED);
    assert_int_equal(next(0, jobs), 0);
    commit();
    close_stores();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_is_the_same_with_and_without_rows),
        cmocka_unit_test(a_rollback_brings_the_line_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
