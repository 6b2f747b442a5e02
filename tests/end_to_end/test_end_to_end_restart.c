/* Every program is killed without warning while work is under way, and started again: the work
 * still gets to the pool, once. */
#include "cmocka_include.h"
#include "mill.h"

static const char *const none[] = {NULL};

/* The driver says once that it misses the sidecar, and once that it has it back. */
static bool the_sidecar_is_missed(void *context)
{
    const struct place *place = &((const struct mill *)context)->place;
    return times_in_log(place, "driver.log", "DRIVER-SIDECAR-AWAY") >
           times_in_log(place, "driver.log", "DRIVER-SIDECAR-BACK");
}

static bool the_sidecar_is_back(void *context)
{
    return !the_sidecar_is_missed(context);
}

static void a_killed_sidecar_forgets_nothing(void **state)
{
    struct mill *mill = *state;
    mill_start_driver(mill, "8", none);
    for (int i = 0; i < 2; i++) {
        mill_wait_for_work(mill);
        kill_hard(mill->sidecar);
        mill_expect_soon(the_sidecar_is_missed, mill, "the driver did not miss the sidecar");
        mill_start_sidecar(mill);
        mill_expect_soon(the_sidecar_is_back, mill, "the driver did not find the sidecar again");
    }
    cJSON *summary = mill_end_driver(mill);
    mill_check_counts(summary);
    cJSON_Delete(summary);
    assert_int_equal(mill_count(mill, "jobs", "queued") + mill_count(mill, "jobs", "leased"), 0);
}

static void a_killed_worker_is_replaced(void **state)
{
    struct mill *mill = *state;
    mill_start_driver(mill, "8", none);
    mill_kill_worker_at_work(mill);
    mill_start_worker(mill);
    cJSON *summary = mill_end_driver(mill);
    mill_check_counts(summary);
    cJSON_Delete(summary);
    assert_true(mill_count(mill, "jobs", "lost_leases") >= 1);
    assert_int_equal(mill_count(mill, "jobs", "set_aside"), 0);
}

static void a_killed_driver_resumes_its_lease(void **state)
{
    struct mill *mill = *state;
    mill_start_driver(mill, "60", none);
    mill_wait_for_work(mill);
    kill_hard(mill->driver);
    /* It may take no new lease: what it submits is the lease of its earlier life. */
    mill_start_driver(mill, "1", none);
    cJSON *summary = mill_end_driver(mill);
    assert_true(number_in(summary, "stats", "evaluations_submitted") > 0);
    cJSON_Delete(summary);
}

static bool the_pool_is_missed(void *context)
{
    const struct mill *mill = context;
    return log_says(&mill->place, "driver.log", "DRIVER-POOL-AWAY");
}

static void a_killed_pool_keeps_its_leases(void **state)
{
    struct mill *mill = *state;
    mill_start_driver(mill, "8", none);
    mill_wait_for_work(mill);
    kill_hard(mill->pool);
    mill_expect_soon(the_pool_is_missed, mill, "the driver did not notice that the pool is away");
    mill_start_pool(mill);
    cJSON *summary = mill_end_driver(mill);
    mill_check_counts(summary);
    cJSON_Delete(summary);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, mill_set_up, mill_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_killed_sidecar_forgets_nothing),
        TEST(a_killed_worker_is_replaced),
        TEST(a_killed_driver_resumes_its_lease),
        TEST(a_killed_pool_keeps_its_leases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
