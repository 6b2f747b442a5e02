/* The part of `poolminer status` about what was done, and what it earned. */
#include "cli/forecast.h"
#include "cli/money.h"
#include "cli/number.h"
#include "cli/status_view.h"

#include <math.h>
#include <stdio.h>

#include <poolminer/json.h>

enum { OLD_MS = 180 * 1000 }; /* the pool is asked once a minute */
#define TARGET_ACCURACY 0.95

/* "1,234"; what the pool does not tell is taken from the driver's own count, and else "-". */
static void count_text(const struct status_view *view, const char *name, char out[NUMBER_TEXT_SIZE])
{
    double value = status_number(view->stats, name);
    if (isnan(value)) {
        value = status_number(view->counters, name);
    }
    if (fabs(value) < PM_JSON_WHOLE_MAX) {
        number_text((int64_t)value, out);
    } else {
        snprintf(out, NUMBER_TEXT_SIZE, "-");
    }
}

static void write_evaluated(const struct status_view *view)
{
    char count[NUMBER_TEXT_SIZE];
    const double accuracy = status_number(view->stats, "accuracy_rate");
    count_text(view, "evaluations_submitted", count);
    if (status_number(view->stats, "evaluations_finalised") > 0 && !isnan(accuracy)) {
        screen_row(view->screen, "Evaluated",
                   accuracy >= TARGET_ACCURACY ? SCREEN_PLAIN : SCREEN_WARN,
                   "%s, %.1f %% of those judged accurate (target: 95 %%)", count, 100 * accuracy);
    } else {
        screen_row(view->screen, "Evaluated", SCREEN_PLAIN, "%s, none judged yet", count);
    }
}

static void write_evolved(const struct status_view *view)
{
    char count[NUMBER_TEXT_SIZE];
    count_text(view, "evolutions_submitted", count);
    if (status_number(view->stats, "evolutions_finalised") > 0) {
        screen_row(view->screen, "Evolved", SCREEN_PLAIN,
                   "%s, %.0f %% of those judged score over 0.7 (%.0f of %.0f)", count,
                   100 * status_number(view->stats, "success_rate"),
                   status_number(view->stats, "evolutions_over_threshold"),
                   status_number(view->stats, "evolutions_finalised"));
    } else {
        screen_row(view->screen, "Evolved", SCREEN_PLAIN, "%s, none judged yet", count);
    }
}

static void write_best(const struct status_view *view)
{
    const double agreed = status_number(view->stats, "best_score");
    const double own = status_number(view->counters, "best_score");
    const double pool = status_number(status_member(view->stats, "pool"), "best_score");
    const double best = fmax(isnan(agreed) ? 0 : agreed, isnan(own) ? 0 : own);
    char of_pool[48] = "";
    if (pool > 0) {
        snprintf(of_pool, sizeof of_pool, " (best of the pool: %.4f)", pool);
    }
    if (best > 0) {
        screen_row(view->screen, "Best score", SCREEN_PLAIN, "%.4f%s", best, of_pool);
    } else {
        screen_row(view->screen, "Best score", SCREEN_PLAIN, "none yet%s", of_pool);
    }
}

static void write_money(const struct status_view *view)
{
    char settled[MONEY_TEXT_SIZE], pending[MONEY_TEXT_SIZE];
    const double waiting = status_number(view->balance, "estimated_pending_rao");
    money_both(status_integer(view->stats, "balance_rao"), settled);
    if (isnan(waiting)) {
        screen_row(view->screen, "Balance", SCREEN_PLAIN, "%s", settled);
    } else {
        money_both(status_integer(view->balance, "estimated_pending_rao"), pending);
        screen_row(view->screen, "Balance", SCREEN_PLAIN, "%s, about %s more pending", settled,
                   pending);
    }
}

static void write_forecast(const struct status_view *view)
{
    struct pm_pool_forecast forecast;
    char a_day[MONEY_TEXT_SIZE];
    if (status_practises(view)) {
        screen_row(view->screen, "Forecast", SCREEN_PLAIN, "practice earns nothing of worth");
        return;
    }
    if (!forecast_from_figures(view->miner, &forecast) ||
        !(forecast.rao_per_day < PM_JSON_WHOLE_MAX)) {
        screen_row(view->screen, "Forecast", SCREEN_PLAIN, "none before this epoch has earned");
        return;
    }
    money_both((int64_t)forecast.rao_per_day, a_day);
    screen_row(view->screen, "Forecast", SCREEN_PLAIN, "about %s a day%s", a_day,
               forecast.is_capped ? ", at the pool's cap for one miner"
                                  : " at the rate of this epoch");
}

/* Figures that the pool told much earlier than the rest of what is shown. */
static void write_age(const struct status_view *view)
{
    char moment[NUMBER_TEXT_SIZE], duration[NUMBER_TEXT_SIZE];
    const int64_t told_ms = status_integer(view->miner, "stats_ms");
    const int64_t shown_ms = status_integer(view->state, "now_ms");
    if (told_ms > 0 && shown_ms - told_ms > OLD_MS) {
        number_moment(told_ms, view->now_ms, moment);
        number_duration(shown_ms - told_ms, duration);
        screen_row(view->screen, "", SCREEN_WARN,
                   "as the pool told it %s, %s before; it has told nothing since", moment,
                   duration);
    }
}

static void write_figures(const struct status_view *view)
{
    write_evaluated(view);
    write_evolved(view);
    if (!cJSON_IsObject(view->stats)) {
        screen_row(view->screen, "Reputation", SCREEN_PLAIN, "the pool has told no figures yet");
        return;
    }
    screen_row(view->screen, "Reputation", SCREEN_PLAIN,
               "%.2f this epoch, %.1f an hour, %.2f in all",
               fmax(0, status_number(view->stats, "reputation")),
               fmax(0, status_number(view->stats, "reputation_per_hour")),
               fmax(0, status_number(view->stats, "reputation_total")));
    write_money(view);
    write_forecast(view);
    write_best(view);
    write_age(view);
}

static void write_counts(const struct status_view *view)
{
    char submitted[NUMBER_TEXT_SIZE], refused[NUMBER_TEXT_SIZE], expired[NUMBER_TEXT_SIZE],
        unpaid[NUMBER_TEXT_SIZE];
    number_text(status_integer(view->state, "successful_submissions"), submitted);
    number_text(status_integer(view->state, "refused_submissions"), refused);
    number_text(status_integer(view->state, "expired_leases"), expired);
    number_text(status_integer(view->state, "unpaid_results"), unpaid);
    screen_row(view->screen, "Leases", SCREEN_PLAIN,
               "%s submitted, %s refused, %s ran out; %s results not paid", submitted, refused,
               expired, unpaid);
}

void status_write_figures(const struct status_view *view)
{
    write_figures(view);
    write_counts(view);
}
