/* What the driver tells of itself while it runs: the record of figures in the sidecar. */
#include "cmocka_include.h"
#include "tests/driver/driver_bench.h"

#include <stdlib.h>
#include <string.h>

static void figures_are_told_while_it_runs(void **state)
{
    struct bench *bench = *state;
    bench->settings.duration_ms = 600 * SECOND;
    assert_true(live(bench));
    cJSON *figures = cJSON_Parse(bench->queue.figures);
    const cJSON *counters = cJSON_GetObjectItem(figures, "counters");
    assert_string_equal(cJSON_GetObjectItem(figures, "hotkey")->valuestring,
                        pm_hotkey_address(bench->hotkey));
    assert_int_equal(cJSON_GetObjectItem(counters, "submissions_accepted")->valueint, 1);
    assert_int_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(figures, "stats"), "lifetime_rao")->valueint, 1234);
    assert_int_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(figures, "balance"), "estimated_pending_rao")
            ->valueint,
        200);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(figures, "lease")));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(figures, "pool_is_away")));
    /* When something has changed, and not all the time. */
    assert_in_range(bench->queue.figures_put, 12, 40);
    assert_int_equal(bench->pool.balance_calls, bench->pool.stats_calls);
    cJSON_Delete(figures);
    /* The record of what was evolved tells the parents, and what it scored here. */
    cJSON *body = cJSON_Parse(record(bench, "lease-1")->body);
    const cJSON *evolved = cJSON_GetArrayItem(cJSON_GetObjectItem(body, "evolved"), 0);
    assert_true(cJSON_GetObjectItem(evolved, "score")->valuedouble == 0.8);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(evolved, "parents")), 1);
    cJSON_Delete(body);
}

static int64_t stats_ms_of(const struct bench *bench)
{
    cJSON *figures = cJSON_Parse(bench->queue.figures);
    const int64_t stats_ms = (int64_t)cJSON_GetObjectItem(figures, "stats_ms")->valuedouble;
    cJSON_Delete(figures);
    return stats_ms;
}

/* A pool that is away when the driver starts leaves the last known figures, with their age. */
static void figures_of_an_earlier_life_stay_until_there_are_new_ones(void **state)
{
    struct bench *bench = *state;
    bench->settings.duration_ms = 120 * SECOND;
    assert_true(live(bench));
    const int64_t known_ms = stats_ms_of(bench);
    assert_true(known_ms > 0);

    bench->pool.stats = "nothing to say";
    bench->queue.figures_put = 0;
    assert_true(live(bench));
    assert_in_range(bench->queue.figures_put, 2, 40);
    assert_int_equal(stats_ms_of(bench), known_ms);
    cJSON *figures = cJSON_Parse(bench->queue.figures);
    const cJSON *stats = cJSON_GetObjectItem(figures, "stats");
    const cJSON *balance = cJSON_GetObjectItem(figures, "balance");
    assert_int_equal(cJSON_GetObjectItem(stats, "lifetime_rao")->valueint, 1234);
    assert_int_equal(cJSON_GetObjectItem(balance, "estimated_pending_rao")->valueint, 200);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(figures, "first_stats"))); /* of this life: none */
    cJSON_Delete(figures);

    bench->pool.stats = NULL;
    assert_true(live(bench));
    assert_true(stats_ms_of(bench) > known_ms);
}

static void figures_of_another_pool_are_not_taken_for_this_ones(void **state)
{
    struct bench *bench = *state;
    bench->settings.duration_ms = 120 * SECOND;
    assert_true(live(bench));
    cJSON *figures = cJSON_Parse(bench->queue.figures);
    cJSON_ReplaceItemInObject(figures, "pool", cJSON_CreateString("http://127.0.0.1:1"));
    free(bench->queue.figures);
    bench->queue.figures = cJSON_PrintUnformatted(figures);
    cJSON_Delete(figures);

    bench->pool.stats = "nothing to say";
    assert_true(live(bench));
    assert_int_equal(stats_ms_of(bench), 0);
    figures = cJSON_Parse(bench->queue.figures);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(figures, "stats")));
    cJSON_Delete(figures);
}

static void an_open_lease_and_an_absent_pool_are_among_the_figures(void **state)
{
    struct bench *bench = *state;
    bench->pool.has_no_balance = true;
    bench->queue.work = FAKE_WORK_NONE;
    bench->settings.duration_ms = 60 * SECOND;
    bench->settings.grace_ms = 30 * SECOND;
    live(bench);
    assert_in_range(bench->pool.balance_calls, 1, 1); /* not asked for again within the hour */
    assert_non_null(strstr(bench->queue.figures, "\"balance\":null"));
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(figures_are_told_while_it_runs),
        TEST(an_open_lease_and_an_absent_pool_are_among_the_figures),
        TEST(figures_of_an_earlier_life_stay_until_there_are_new_ones),
        TEST(figures_of_another_pool_are_not_taken_for_this_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
