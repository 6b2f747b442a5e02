/* A driver whose clock jumps, or whose machine sleeps for longer than a lease lasts. Time is the
 * pool's, as in the coordinator's other tests. */
#include "cmocka_include.h"
#include "tests/driver/driver_bench.h"

#include <string.h>

static void a_clock_that_is_set_back_holds_nothing_up(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_answers[0].status = bench->pool.lease_answers[1].status = 503;
    bench->pool.jump_after_ms = SECOND / 4;
    bench->pool.jump_ms = -86400 * SECOND;
    bench->pool.stop_after_lease_calls = 4;
    assert_true(live(bench));
    assert_true(bench->pool.waited_ms < 60 * SECOND);
    assert_closed(bench, "submitted", "");
}

/* In mid lease the machine sleeps for two hours, or its clock is set forward: the first lease is
 * over, and its jobs are nobody's. */
static void sleep_through_a_lease(struct bench *bench, const char *reason)
{
    bench->pool.leases_to_grant = 2;
    bench->pool.jump_after_ms = 30 * SECOND;
    bench->pool.jump_ms = 7200 * SECOND;
    bench->settings.duration_ms = 4 * 3600 * SECOND;
    bench->pool.stop_after_lease_calls = 3;
    assert_true(live(bench));
    assert_int_equal(bench->pool.granted, 2);
    assert_closed(bench, "expired", reason);
    assert_string_equal(record_member(bench, "lease-1", "cause"), "ran_out");
    assert_string_equal(record(bench, "lease-2")->state, "submitted");
    assert_int_equal(bench->driver.counters.leases_expired, 1);
    assert_int_equal(bench->driver.counters.submissions_accepted, 1);
    assert_true(bench->pool.lease_call_ms[1] - bench->pool.lease_call_ms[0] < 7300 * SECOND);
}

static void a_lease_that_ran_out_in_a_sleep_is_dropped_and_work_goes_on(void **state)
{
    struct bench *bench = *state;
    bench->queue.no_work_until_ms = atomic_load(&bench->pool.now_ms) + 7240 * SECOND;
    sleep_through_a_lease(bench, "the lease ran out before the pool acknowledged the submission");
    assert_int_equal(bench->pool.submit_calls, 1); /* of the first there was nothing to submit */
    assert_string_equal(bench->pool.submissions[0].lease_id, "lease-2");
    assert_full_submission(&bench->pool.submissions[0]);
    for (size_t i = 0; i < bench->queue.job_count; i++) {
        const bool first = strstr(bench->queue.jobs[i].key, "/lease-1/") != NULL;
        assert_string_equal(bench->queue.jobs[i].reason != NULL ? bench->queue.jobs[i].reason : "",
                            first ? "cancelled" : "");
    }
}

/* The pool may have waited, so it is asked once, with what was done before; it has not. */
static void so_is_one_of_which_a_part_was_done(void **state)
{
    struct bench *bench = *state;
    bench->queue.work = FAKE_WORK_EVALUATE;
    bench->pool.submit_answers[0] = (struct fake_answer){
        .status = 404, .body = "{\"detail\":\"Active lease assignment not found\"}"};
    sleep_through_a_lease(bench, "the pool no longer has this lease; it ran out 36");
    assert_int_equal(bench->pool.submit_calls, 2);
    assert_string_equal(bench->pool.submissions[0].lease_id, "lease-1");
    assert_string_equal(bench->pool.submissions[1].lease_id, "lease-2");
}

static void an_open_lease_that_ran_out_meanwhile_is_closed(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_answers[0].stop = true;
    assert_true(live(bench));
    atomic_store(&bench->pool.stop, false);
    atomic_fetch_add(&bench->pool.now_ms, 7200 * SECOND);
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 0);
    assert_closed(bench, "expired", "no driver was there");
    assert_closed(bench, "expired", "it ran out 3600 s ago");
    assert_string_equal(record_member(bench, "lease-1", "cause"), "ran_out");
    assert_string_equal(record_member(bench, "lease-1", "late_ms"), "3600000");
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(a_clock_that_is_set_back_holds_nothing_up),
        TEST(a_lease_that_ran_out_in_a_sleep_is_dropped_and_work_goes_on),
        TEST(so_is_one_of_which_a_part_was_done),
        TEST(an_open_lease_that_ran_out_meanwhile_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
