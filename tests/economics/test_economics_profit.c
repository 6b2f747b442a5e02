/* Is it worth it: the worked example of the pool's forecast, and what turns a verdict does turn it.
 */
#include "cmocka_include.h"

#include <math.h>
#include <string.h>

#include <poolminer/profit.h>

static void expect_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance)) {
        fail_msg("%.10g is not %.10g +- %g", value, wanted, tolerance);
    }
}

static const struct pm_pool_rates EXAMPLE = {.evaluations_per_hour = 20,
                                             .accuracy = 0.9,
                                             .evolutions_per_hour = 2,
                                             .evolution_score = 0.75,
                                             .total_reputation = 5000,
                                             .budget_rao = 1e9,
                                             .fee = 0.05,
                                             .cap = 0.05,
                                             .epoch_s = 3600,
                                             .least_withdrawal_rao = 5e6};

static struct pm_pool_forecast forecast(struct pm_pool_rates rates)
{
    struct pm_pool_forecast result = {0};
    struct pm_error error = {0};
    if (!pm_pool_forecast(&rates, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}

static void the_pools_example(void **state)
{
    (void)state;
    const struct pm_pool_forecast result = forecast(EXAMPLE);
    expect_near(result.reputation_per_hour, 21, 1e-12);
    expect_near(result.rao_per_epoch, 3990000, 0);
    expect_near(result.rao_per_hour, 3990000, 1e-6);
    expect_near(result.rao_per_day, 95760000, 1e-6);
    expect_near(result.rao_per_month, 30 * 95760000.0, 1e-6);
    expect_near(result.hours_to_withdrawal, 5e6 / 3.99e6, 1e-9);
    assert_false(result.is_capped);
}

static void epochs_caps_and_thresholds(void **state)
{
    (void)state;
    struct pm_pool_rates rates = EXAMPLE;
    rates.epoch_s = 1800; /* half the reputation an epoch, twice the epochs */
    expect_near(forecast(rates).rao_per_hour, 3990000, 1e-6);
    rates = EXAMPLE;
    rates.total_reputation = 21; /* alone: 95 % of the budget, but for the cap */
    expect_near(forecast(rates).rao_per_epoch, 5e7, 0);
    assert_true(forecast(rates).is_capped);
    rates = EXAMPLE;
    rates.evolution_score = 0.69;
    expect_near(forecast(rates).reputation_per_hour, 18, 1e-12);
    rates.accuracy = 0;
    assert_true(isinf(forecast(rates).hours_to_withdrawal));
}

static void direct_breaks_even(void **state)
{
    (void)state;
    struct pm_direct_forecast result;
    assert_true(pm_direct_forecast(0.02, 100, 1, &result, NULL));
    expect_near(result.income_per_day, 2, 1e-12);
    expect_near(result.break_even, 0.01, 1e-12);
    assert_true(result.is_better);
    assert_true(pm_direct_forecast(0.01, 100, 1, &result, NULL));
    assert_false(result.is_better);
    assert_true(pm_direct_forecast(1, 0, 1, &result, NULL));
    assert_true(isinf(result.break_even));
}

static const struct pm_profit_figures LAPTOP = {.tao_per_month = 0.1,
                                                .tao_price = 300,
                                                .watts = 45,
                                                .hours_per_day = 12,
                                                .price_per_kwh = 0.4,
                                                .hardware_per_month = 5,
                                                .registration_tao = 0.02};

static void a_month_is_added_up(void **state)
{
    (void)state;
    struct pm_profit result;
    assert_true(pm_profit(&LAPTOP, &result, NULL));
    expect_near(result.income, 30, 1e-12);
    expect_near(result.electricity, 0.045 * 12 * 30 * 0.4, 1e-12);
    expect_near(result.registration, 6, 1e-12);
    expect_near(result.profit, 30 - 6.48 - 6 - 5, 1e-12);
    expect_near(result.break_even_tao_price, 11.48 / 0.08, 1e-9);
    assert_true(result.is_profitable);
    assert_int_equal(result.driver, PM_PROFIT_ELECTRICITY);
    expect_near(result.driver_break_even, 0.4 * (6.48 + 12.52) / 6.48, 1e-12);
}

/* Sets the driver of the verdict to a hundredth on either side of its break-even. */
static void expect_to_turn(struct pm_profit_figures figures, enum pm_profit_driver driver,
                           double *member, const struct pm_profit_figures *changed)
{
    struct pm_profit before, after;
    assert_true(pm_profit(&figures, &before, NULL));
    assert_int_equal(before.driver, driver);
    const double step = before.driver_break_even > before.driver_now ? 1.01 : 0.99;
    *member = before.driver_break_even * step;
    assert_true(pm_profit(changed, &after, NULL));
    assert_true(before.is_profitable != after.is_profitable);
}

static void the_driver_turns_the_verdict(void **state)
{
    (void)state;
    struct pm_profit_figures figures = LAPTOP;
    expect_to_turn(figures, PM_PROFIT_ELECTRICITY, &figures.price_per_kwh, &figures);
    figures = LAPTOP;
    figures.hardware_per_month = 100;
    figures.tao_per_month = 0.2;
    expect_to_turn(figures, PM_PROFIT_HARDWARE, &figures.hardware_per_month, &figures);
    figures = LAPTOP;
    figures.registration_tao = 0.09;
    expect_to_turn(figures, PM_PROFIT_REGISTRATION, &figures.registration_tao, &figures);
    figures = LAPTOP;
    figures.tao_per_month = 0.001; /* not even the electricity */
    expect_to_turn(figures, PM_PROFIT_TAO_PER_MONTH, &figures.tao_per_month, &figures);
}

static void nothing_turns_what_has_no_price(void **state)
{
    (void)state;
    const struct pm_profit_figures figures = {.price_per_kwh = 0};
    struct pm_profit result;
    assert_true(pm_profit(&figures, &result, NULL));
    assert_false(result.is_profitable);
    assert_int_equal(result.driver, PM_PROFIT_NOTHING);
    assert_true(isinf(result.break_even_tao_price));
}

static void signs_and_gini(void **state)
{
    (void)state;
    const double alike[] = {3, 3, 3}, one[] = {0, 0, 0, 8}, some[] = {1, 3}, wrong[] = {1, NAN};
    double gini = -1;
    assert_true(pm_gini(alike, 3, &gini, NULL));
    expect_near(gini, 0, 0);
    assert_true(pm_gini(one, 4, &gini, NULL));
    expect_near(gini, 0.75, 1e-12);
    assert_true(pm_gini(some, 2, &gini, NULL)); /* mean difference 1, mean 2 */
    expect_near(gini, 0.25, 1e-12);
    assert_false(pm_gini(wrong, 2, &gini, NULL));
    assert_int_equal(pm_sign_of_gini(0.29), PM_SIGN_GOOD);
    assert_int_equal(pm_sign_of_gini(0.5), PM_SIGN_FAIR);
    assert_int_equal(pm_sign_of_gini(0.71), PM_SIGN_BAD);
    assert_int_equal(pm_sign_of_miners(50), PM_SIGN_GOOD);
    assert_int_equal(pm_sign_of_miners(201), PM_SIGN_FAIR);
    assert_int_equal(pm_sign_of_miners(9), PM_SIGN_BAD);
    assert_int_equal(pm_sign_of_miners(501), PM_SIGN_BAD);
    assert_int_equal(pm_sign_of_registration(0.5), PM_SIGN_GOOD);
    assert_int_equal(pm_sign_of_registration(1), PM_SIGN_FAIR);
    assert_int_equal(pm_sign_of_registration(5.1), PM_SIGN_BAD);
}

static void impossible_figures_are_named(void **state)
{
    (void)state;
    struct pm_error error = {0};
    struct pm_pool_rates rates = EXAMPLE;
    struct pm_pool_forecast result;
    rates.total_reputation = 20;
    assert_false(pm_pool_forecast(&rates, &result, &error));
    assert_non_null(strstr(error.message, "total_reputation is 20, less than the 21"));
    rates = EXAMPLE;
    rates.accuracy = 90;
    assert_false(pm_pool_forecast(&rates, &result, &error));
    assert_non_null(strstr(error.message, "accuracy is 90"));
    rates = EXAMPLE;
    rates.epoch_s = 0;
    assert_false(pm_pool_forecast(&rates, &result, &error));
    assert_non_null(strstr(error.message, "epoch_s is 0"));
    struct pm_profit_figures figures = LAPTOP;
    struct pm_profit profit;
    figures.hours_per_day = 25;
    assert_false(pm_profit(&figures, &profit, &error));
    assert_non_null(strstr(error.message, "hours_per_day is 25"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pools_example),
        cmocka_unit_test(epochs_caps_and_thresholds),
        cmocka_unit_test(direct_breaks_even),
        cmocka_unit_test(a_month_is_added_up),
        cmocka_unit_test(the_driver_turns_the_verdict),
        cmocka_unit_test(nothing_turns_what_has_no_price),
        cmocka_unit_test(signs_and_gini),
        cmocka_unit_test(impossible_figures_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
