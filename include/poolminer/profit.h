/* Is it worth it: what the pool will pay, whether going it alone would pay more, and whether either
 * pays for the electricity. Pure functions of measured rates and prices.
 *
 * Every function checks its figures: one that is not finite, negative, or a share over 1 is
 * PM_ERROR_INVALID, one over 1e15 PM_ERROR_LIMIT, named in the message; nothing is written then. */
#ifndef POOLMINER_PROFIT_H
#define POOLMINER_PROFIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

/* ---- pool: a forecast from measured rates; rules and their source: docs/pool.md ---- */

struct pm_pool_rates {
    double evaluations_per_hour;
    double accuracy; /* share of them that the consensus confirms */
    double evolutions_per_hour;
    double evolution_score;  /* mean consensus of them; under 0.7 they earn nothing */
    double total_reputation; /* of all miners in an epoch, this one's in it */
    double budget_rao;       /* of an epoch; whole */
    double fee, cap;         /* shares of the budget; cap: the most that one miner gets */
    double epoch_s;          /* > 0 */
    double least_withdrawal_rao;
};

struct pm_pool_forecast {
    double reputation_per_hour;
    double rao_per_epoch;                            /* whole: rounded down, as a pool pays */
    double rao_per_hour, rao_per_day, rao_per_month; /* of 30 days */
    bool is_capped;
    double hours_to_withdrawal; /* INFINITY when nothing is earned */
};

/* What a miner of these rates earns in an epoch. Nothing is checked. */
double pm_pool_reputation_an_epoch(const struct pm_pool_rates *rates);

/* reputation = evaluations x accuracy x 1.0 + evolutions x 2.0 x score; RAO = reputation / total x
 * budget x (1 - fee), at most the cap. PM_ERROR_INVALID also if the total is less than
 * pm_pool_reputation_an_epoch of these rates. */
bool pm_pool_forecast(const struct pm_pool_rates *rates, struct pm_pool_forecast *out,
                      struct pm_error *error);

/* ---- direct: keep all, but only when the best score so far is beaten ---- */

struct pm_direct_forecast {
    double income_per_day; /* sota_probability x reward, in the reward's unit */
    double break_even;     /* probability at which both pay alike; INFINITY without a reward */
    bool is_better;        /* than the pool */
};

/* `sota_probability`: of beating it, a day; both amounts in one unit. */
bool pm_direct_forecast(double sota_probability, double reward, double pool_income_per_day,
                        struct pm_direct_forecast *out, struct pm_error *error);

/* ---- profit: the rule of thumb; profitable if what a month brings is more than it costs ---- */

enum { PM_PROFIT_DAYS_PER_MONTH = 30 };

struct pm_profit_figures {
    double tao_per_month;
    double tao_price;     /* of one TAO, in the currency of the other prices */
    double watts;         /* what mining adds to the machine's draw */
    double hours_per_day; /* at most 24 */
    double price_per_kwh;
    double hardware_per_month; /* 0 for a laptop that is there anyway */
    double registration_tao;   /* counted against the month */
};

/* Which figure the verdict hangs on: the largest cost, if changing it alone can turn the verdict,
 * else the income. */
enum pm_profit_driver {
    PM_PROFIT_NOTHING,       /* no change of a single figure turns it */
    PM_PROFIT_TAO_PER_MONTH, /* even without the largest cost the rest is too much */
    PM_PROFIT_ELECTRICITY,   /* price_per_kwh; watts and hours count alike */
    PM_PROFIT_HARDWARE,
    PM_PROFIT_REGISTRATION
};

struct pm_profit {
    double income, electricity, registration, cost, profit; /* of a month, in the currency */
    bool is_profitable;
    double break_even_tao_price; /* INFINITY: no price makes it pay */
    enum pm_profit_driver driver;
    double driver_now, driver_break_even; /* its value, and the one that turns the verdict */
};

bool pm_profit(const struct pm_profit_figures *figures, struct pm_profit *out,
               struct pm_error *error);

enum pm_sign { PM_SIGN_GOOD, PM_SIGN_FAIR, PM_SIGN_BAD };

/* Gini of the emissions: good < 0.3, bad > 0.7. Miners: good 50 to 200, bad < 10 or > 500.
 * Registration in TAO: good < 1, bad > 5. Source of the limits: the usual guides for choosing a
 * Bittensor subnet. */
enum pm_sign pm_sign_of_gini(double gini);
enum pm_sign pm_sign_of_miners(double miners);
enum pm_sign pm_sign_of_registration(double tao);

/* How unevenly `count` figures >= 0 are spread: their mean absolute difference / (2 mean), in
 * [0, 1); 0 when all are 0. Source: Gini's coefficient, its definition over all ordered pairs.
 * PM_ERROR_INVALID also without figures; PM_ERROR_MEMORY. */
bool pm_gini(const double *figures, size_t count, double *out, struct pm_error *error);

#endif
