#include "economics/figures.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/payout.h>
#include <poolminer/profit.h>

enum { HOURS_PER_DAY = 24, SECONDS_PER_HOUR = 3600, WATTS_PER_KW = 1000 };

/* ---- pool ---- */

/* Micro-points of more would not fit into an int64_t. */
static const double REPUTATION_MAX = 9e12;

static bool check_rates(const struct pm_pool_rates *rates, struct pm_error *error)
{
    if (!figure_is_amount("evaluations_per_hour", rates->evaluations_per_hour, error) ||
        !figure_is_share("accuracy", rates->accuracy, error) ||
        !figure_is_amount("evolutions_per_hour", rates->evolutions_per_hour, error) ||
        !figure_is_share("evolution_score", rates->evolution_score, error) ||
        !figure_is_amount("budget_rao", rates->budget_rao, error) ||
        !figure_is_share("fee", rates->fee, error) || !figure_is_share("cap", rates->cap, error) ||
        !figure_is_amount("epoch_s", rates->epoch_s, error) ||
        !figure_is_amount("least_withdrawal_rao", rates->least_withdrawal_rao, error)) {
        return false;
    }
    if (rates->epoch_s < 1) {
        return pm_fail(error, PM_ERROR_INVALID, "epoch_s is %.10g: an epoch has 1 second at least",
                       rates->epoch_s);
    }
    return true;
}

static double reputation_per_hour(const struct pm_pool_rates *rates)
{
    static const double per_evaluation = 1.0, per_evolution = 2.0, threshold = 0.7;
    const double evolved = rates->evolution_score >= threshold
                               ? rates->evolutions_per_hour * per_evolution * rates->evolution_score
                               : 0;
    return rates->evaluations_per_hour * rates->accuracy * per_evaluation + evolved;
}

double pm_pool_reputation_an_epoch(const struct pm_pool_rates *rates)
{
    return reputation_per_hour(rates) * rates->epoch_s / SECONDS_PER_HOUR;
}

bool pm_pool_forecast(const struct pm_pool_rates *rates, struct pm_pool_forecast *out,
                      struct pm_error *error)
{
    if (!check_rates(rates, error)) {
        return false;
    }
    const double epochs_per_hour = SECONDS_PER_HOUR / rates->epoch_s;
    const double own = pm_pool_reputation_an_epoch(rates);
    if (!figure_is_total("total_reputation", rates->total_reputation, "an epoch at these rates",
                         own, error)) {
        return false;
    }
    if (rates->total_reputation > REPUTATION_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "total_reputation is %.10g: at most %.0g is taken",
                       rates->total_reputation, REPUTATION_MAX);
    }
    const struct pm_payout_rules rules = {.budget_rao = llround(rates->budget_rao),
                                          .fee_ppm = llround(rates->fee * PM_PPM),
                                          .cap_ppm = llround(rates->cap * PM_PPM)};
    const int64_t paid = pm_payout_estimate(&rules, llround(own * PM_REPUTATION_UNIT),
                                            llround(rates->total_reputation * PM_REPUTATION_UNIT));
    out->reputation_per_hour = reputation_per_hour(rates);
    out->rao_per_epoch = (double)paid;
    out->rao_per_hour = out->rao_per_epoch * epochs_per_hour;
    out->rao_per_day = out->rao_per_hour * HOURS_PER_DAY;
    out->rao_per_month = out->rao_per_day * PM_PROFIT_DAYS_PER_MONTH;
    out->is_capped = paid > 0 && paid == pm_payout_cap(&rules);
    out->hours_to_withdrawal =
        paid > 0 ? rates->least_withdrawal_rao / out->rao_per_hour : INFINITY;
    return true;
}

/* ---- direct ---- */

bool pm_direct_forecast(double sota_probability, double reward, double pool_income_per_day,
                        struct pm_direct_forecast *out, struct pm_error *error)
{
    if (!figure_is_share("sota_probability", sota_probability, error) ||
        !figure_is_amount("reward", reward, error) ||
        !figure_is_amount("pool_income_per_day", pool_income_per_day, error)) {
        return false;
    }
    out->income_per_day = sota_probability * reward;
    out->break_even = reward > 0 ? pool_income_per_day / reward : INFINITY;
    out->is_better = out->income_per_day > pool_income_per_day;
    return true;
}

/* ---- profit ---- */

