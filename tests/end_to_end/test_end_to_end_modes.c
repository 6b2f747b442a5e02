/* The driver in each mode of plain tasks, with real programs, killed in the middle and restarted.
 */
#include "cmocka_include.h"
#include "mill.h"

#include <string.h>

static const char *const evaluate[] = {"--mode", "evaluate", NULL};
static const char *const evolve[] = {"--mode", "evolve", NULL};
static const char *const alternate[] = {"--mode", "alternate", NULL};

static void evaluate_tasks_only(void **state)
{
    struct mill *mill = *state;
    mill_start_driver(mill, "3", evaluate);
    cJSON *summary = mill_end_driver(mill);
    mill_check_counts(summary);
    assert_true(number_in(summary, "stats", "evaluations_submitted") > 0);
    assert_true(number_in(summary, "stats", "evolutions_submitted") == 0);
    cJSON_Delete(summary);
}

/* The task of the first life is submitted by the second, which may take none of its own. */
static void an_evolve_task_survives_a_kill(void **state)
{
    struct mill *mill = *state;
    mill_start_driver(mill, "60", evolve);
    mill_wait_for_work(mill);
    kill_hard(mill->driver);
    mill_start_driver(mill, "1", evolve);
    cJSON *summary = mill_end_driver(mill);
    assert_true(number_in(summary, "stats", "evolutions_submitted") == 1);
    assert_true(number_in(summary, "stats", "evaluations_submitted") == 0);
    cJSON_Delete(summary);
    assert_true(log_says(&mill->place, "driver.log", "DRIVER-LEASE-RESUMED"));
}

static bool the_pool_is_missed(void *context)
{
    const struct mill *mill = context;
    return log_says(&mill->place, "driver.log", "DRIVER-POOL-AWAY");
}

static void both_kinds_while_the_pool_is_killed(void **state)
{
    struct mill *mill = *state;
    mill_start_driver(mill, "9", alternate);
    mill_wait_for_work(mill);
    kill_hard(mill->pool);
    mill_expect_soon(the_pool_is_missed, mill, "the driver did not notice that the pool is away");
    mill_start_pool(mill);
    cJSON *summary = mill_end_driver(mill);
    mill_check_counts(summary);
    assert_true(number_in(summary, "stats", "evaluations_submitted") > 0);
    assert_true(number_in(summary, "stats", "evolutions_submitted") > 0);
    assert_true(number_in(summary, "driver", "evolve_per_hour") >= 0);
    cJSON_Delete(summary);
    assert_int_equal(mill_count(mill, "jobs", "queued") + mill_count(mill, "jobs", "leased"), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, mill_set_up, mill_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(evaluate_tasks_only),
        TEST(an_evolve_task_survives_a_kill),
        TEST(both_kinds_while_the_pool_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
