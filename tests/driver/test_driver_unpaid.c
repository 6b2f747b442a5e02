/* Why work earned nothing: asked of the pool, and kept. */
#include "cmocka_include.h"
#include "tests/driver/driver_bench.h"

#include <string.h>

static const char unpaid[] =
    "{\"tolerance\":0.1,\"reward_threshold\":0.7,\"unpaid\":["
    "{\"kind\":\"evaluation\",\"algorithm_id\":11,\"score\":0.511,\"median\":0.6125,"
    "\"judged_ms\":1700000000000},"
    "{\"kind\":\"riddle\",\"algorithm_id\":12},"
    "{\"kind\":\"evolution\",\"algorithm_id\":40,\"score\":0.65,\"median\":0.65,"
    "\"judged_ms\":1700000000500}]}";

static void why_work_earned_nothing_is_kept(void **state)
{
    struct bench *bench = *state;
    bench->pool.unpaid = unpaid;
    assert_true(live(bench));
    assert_true(bench->pool.unpaid_calls >= 9); /* once a minute */
    assert_string_equal(record(bench, "11")->state, "unpaid");
    assert_non_null(strstr(record(bench, "11")->key, "/evaluation/11"));
    assert_string_equal(record(bench, "11")->reason,
                        "evaluation of algorithm 11: outside consensus: 0.5110 here, the median is "
                        "0.6125, the tolerance 0.0613");
    assert_string_equal(record_member(bench, "40", "kind"), "evolution");
    assert_string_equal(record_member(bench, "40", "judged_ms"), "1700000000500");
    assert_int_equal(bench->driver.counters.unpaid, 2); /* each once */
    assert_non_null(strstr(bench->pool.unpaid_asked, "since_ms=1700000000500&"));
    /* and another life knows how far it was told */
    bench->pool.unpaid_asked[0] = '\0';
    assert_true(live(bench));
    assert_non_null(strstr(bench->pool.unpaid_asked, "since_ms=1700000000500&"));
    assert_int_equal(bench->driver.counters.unpaid, 0);
}

static void a_pool_that_does_not_tell_is_not_pestered(void **state)
{
    struct bench *bench = *state;
    assert_true(live(bench));
    assert_int_equal(bench->pool.unpaid_calls, 1);
    fake_queue_clear(&bench->queue);
    bench->pool.unpaid = "{\"unpaid\":7}";
    assert_true(live(bench));
    assert_int_equal(bench->pool.unpaid_calls, 2);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(why_work_earned_nothing_is_kept),
        TEST(a_pool_that_does_not_tell_is_not_pestered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
