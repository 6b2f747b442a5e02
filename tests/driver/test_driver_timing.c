#include "cmocka_include.h"
#include "driver/driver.h"
#include "driver/limits.h"
#include "driver/timing.h"

static void backoff_doubles_to_a_minute_and_jitters(void **state)
{
    (void)state;
    assert_int_equal(pm_backoff_ms(1, -1, 0), 500);
    assert_int_equal(pm_backoff_ms(1, -1, UINT32_MAX), 1000);
    assert_int_equal(pm_backoff_ms(2, -1, 0), 1000);
    assert_int_equal(pm_backoff_ms(3, -1, UINT32_MAX), 4000);
    assert_int_equal(pm_backoff_ms(6, -1, UINT32_MAX), 32000);
    assert_int_equal(pm_backoff_ms(7, -1, 0), 30000);
    assert_int_equal(pm_backoff_ms(7, -1, UINT32_MAX), 60000);
    assert_int_equal(pm_backoff_ms(1000000, -1, UINT32_MAX), 60000);
    assert_int_equal(pm_backoff_ms(1, -1, UINT32_MAX / 2), 749);
}

static void backoff_honours_retry_after(void **state)
{
    (void)state;
    assert_int_equal(pm_backoff_ms(1, 7000, 0), 7000);
    assert_int_equal(pm_backoff_ms(7, 7000, 0), 30000);
    assert_int_equal(pm_backoff_ms(1, 0, 0), 500);
}

static void without_work_the_wait_is_once_to_twice_as_long(void **state)
{
    (void)state;
    assert_int_equal(pm_no_work_wait_ms(30000, 0), 30000);
    assert_int_equal(pm_no_work_wait_ms(30000, UINT32_MAX), 60000);
}

static void the_next_window_is_awaited_but_not_less_than_the_minimum(void **state)
{
    (void)state;
    assert_int_equal(pm_window_wait_ms(100000, 30000, 0), 100000);
    assert_int_equal(pm_window_wait_ms(100000, 30000, UINT32_MAX), 101000);
    assert_int_equal(pm_window_wait_ms(5000, 30000, 0), 30000);
    assert_int_equal(pm_window_wait_ms(-1, 30000, 0), 30000);
}

static void results_are_looked_for_less_often_as_time_goes_on(void **state)
{
    (void)state;
    assert_int_equal(pm_gather_wait_ms(0), 100);
    assert_int_equal(pm_gather_wait_ms(9999), 100);
    assert_int_equal(pm_gather_wait_ms(10000), 300);
    assert_int_equal(pm_gather_wait_ms(60000), 1000);
}

static void a_long_lease_keeps_90_and_45_seconds(void **state)
{
    (void)state;
    const int64_t now = 1700000000000;
    struct pm_lease_plan plan = pm_lease_plan(now, now + 3600000, 0);
    assert_int_equal(plan.evaluate_until_ms, now + 3600000 - 90000);
    assert_int_equal(plan.evolve_until_ms, now + 3600000 - 48000);
    assert_int_equal(plan.submit_at_ms, now + 3600000 - 45000);
    assert_int_equal(plan.deadline_ms, now + 3600000);
    plan = pm_lease_plan(now, now + 270000, 0); /* the longest of which a third is 90 s */
    assert_int_equal(plan.evaluate_until_ms, now + 180000);
    assert_int_equal(plan.submit_at_ms, now + 225000);
}

static void a_short_lease_keeps_a_third_and_a_sixth(void **state)
{
    (void)state;
    const int64_t now = 1700000000000;
    struct pm_lease_plan plan = pm_lease_plan(now, now + 60000, 0);
    assert_int_equal(plan.evaluate_until_ms, now + 40000);
    assert_int_equal(plan.evolve_until_ms, now + 45000);
    assert_int_equal(plan.submit_at_ms, now + 50000);
    plan = pm_lease_plan(now, now + 2000, 0); /* some of it is for evolving, however short */
    assert_int_equal(plan.evolve_until_ms, now + 1500);
    plan = pm_lease_plan(now, now - 5, 0); /* run out already */
    assert_int_equal(plan.evaluate_until_ms, now - 5);
    assert_int_equal(plan.submit_at_ms, now - 5);
}

static void the_end_of_the_run_shortens_the_plan(void **state)
{
    (void)state;
    const int64_t now = 1700000000000;
    struct pm_lease_plan plan = pm_lease_plan(now, now + 3600000, now + 30000);
    assert_int_equal(plan.deadline_ms, now + 30000);
    assert_int_equal(plan.evaluate_until_ms, now + 20000);
    assert_int_equal(plan.submit_at_ms, now + 25000);
    plan = pm_lease_plan(now, now + 30000, now + 3600000);
    assert_int_equal(plan.deadline_ms, now + 30000);
}

static void refusals_that_name_iterations_raise_generations(void **state)
{
    (void)state;
    assert_int_equal(
        pm_generations_after_refusal(50, "iterations: 58 is below this pool's minimum of 160", 58),
        160);
    assert_int_equal(pm_generations_after_refusal(50, "Too few Iterations", 58), 100);
    assert_int_equal(pm_generations_after_refusal(200, "minimum iterations is 160", 100), 200);
    assert_int_equal(pm_generations_after_refusal(50, "score out of range 160", 58), 50);
    assert_int_equal(pm_generations_after_refusal(50, "iterations 99999999999999999999", 58), 100);
    assert_int_equal(pm_generations_after_refusal(PM_JOB_GENERATIONS_MAX, "iterations", 1),
                     PM_JOB_GENERATIONS_MAX);
}

static int64_t clock_of(void *context)
{
    return *(const int64_t *)context;
}

static void a_clock_set_back_makes_no_pause_longer(void **state)
{
    (void)state;
    enum { PAUSE_MS = 3600000 };
    int64_t now_ms = 1700000000000;
    const struct pm_driver driver = {.host = {.context = &now_ms, .now_ms = clock_of}};
    const int64_t until_ms = now_ms + PAUSE_MS;
    assert_true(pm_driver_holds_until(&driver, until_ms, PAUSE_MS));
    now_ms = until_ms - 1;
    assert_true(pm_driver_holds_until(&driver, until_ms, PAUSE_MS));
    now_ms = until_ms;
    assert_false(pm_driver_holds_until(&driver, until_ms, PAUSE_MS));
    now_ms = until_ms - 2 * (int64_t)PAUSE_MS;
    assert_false(pm_driver_holds_until(&driver, until_ms, PAUSE_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_doubles_to_a_minute_and_jitters),
        cmocka_unit_test(backoff_honours_retry_after),
        cmocka_unit_test(without_work_the_wait_is_once_to_twice_as_long),
        cmocka_unit_test(the_next_window_is_awaited_but_not_less_than_the_minimum),
        cmocka_unit_test(results_are_looked_for_less_often_as_time_goes_on),
        cmocka_unit_test(a_long_lease_keeps_90_and_45_seconds),
        cmocka_unit_test(a_short_lease_keeps_a_third_and_a_sixth),
        cmocka_unit_test(the_end_of_the_run_shortens_the_plan),
        cmocka_unit_test(refusals_that_name_iterations_raise_generations),
        cmocka_unit_test(a_clock_set_back_makes_no_pause_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
