/* What a miner's figures come to in a day: by the pool's rules where it tells them, and for a miner
 * that is the only one to have earned. */
#include "cli/forecast.h"
#include "cmocka_include.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

static bool reckon(const char *text, struct pm_pool_forecast *out)
{
    cJSON *miner = NULL;
    assert_true(pm_json_parse(text, strlen(text), 4096, &miner, NULL));
    const bool known = forecast_from_figures(miner, out);
    cJSON_Delete(miner);
    return known;
}

/* Half of all reputation; 20 % of 1,000,000 RAO are kept; ten epochs an hour. */
static void the_pools_own_rules_are_taken(void **state)
{
    (void)state;
    struct pm_pool_forecast forecast;
    assert_true(reckon("{\"stats\": {\"reputation\": 5, \"reputation_per_hour\": 50, \"pool\": "
                       "{\"total_reputation\": 10, \"budget_rao\": 1000000, \"fee\": 0.2, "
                       "\"cap\": 1, \"epoch_s\": 360}},"
                       " \"balance\": {\"minimum_withdrawal_rao\": 8000000}}",
                       &forecast));
    assert_true(forecast.rao_per_epoch == 400000);
    assert_true(fabs(forecast.rao_per_day - 96e6) < 1e-3);
    assert_true(fabs(forecast.hours_to_withdrawal - 2) < 1e-9);
    assert_false(forecast.is_capped);
}

static void what_is_not_told_is_as_usual(void **state)
{
    (void)state;
    struct pm_pool_rates rates = {.accuracy = 0.5};
    forecast_rules(NULL, NULL, &rates);
    assert_true(rates.budget_rao == 1e9 && rates.epoch_s == 3600);
    assert_true(rates.fee == 0.05 && rates.cap == 0.05);
    assert_true(rates.least_withdrawal_rao == 5e6);
    assert_true(rates.accuracy == 0.5);
}

/* Its part is all there is, whatever the figures are rounded to. */
static void who_earns_alone_has_a_forecast(void **state)
{
    (void)state;
    struct pm_pool_forecast forecast;
    char text[256];
    for (int i = 1; i <= 2000; i++) {
        snprintf(text, sizeof text,
                 "{\"stats\": {\"reputation\": 3, \"reputation_per_hour\": %.17g, \"pool\": "
                 "{\"total_reputation\": 3, \"cap\": 1, \"epoch_s\": %d}}}",
                 i * 0.37, i % 2 == 0 ? 60 : 3600);
        if (!reckon(text, &forecast)) {
            fail_msg("no forecast of %s", text);
        }
        assert_true(forecast.rao_per_epoch == 950000000);
    }
}

static void nothing_comes_of_nothing(void **state)
{
    (void)state;
    struct pm_pool_forecast forecast;
    assert_false(reckon("{}", &forecast));
    assert_false(reckon("{\"stats\": {\"reputation\": 0, \"reputation_per_hour\": 0, \"pool\": "
                        "{\"total_reputation\": 10}}}",
                        &forecast));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pools_own_rules_are_taken),
        cmocka_unit_test(what_is_not_told_is_as_usual),
        cmocka_unit_test(who_earns_alone_has_a_forecast),
        cmocka_unit_test(nothing_comes_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
