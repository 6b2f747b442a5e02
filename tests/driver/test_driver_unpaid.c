/* Why work earned nothing: asked of the pool, and kept. */
#include "cmocka_include.h"
#include "tests/driver/driver_bench.h"

#include <string.h>

#include <poolminer/text.h>

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

/* A full page, all of it judged at one time, of which the next asks for what comes after. */
static void what_was_judged_at_one_time_is_told_page_by_page(void **state)
{
    enum { ROWS = 500 };
    struct bench *bench = *state;
    struct pm_text page = {0};
    pm_text_append(&page, "{\"tolerance\":0.1,\"reward_threshold\":0.7,"
                          "\"next\":\"5-evaluation-500\",\"unpaid\":[");
    for (int i = 1; i < ROWS; i++) {
        pm_text_append(&page, "{\"kind\":\"riddle\",\"algorithm_id\":%d},", i);
    }
    pm_text_append(&page, "{\"kind\":\"evaluation\",\"algorithm_id\":500,\"score\":0.5,"
                          "\"median\":0.9,\"judged_ms\":5}");
    pm_text_append(&page, "]}");
    bench->pool.unpaid = page.data;
    bench->pool.unpaid_after =
        "{\"tolerance\":0.1,\"reward_threshold\":0.7,\"next\":\"5-evaluation-777\",\"unpaid\":["
        "{\"kind\":\"evaluation\",\"algorithm_id\":777,\"score\":0.5,\"median\":0.9,"
        "\"judged_ms\":5}]}";
    assert_true(live(bench));
    assert_string_equal(record(bench, "777")->state, "unpaid");
    assert_int_equal(bench->driver.counters.unpaid, 2);
    assert_non_null(strstr(bench->pool.unpaid_asked, "&after=5-evaluation-500"));
    pm_text_clear(&page);
}

/* However many that are: what one minute has not come to, the next goes on with. */
static void no_number_of_results_judged_at_one_time_is_too_many(void **state)
{
    struct bench *bench = *state;
    struct pm_text page = {0};
    pm_text_append(&page, "{\"tolerance\":0.1,\"reward_threshold\":0.7,"
                          "\"next\":\"5-evaluation-500\",\"unpaid\":[");
    for (int i = 0; i < 500; i++) {
        pm_text_append(&page, "%s{\"kind\":\"riddle\"}", i > 0 ? "," : "");
    }
    pm_text_append(&page, "]}");
    bench->pool.unpaid = bench->pool.unpaid_after = page.data;
    assert_true(live(bench));
    assert_true(bench->pool.unpaid_calls > 100); /* 20 at one time */
    assert_int_equal(bench->pool.unpaid_from_start, 1);
    pm_text_clear(&page);
}

/* It would become part of a request. */
static void a_place_that_is_no_place_is_not_asked_for(void **state)
{
    struct bench *bench = *state;
    struct pm_text page = {0};
    pm_text_append(&page, "{\"next\":\"5&limit=0 HTTP/1.1\",\"unpaid\":[");
    for (int i = 0; i < 500; i++) {
        pm_text_append(&page, "%s0", i > 0 ? "," : "");
    }
    pm_text_append(&page, "]}");
    bench->pool.unpaid = page.data;
    assert_true(live(bench));
    assert_true(bench->pool.unpaid_calls > 0);
    assert_null(strstr(bench->pool.unpaid_asked, "after"));
    pm_text_clear(&page);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(why_work_earned_nothing_is_kept),
        TEST(a_pool_that_does_not_tell_is_not_pestered),
        TEST(what_was_judged_at_one_time_is_told_page_by_page),
        TEST(no_number_of_results_judged_at_one_time_is_too_many),
        TEST(a_place_that_is_no_place_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
