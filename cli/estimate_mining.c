/* Whether going it alone pays more than a pool, and whether mining pays for itself. */
#include "cli/estimate.h"
#include "cli/number.h"

#include <stdlib.h>

#include <poolminer/profit.h>

/* ---- direct ---- */

static bool run_direct(const struct estimate_input *input, struct estimate_answer *answer,
                       struct pm_error *error)
{
    double probability = 0, reward = 0, pool = 0;
    struct pm_direct_forecast forecast;
    if (!estimate_need(input, "sota-probability", &probability, error) ||
        !estimate_need(input, "reward", &reward, error) ||
        !estimate_need(input, "pool-income-per-day", &pool, error) ||
        !pm_direct_forecast(probability, reward, pool, &forecast, error)) {
        return false;
    }
    estimate_number(answer, "income_per_day", "", forecast.income_per_day);
    estimate_number(answer, "break_even_probability", "a day", forecast.break_even);
    estimate_bool(answer, "is_better", forecast.is_better);
    if (forecast.break_even > 1) {
        estimate_verdict(answer, "Stay in the pool: even beating the best every day, alone would "
                                 "pay less.");
    } else {
        estimate_verdict(answer,
                         "%s: alone pays more from a chance of %.4g a day on, and yours is %.4g.",
                         forecast.is_better ? "Go it alone" : "Stay in the pool",
                         forecast.break_even, probability);
    }
    return true;
}

static const char *const DIRECT_NAMES[] = {"sota-probability", "reward", "pool-income-per-day",
                                           NULL};
const struct estimate_model estimate_direct = {"direct", DIRECT_NAMES, false, run_direct};

/* ---- profit ---- */

static const char *const DRIVER_KEYS[] = {
    [PM_PROFIT_NOTHING] = "nothing",
    [PM_PROFIT_TAO_PER_MONTH] = "tao_per_month",
    [PM_PROFIT_ELECTRICITY] = "price_per_kwh",
    [PM_PROFIT_HARDWARE] = "hardware_per_month",
    [PM_PROFIT_REGISTRATION] = "registration_tao",
};

static bool read_figures(const struct estimate_input *input, struct pm_profit_figures *figures,
                         struct pm_error *error)
{
    *figures = (struct pm_profit_figures){.hours_per_day = 24};
    return estimate_need(input, "tao-per-month", &figures->tao_per_month, error) &&
           estimate_need(input, "tao-price", &figures->tao_price, error) &&
           estimate_need(input, "watts", &figures->watts, error) &&
           estimate_need(input, "price-per-kwh", &figures->price_per_kwh, error) &&
           estimate_may(input, "hours-per-day", &figures->hours_per_day, error) &&
           estimate_may(input, "hardware-per-month", &figures->hardware_per_month, error) &&
           estimate_may(input, "registration-tao", &figures->registration_tao, error);
}

/* What all miners get, as a list of the file, tells how evenly it is spread among how many. */
struct field {
    bool has_gini, has_miners;
    double gini, miners;
};

static bool read_list(const struct estimate_input *input, struct field *field,
                      struct pm_error *error)
{
    double *list = NULL;
    size_t count;
    if (!estimate_list(input, "emissions", &list, &count, error)) {
        return false;
    }
    if (list == NULL) {
        return true;
    }
    if (field->has_gini || field->has_miners) {
        free(list);
        return pm_fail(error, PM_ERROR_INVALID, "give emissions or gini and miners, not both");
    }
    bool done = pm_gini(list, count, &field->gini, error) || pm_fail_context(error, "emissions");
    free(list);
    field->has_gini = field->has_miners = true;
    field->miners = (double)count;
    return done;
}

static bool read_field(const struct estimate_input *input, struct field *field,
                       struct pm_error *error)
{
    *field = (struct field){.has_gini = estimate_has(input, "gini"),
                            .has_miners = estimate_has(input, "miners")};
    if (!estimate_may(input, "gini", &field->gini, error) ||
        !estimate_may(input, "miners", &field->miners, error)) {
        return false;
    }
    if (!(field->gini >= 0 && field->gini < 1)) {
        return pm_fail(error, PM_ERROR_INVALID, "gini is %.10g: it is from 0 to below 1",
                       field->gini);
    }
    if (!(field->miners >= (field->has_miners ? 1 : 0))) {
        return pm_fail(error, PM_ERROR_INVALID, "miners is %.10g: at least 1 there is",
                       field->miners);
    }
    return read_list(input, field, error);
}

static void answer_signs(const struct field *field, const struct pm_profit_figures *figures,
                         struct estimate_answer *answer)
{
    if (field->has_gini) {
        estimate_number(answer, "gini", "", field->gini);
        estimate_word(answer, "gini_sign", estimate_sign(pm_sign_of_gini(field->gini)));
    }
    if (field->has_miners) {
        estimate_number(answer, "miners", "", field->miners);
        estimate_word(answer, "miners_sign", estimate_sign(pm_sign_of_miners(field->miners)));
    }
    estimate_word(answer, "registration_sign",
                  estimate_sign(pm_sign_of_registration(figures->registration_tao)));
}

static void answer_verdict(const struct pm_profit *profit, struct estimate_answer *answer)
{
    const char *word = profit->is_profitable ? "Worth it" : "Not worth it";
    estimate_word(answer, "driver", DRIVER_KEYS[profit->driver]);
    if (profit->driver == PM_PROFIT_NOTHING) {
        estimate_verdict(answer, "%s: no single figure would change that.", word);
        return;
    }
    estimate_number(answer, "driver_break_even", "", profit->driver_break_even);
    char amount[NUMBER_TEXT_SIZE];
    number_digits(profit->profit, ESTIMATE_VERDICT_DIGITS, amount);
    estimate_verdict(answer, "%s: %s a month; it turns at a %s of %.4g (now %.4g).", word, amount,
                     DRIVER_KEYS[profit->driver], profit->driver_break_even, profit->driver_now);
}

static bool run_profit(const struct estimate_input *input, struct estimate_answer *answer,
                       struct pm_error *error)
{
    struct pm_profit_figures figures;
    struct pm_profit profit;
    struct field field;
    if (!read_figures(input, &figures, error) || !read_field(input, &field, error) ||
        !pm_profit(&figures, &profit, error)) {
        return false;
    }
    estimate_number(answer, "income", "a month", profit.income);
    estimate_number(answer, "electricity", "a month", profit.electricity);
    estimate_number(answer, "registration", "", profit.registration);
    estimate_number(answer, "cost", "a month, all", profit.cost);
    estimate_number(answer, "profit", "a month", profit.profit);
    estimate_number(answer, "break_even_tao_price", "", profit.break_even_tao_price);
    estimate_bool(answer, "is_profitable", profit.is_profitable);
    answer_signs(&field, &figures, answer);
    answer_verdict(&profit, answer);
    return true;
}

static const char *const PROFIT_NAMES[] = {"tao-per-month",
                                           "tao-price",
                                           "watts",
                                           "hours-per-day",
                                           "price-per-kwh",
                                           "hardware-per-month",
                                           "registration-tao",
                                           "gini",
                                           "miners",
                                           "emissions",
                                           NULL};
const struct estimate_model estimate_profit = {"profit", PROFIT_NAMES, false, run_profit};