static bool check_prices(const struct pm_profit_figures *figures, struct pm_error *error)
{
    if (!figure_is_amount("tao_per_month", figures->tao_per_month, error) ||
        !figure_is_amount("tao_price", figures->tao_price, error) ||
        !figure_is_amount("watts", figures->watts, error) ||
        !figure_is_amount("hours_per_day", figures->hours_per_day, error) ||
        !figure_is_amount("price_per_kwh", figures->price_per_kwh, error) ||
        !figure_is_amount("hardware_per_month", figures->hardware_per_month, error) ||
        !figure_is_amount("registration_tao", figures->registration_tao, error)) {
        return false;
    }
    return figures->hours_per_day <= HOURS_PER_DAY ||
           pm_fail(error, PM_ERROR_INVALID, "hours_per_day is %.10g: a day has 24",
                   figures->hours_per_day);
}

static void find_driver(const struct pm_profit_figures *figures, struct pm_profit *out)
{
    const struct {
        enum pm_profit_driver driver;
        double cost, figure;
    } items[] = {
        {PM_PROFIT_ELECTRICITY, out->electricity, figures->price_per_kwh},
        {PM_PROFIT_HARDWARE, figures->hardware_per_month, figures->hardware_per_month},
        {PM_PROFIT_REGISTRATION, out->registration, figures->registration_tao},
    };
    size_t largest = 0;
    for (size_t i = 1; i < sizeof items / sizeof *items; i++) {
        largest = items[i].cost > items[largest].cost ? i : largest;
    }
    const double cost = items[largest].cost;
    out->driver = PM_PROFIT_NOTHING;
    out->driver_now = out->driver_break_even = 0;
    if (cost > 0 && cost + out->profit > 0) {
        out->driver = items[largest].driver;
        out->driver_now = items[largest].figure;
        out->driver_break_even = items[largest].figure / cost * (cost + out->profit);
    } else if (cost > 0 && figures->tao_price > 0) {
        out->driver = PM_PROFIT_TAO_PER_MONTH;
        out->driver_now = figures->tao_per_month;
        out->driver_break_even = out->cost / figures->tao_price;
    }
}

bool pm_profit(const struct pm_profit_figures *figures, struct pm_profit *out,
               struct pm_error *error)
{
    if (!check_prices(figures, error)) {
        return false;
    }
    const double kwh =
        figures->watts / WATTS_PER_KW * figures->hours_per_day * PM_PROFIT_DAYS_PER_MONTH;
    const double kept_tao = figures->tao_per_month - figures->registration_tao;
    out->income = figures->tao_per_month * figures->tao_price;
    out->electricity = kwh * figures->price_per_kwh;
    out->registration = figures->registration_tao * figures->tao_price;
    out->cost = out->electricity + figures->hardware_per_month + out->registration;
    out->profit = out->income - out->cost;
    out->is_profitable = out->profit > 0;
    out->break_even_tao_price =
        kept_tao > 0 ? (out->electricity + figures->hardware_per_month) / kept_tao : INFINITY;
    find_driver(figures, out);
    return true;
}

enum pm_sign pm_sign_of_gini(double gini)
{
    return gini < 0.3 ? PM_SIGN_GOOD : gini > 0.7 ? PM_SIGN_BAD : PM_SIGN_FAIR;
}

enum pm_sign pm_sign_of_miners(double miners)
{
    if (miners < 10 || miners > 500) {
        return PM_SIGN_BAD;
    }
    return miners >= 50 && miners <= 200 ? PM_SIGN_GOOD : PM_SIGN_FAIR;
}

enum pm_sign pm_sign_of_registration(double tao)
{
    return tao < 1 ? PM_SIGN_GOOD : tao > 5 ? PM_SIGN_BAD : PM_SIGN_FAIR;
}

/* Over sorted figures the sum of all absolute differences is 2 sum_i (2 i - n + 1) x_i. */
bool pm_gini(const double *figures, size_t count, double *out, struct pm_error *error)
{
    double *sorted = figures_sorted(figures, count, error);
    if (sorted == NULL) {
        return false;
    }
    const double n = (double)count;
    double sum = 0, differences = 0;
    for (size_t i = 0; i < count; i++) {
        sum += sorted[i];
        differences += (2 * (double)i - n + 1) * sorted[i];
    }
    free(sorted);
    *out = sum > 0 ? fmax(0, differences / (n * sum)) : 0; /* rounding may fall below 0 */
    return true;
}
