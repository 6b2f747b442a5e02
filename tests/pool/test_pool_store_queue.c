/* Work of many threads on one store: what waits together is committed together, and what fails
 * takes nothing with it but itself; unless it is the commit, for then nobody is told of a success.
 */
#include "cmocka_include.h"
#include "pool/store_internal.h"
#include "pool/virtual_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

enum { THREADS = 8, JOBS = 150, WAITING = 3, WAIT_MS = 60000 };

static struct virtual_pool pool;

static int open_store(void **state)
{
    (void)state;
    pool = (struct virtual_pool){.rules = virtual_pool_default_rules(), .now_ms = 1790000000000};
    virtual_pool_open(&pool, ":memory:");
    return 0;
}

static int close_store(void **state)
{
    (void)state;
    virtual_pool_close(&pool);
    return 0;
}

/* Counts one more, and then ends as it was told. */
struct counting {
    const char *name;
    enum pm_pool_outcome outcome;
    int64_t value;
};

static enum pm_pool_outcome count(struct pm_pool_store *store, void *context,
                                  struct pm_error *error)
{
    struct counting *counting = context;
    if (!pm_store_next_id(store, counting->name, &counting->value, error)) {
        return PM_POOL_FAILED;
    }
    if (counting->outcome == PM_POOL_FAILED) {
        pm_fail(error, PM_ERROR_INVALID, "as it was told");
    }
    return counting->outcome;
}

static int64_t counted(const char *name)
{
    struct counting counting = {.name = name, .outcome = PM_POOL_ROLLBACK};
    assert_true(pm_pool_store_run(pool.store, count, &counting, NULL));
    return counting.value - 1;
}

