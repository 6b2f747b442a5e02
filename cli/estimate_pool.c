/* What the pool pays, from figures that are given or that a miner here has measured; and whether
 * that is worth going on. */
#include "cli/estimate.h"
#include "cli/estimate_live.h"
#include "cli/forecast.h"
#include "cli/number.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include <poolminer/payout.h>
#include <poolminer/profit.h>

/* ---- figures ---- */

static const struct {
    const char *name;
    size_t offset; /* in struct pm_pool_rates */
    bool needed;
} FIGURES[] = {
    {"evaluations-per-hour", offsetof(struct pm_pool_rates, evaluations_per_hour), true},
    {"accuracy", offsetof(struct pm_pool_rates, accuracy), true},
    {"evolutions-per-hour", offsetof(struct pm_pool_rates, evolutions_per_hour), true},
    {"evolution-score", offsetof(struct pm_pool_rates, evolution_score), true},
    {"total-reputation", offsetof(struct pm_pool_rates, total_reputation), true},
    {"fee", offsetof(struct pm_pool_rates, fee), false},
    {"cap", offsetof(struct pm_pool_rates, cap), false},
    {"budget-rao", offsetof(struct pm_pool_rates, budget_rao), false},
    {"epoch-s", offsetof(struct pm_pool_rates, epoch_s), false},
    {"least-withdrawal-rao", offsetof(struct pm_pool_rates, least_withdrawal_rao), false},
};
enum { FIGURE_COUNT = sizeof FIGURES / sizeof *FIGURES };

static double *figure_at(struct pm_pool_rates *rates, size_t index)
{
    return (double *)(void *)((char *)rates + FIGURES[index].offset);
}

/* The first that is needed and not given; NULL: there is none. */
static const char *missing(const struct estimate_input *input)
{
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        if (FIGURES[i].needed && !estimate_has(input, FIGURES[i].name)) {
            return FIGURES[i].name;
        }
    }
    return NULL;
}

struct field {
    bool has_gini, has_miners;
    double gini, miners;
};

/* Why the figure is wanted, and why it could not be had. */
static bool fail_missing(const struct estimate_input *input, const char *name,
                         const struct pm_error *reason, struct pm_error *error)
{
    struct pm_error wanted = {0};
    double unused = 0;
    estimate_need(input, name, &unused, &wanted);
    return pm_fail(error, PM_ERROR_INVALID, "%s, and could not be measured: %s", wanted.message,
                   reason->message);
}

static bool measure(const struct estimate_input *input, const char *name,
                    struct estimate_answer *answer, struct estimate_live *live,
                    struct pm_error *error)
{
    struct pm_error reason = {0};
    if (!estimate_live_find(input->options, live, &reason)) {
        return fail_missing(input, name, &reason, error);
    }
    if (isnan(live->rates.accuracy) && !estimate_has(input, "accuracy")) {
        pm_fail(&reason, PM_ERROR_UNAVAILABLE,
                "none of this miner's evaluations has been judged yet, ask again later");
        return fail_missing(input, "accuracy", &reason, error);
    }
    estimate_word(answer, "source", live->running ? "running miner" : "last run");
    estimate_number(answer, "measured_hours", "h", live->hours);
    return true;
}

/* Measured over another time than the rates it can be less than what they come to. */
static void raise_total(struct pm_pool_rates *rates)
{
    rates->total_reputation = fmax(rates->total_reputation, pm_pool_reputation_an_epoch(rates));
}

static bool take_figures(const struct estimate_input *input, struct pm_pool_rates *rates,
                         struct pm_error *error)
{
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        if (!estimate_may(input, FIGURES[i].name, figure_at(rates, i), error)) {
            return false;
        }
    }
    return true;
}

static bool read_rates(const struct estimate_input *input, struct estimate_answer *answer,
                       struct pm_pool_rates *rates, struct field *field, struct pm_error *error)
{
    struct estimate_live live = {0};
    const char *name = missing(input);
    if (!take_figures(input, rates, error)) {
        return false;
    }
    if (name == NULL) {
        return true;
    }
    if (!measure(input, name, answer, &live, error)) {
        return false;
    }
    *rates = live.rates;
    *field = (struct field){live.has_field, live.has_field, live.gini, live.miners};
    if (!take_figures(input, rates, error)) {
        return false;
    }
    if (!estimate_has(input, "total-reputation")) {
        raise_total(rates);
    }
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        if (FIGURES[i].needed) {
            estimate_measured(answer, FIGURES[i].name, *figure_at(rates, i));
        }
    }
    return true;
}

/* ---- the verdict ---- */

static bool has_prices(const struct estimate_input *input)
{
    return estimate_has(input, "tao-price") || estimate_has(input, "watts") ||
           estimate_has(input, "price-per-kwh");
}

static bool weigh(const struct estimate_input *input, double rao_per_month, struct pm_profit *out,
                  double *tao_price, struct pm_error *error)
{
    struct pm_profit_figures figures = {.tao_per_month = rao_per_month / PM_RAO_PER_TAO,
                                        .hours_per_day = 24};
    const bool done = estimate_need(input, "tao-price", &figures.tao_price, error) &&
                      estimate_need(input, "watts", &figures.watts, error) &&
                      estimate_need(input, "price-per-kwh", &figures.price_per_kwh, error) &&
                      estimate_may(input, "hours-per-day", &figures.hours_per_day, error) &&
                      estimate_may(input, "hardware-per-month", &figures.hardware_per_month, error);
    *tao_price = figures.tao_price;
    return done && pm_profit(&figures, out, error);
}

