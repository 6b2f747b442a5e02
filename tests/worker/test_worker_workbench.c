/* The workbench: which suites it keeps, and who waits for whom. */
#include "tests/cmocka_include.h"
#include "worker/workbench.h"

#include <pthread.h>
#include <stdatomic.h>

#include <poolminer/clock.h>

static int set_up(void **state)
{
    struct pm_dataset *dataset = NULL;
    const bool made = pm_dataset_synthetic(1, 400, &dataset, NULL);
    *state = dataset;
    return made ? 0 : -1;
}

static int tear_down(void **state)
{
    pm_dataset_destroy(*state);
    return 0;
}

static void test_bench_keeps_what_fits(void **state)
{
    const struct pm_dataset *dataset = *state;
    const struct pm_workbench_config tight = {.task_limit = 2, .kept_bytes_limit = 1};
    struct pm_workbench *bench;
    const struct pm_suite *a, *b, *again;
    assert_true(pm_workbench_create(dataset, &tight, &bench, NULL));
    assert_true(pm_workbench_get(bench, PM_BENCH_EVALUATION, 4, NULL, &a, NULL));
    assert_true(pm_workbench_get(bench, PM_BENCH_SEARCH, 4, NULL, &b, NULL));
    assert_ptr_not_equal(a, b);
    assert_int_equal(pm_workbench_kept(bench), 2); /* in use: both stay */
    assert_true(pm_workbench_get(bench, PM_BENCH_EVALUATION, 4, NULL, &again, NULL));
    assert_ptr_equal(a, again);
    pm_workbench_put(bench, again);
    assert_int_equal(pm_workbench_kept(bench), 2);
    pm_workbench_put(bench, a);
    assert_int_equal(pm_workbench_kept(bench), 1);
    pm_workbench_put(bench, b);
    assert_int_equal(pm_workbench_kept(bench), 0);
    pm_workbench_destroy(bench);
}

struct builder {
    struct pm_workbench *bench;
    struct pm_until until;
    atomic_bool built;
};

static void *builder_main(void *argument)
{
    struct builder *builder = argument;
    const struct pm_suite *suite;
    if (pm_workbench_get(builder->bench, PM_BENCH_EVALUATION, 4, &builder->until, &suite, NULL)) {
        pm_workbench_put(builder->bench, suite);
        atomic_store(&builder->built, true);
    }
    return NULL;
}

/* Who builds here rests in the middle of it. The others get what is there, and wait for what is not
 * no longer than they may. */
static void test_bench_keeps_deadlines_while_another_builds(void **state)
{
    const struct pm_dataset *dataset = *state;
    const struct pm_workbench_config config = {.task_limit = 2};
    const struct pm_suite *there, *missing;
    struct pm_error error = {0};
    struct builder builder = {.bench = NULL};
    struct pm_gate gate;
    pthread_t thread;
    pm_gate_init(&gate);
    pm_gate_set_shut(&gate, true);
    builder.until.gate = &gate;
    assert_true(pm_workbench_create(dataset, &config, &builder.bench, NULL));
    assert_true(pm_workbench_get(builder.bench, PM_BENCH_SEARCH, 4, NULL, &there, NULL));
    pm_workbench_put(builder.bench, there);
    assert_int_equal(pthread_create(&thread, NULL, builder_main, &builder), 0);

    const struct pm_until soon = {.deadline_ms = pm_clock_unix_ms() + 200};
    assert_true(pm_workbench_get(builder.bench, PM_BENCH_SEARCH, 4, &soon, &there, NULL));
    pm_workbench_put(builder.bench, there);
    pm_clock_sleep_ms(100); /* the builder has begun by now; if it has not, the next line builds */
    if (!pm_workbench_get(builder.bench, PM_BENCH_EVALUATION, 4, &soon, &missing, &error)) {
        assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    } else {
        pm_workbench_put(builder.bench, missing);
    }
    pm_gate_set_shut(&gate, false);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&builder.built));
    pm_workbench_destroy(builder.bench);
    pm_gate_clear(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bench_keeps_what_fits),
        cmocka_unit_test(test_bench_keeps_deadlines_while_another_builds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