static void *count_often(void *context)
{
    for (int i = 0; i < JOBS; i++) {
        struct counting counting = {.name = context, .outcome = (enum pm_pool_outcome)(i % 3)};
        struct pm_error error = {0};
        bool ok = pm_pool_store_run(pool.store, count, &counting, &error);
        assert_true(ok == (counting.outcome != PM_POOL_FAILED));
        assert_int_equal(error.code, ok ? PM_ERROR_NONE : PM_ERROR_INVALID);
        /* it sees its own commits before, and nothing of what was undone */
        assert_int_equal(counting.value, (i + 2) / 3 + 1);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    static char names[THREADS][8];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, count_often, names[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(counted(names[i]), JOBS / 3);
    }
}

/* ---- a transaction of three ---- */

static int waiting(struct pm_pool_store *store)
{
    int length = 0;
    pthread_mutex_lock(&store->mutex);
    for (const struct pm_store_job *job = store->first; job != NULL; job = job->next) {
        length++;
    }
    pthread_mutex_unlock(&store->mutex);
    return length;
}

static bool is_led(struct pm_pool_store *store)
{
    pthread_mutex_lock(&store->mutex);
    bool led = store->led;
    pthread_mutex_unlock(&store->mutex);
    return led;
}

/* Holds the store until the others are in line; it has nothing to commit, which may fail. */
static enum pm_pool_outcome hold(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    (void)context;
    (void)error;
    while (waiting(store) < WAITING) {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(1);
    }
    return PM_POOL_ROLLBACK;
}

static void *hold_store(void *context)
{
    (void)context;
    assert_true(pm_pool_store_run(pool.store, hold, NULL, NULL));
    return NULL;
}

/* What some failures of a database do by themselves, as when the disk is full. */
static enum pm_pool_outcome lose_transaction(struct pm_pool_store *store, void *context,
                                             struct pm_error *error)
{
    (void)context;
    assert_true(pm_sql_script(store->sql, "ROLLBACK", NULL));
    pm_fail(error, PM_ERROR_IO, "disk is full");
    return PM_POOL_FAILED;
}

struct asking {
    pm_pool_work *work;
    struct counting counting;
    struct pm_error error;
    bool ok;
};

static void *ask(void *context)
{
    struct asking *asking = context;
    asking->ok = pm_pool_store_run(pool.store, asking->work, &asking->counting, &asking->error);
    return NULL;
}

/* All three in one transaction, in this order. */
static void ask_together(struct asking asking[WAITING])
{
    pthread_t holder, threads[WAITING];
    assert_int_equal(pthread_create(&holder, NULL, hold_store, NULL), 0);
    for (int i = 0; i < WAITING; i++) {
        int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
        while (!is_led(pool.store) || waiting(pool.store) < i) {
            assert_true(pm_clock_monotonic_ms() < until_ms);
            pm_clock_sleep_ms(1);
        }
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &asking[i]), 0);
    }
    pthread_join(holder, NULL);
    for (int i = 0; i < WAITING; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void test_a_failure_takes_nothing_with_it(void **state)
{
    (void)state;
    struct asking asking[WAITING] = {
        {.work = count, .counting = {.name = "a", .outcome = PM_POOL_COMMIT}},
        {.work = count, .counting = {.name = "a", .outcome = PM_POOL_FAILED}},
        {.work = count, .counting = {.name = "a", .outcome = PM_POOL_COMMIT}},
    };
    ask_together(asking);
    assert_true(asking[0].ok && !asking[1].ok && asking[2].ok);
    assert_int_equal(asking[1].counting.value, 2);
    assert_int_equal(asking[2].counting.value, 2); /* the one between was undone */
    assert_int_equal(counted("a"), 2);
}

/* Ends with a statement that fails, which PostgreSQL tells only when it is asked again. */
static enum pm_pool_outcome write_nothing(struct pm_pool_store *store, void *context,
                                          struct pm_error *error)
{
    (void)context;
    return pm_sql_execute(store->sql, "INSERT INTO counters (name, value) VALUES ('b', NULL)",
                          PM_SQL_NO_VALUES, error)
               ? PM_POOL_COMMIT
               : PM_POOL_FAILED;
}

static void test_a_failure_that_shows_late_takes_nothing_with_it(void **state)
{
    (void)state;
    struct asking asking[WAITING] = {
        {.work = count, .counting = {.name = "a", .outcome = PM_POOL_COMMIT}},
        {.work = count, .counting = {.name = "a", .outcome = PM_POOL_COMMIT}},
        {.work = write_nothing},
    };
    ask_together(asking);
    assert_true(asking[0].ok && asking[1].ok && !asking[2].ok);
    assert_non_null(strstr(asking[2].error.message, "INSERT INTO counters"));
    assert_int_equal(counted("a"), 2);
}

/* What the others did in it is done again. */
static void test_a_lost_transaction_takes_nobody_with_it(void **state)
{
    (void)state;
    struct asking asking[WAITING] = {
        {.work = count, .counting = {.name = "a", .outcome = PM_POOL_COMMIT}},
        {.work = lose_transaction},
        {.work = count, .counting = {.name = "a", .outcome = PM_POOL_COMMIT}},
    };
    ask_together(asking);
    assert_true(asking[0].ok && !asking[1].ok && asking[2].ok);
    assert_string_equal(asking[1].error.message, "disk is full");
    assert_int_equal(asking[2].counting.value, 2);
    assert_int_equal(counted("a"), 2);
}

static bool fail_to_commit(struct pm_sql *sql, struct pm_error *error)
{
    sql->driver->rollback(sql);
    return pm_fail(error, PM_ERROR_IO, "disk is full");
}

/* Nobody is told of a success that is not on disk. */
static void test_a_commit_that_fails_is_nobodys_success(void **state)
{
    (void)state;
    const struct pm_sql_driver *whole = pool.store->sql->driver;
    struct pm_sql_driver failing = *whole;
    struct asking asking[WAITING];
    for (int i = 0; i < WAITING; i++) {
        asking[i] =
            (struct asking){.work = count, .counting = {.name = "a", .outcome = PM_POOL_COMMIT}};
    }
    failing.commit = fail_to_commit;
    pool.store->sql->driver = &failing;
    ask_together(asking);
    pool.store->sql->driver = whole;
    for (int i = 0; i < WAITING; i++) {
        assert_false(asking[i].ok);
        assert_string_equal(asking[i].error.message, "disk is full");
    }
    assert_int_equal(counted("a"), 0);
    struct counting counting = {.name = "a", .outcome = PM_POOL_COMMIT}; /* and it goes on */
    assert_true(pm_pool_store_run(pool.store, count, &counting, NULL));
    assert_int_equal(counted("a"), 1);
}

/* ---- work that nobody waits for ---- */

struct posting {
    struct counting counting;
    atomic_int *told;
    bool ok;
    enum pm_error_code code;
};

static void be_told(void *context, bool ok, const struct pm_error *error)
{
    struct posting *posting = context;
    posting->ok = ok;
    posting->code = error->code;
    atomic_fetch_add(posting->told, 1);
}

static enum pm_pool_outcome count_posted(struct pm_pool_store *store, void *context,
                                         struct pm_error *error)
{
    return count(store, &((struct posting *)context)->counting, error);
}

static void test_posted_work_is_told_of(void **state)
{
    (void)state;
    static struct posting postings[JOBS];
    atomic_int told = 0;
    int64_t done = 0;
    assert_true(pm_pool_store_start(pool.store, NULL));
    for (int i = 0; i < JOBS; i++) {
        postings[i] = (struct posting){
            .counting = {.name = "p", .outcome = (enum pm_pool_outcome)(i % 3)}, .told = &told};
        assert_true(pm_pool_store_post(pool.store, count_posted, &postings[i], be_told, NULL));
    }
    pm_pool_store_stop(pool.store); /* which waits for all of it */
    assert_int_equal(atomic_load(&told), JOBS);
    for (int i = 0; i < JOBS; i++) {
        bool fails = postings[i].counting.outcome == PM_POOL_FAILED;
        assert_true(postings[i].ok == !fails);
        assert_int_equal(postings[i].code, fails ? PM_ERROR_INVALID : PM_ERROR_NONE);
        assert_int_equal(postings[i].counting.value, done + 1);
        done += postings[i].counting.outcome == PM_POOL_COMMIT;
    }
    assert_int_equal(counted("p"), JOBS / 3);
}

#define QUEUE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE(test_many_threads),
        QUEUE(test_a_failure_takes_nothing_with_it),
        QUEUE(test_a_failure_that_shows_late_takes_nothing_with_it),
        QUEUE(test_a_lost_transaction_takes_nobody_with_it),
        QUEUE(test_a_commit_that_fails_is_nobodys_success),
        QUEUE(test_posted_work_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