/* "; 12 miners share it, Gini 0.82 (bad)": what there is to say of the others. */
static void describe_field(const struct field *field, char *out, size_t size)
{
    char spread[48] = "";
    out[0] = '\0';
    if (field->has_gini) {
        snprintf(spread, sizeof spread, ", Gini %.2f (%s)", field->gini,
                 estimate_sign(pm_sign_of_gini(field->gini)));
    }
    if (field->has_miners) {
        snprintf(out, size, "; %.0f miner%s share%s it (%s)%s", field->miners,
                 field->miners == 1 ? "" : "s", field->miners == 1 ? "s" : "",
                 estimate_sign(pm_sign_of_miners(field->miners)), spread);
    }
}

static void say_field(const struct field *field, struct estimate_answer *answer)
{
    if (field->has_gini) {
        estimate_number(answer, "gini", "", field->gini);
        estimate_word(answer, "gini_sign", estimate_sign(pm_sign_of_gini(field->gini)));
    }
    if (field->has_miners) {
        estimate_number(answer, "miners", "", field->miners);
        estimate_word(answer, "miners_sign", estimate_sign(pm_sign_of_miners(field->miners)));
    }
}

static bool say_verdict(const struct estimate_input *input, const struct pm_pool_rates *rates,
                        const struct pm_pool_forecast *forecast, const struct field *field,
                        struct estimate_answer *answer, struct pm_error *error)
{
    char others[128], amount[NUMBER_TEXT_SIZE];
    struct pm_profit profit = {0};
    const bool priced = has_prices(input);
    double price = 0;
    describe_field(field, others, sizeof others);
    if (priced) {
        if (!weigh(input, forecast->rao_per_month, &profit, &price, error)) {
            return false;
        }
        estimate_number(answer, "profit", "a month", profit.profit);
        estimate_number(answer, "break_even_tao_price", "", profit.break_even_tao_price);
    }
    if (forecast->rao_per_day <= 0) {
        const double of_one = rates->budget_rao * (1 - rates->fee) /
                              fmax(1, rates->total_reputation) * 86400 / rates->epoch_s;
        number_digits(of_one, ESTIMATE_VERDICT_DIGITS, amount);
        estimate_verdict(answer,
                         "Leave, or mend what keeps you from it: nothing is earned; each "
                         "reputation an epoch would bring %s RAO a day%s.",
                         amount, others);
    } else if (priced) {
        number_digits(fabs(profit.profit), ESTIMATE_VERDICT_DIGITS, amount);
        estimate_verdict(answer, "%s: %s a month %s; it turns at a TAO price of %.4g (now %.4g)%s.",
                         profit.is_profitable ? "Stay" : "Leave", amount,
                         profit.is_profitable ? "is left" : "is lost", profit.break_even_tao_price,
                         price, others);
    } else {
        number_digits(forecast->rao_per_day / PM_RAO_PER_TAO, ESTIMATE_VERDICT_DIGITS, amount);
        estimate_verdict(answer, "Stay as long as a day of mining costs you less than %s TAO%s%s.",
                         amount, forecast->is_capped ? " (all that one miner gets)" : "", others);
    }
    return true;
}

/* ---- all of it ---- */

static bool run_pool(const struct estimate_input *input, struct estimate_answer *answer,
                     struct pm_error *error)
{
    struct pm_pool_rates rates = {0};
    struct pm_pool_forecast forecast;
    struct field field = {0};
    forecast_rules(NULL, NULL, &rates);
    if (!read_rates(input, answer, &rates, &field, error) ||
        !pm_pool_forecast(&rates, &forecast, error)) {
        return false;
    }
    estimate_number(answer, "reputation_per_hour", "", forecast.reputation_per_hour);
    estimate_number(answer, "rao_per_epoch", "RAO", forecast.rao_per_epoch);
    estimate_number(answer, "rao_per_hour", "RAO", forecast.rao_per_hour);
    estimate_number(answer, "rao_per_day", "RAO", forecast.rao_per_day);
    estimate_number(answer, "rao_per_month", "RAO (30 days)", forecast.rao_per_month);
    estimate_number(answer, "hours_to_withdrawal", "h", forecast.hours_to_withdrawal);
    estimate_bool(answer, "is_capped", forecast.is_capped);
    say_field(&field, answer);
    return say_verdict(input, &rates, &forecast, &field, answer, error);
}

static const char *const POOL_NAMES[] = {"evaluations-per-hour",
                                         "accuracy",
                                         "evolutions-per-hour",
                                         "evolution-score",
                                         "total-reputation",
                                         "fee",
                                         "cap",
                                         "budget-rao",
                                         "epoch-s",
                                         "least-withdrawal-rao",
                                         "tao-price",
                                         "watts",
                                         "hours-per-day",
                                         "price-per-kwh",
                                         "hardware-per-month",
                                         NULL};
const struct estimate_model estimate_pool = {"pool", POOL_NAMES, true, run_pool};
