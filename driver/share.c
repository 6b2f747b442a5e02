#include "driver/share.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static const double MEMORY_HOURS = 1.0;
static const double BETTER_PART = 0.9;
static const double THRESHOLD = 0.7, BASE = 2.0;
enum { EVALUATIONS_MIN = 10, EVOLUTIONS_MIN = 3 };

double pm_share_evolution_reputation(double score)
{
    return score >= THRESHOLD ? BASE * score : 0.0;
}

static const struct pm_share_kind *of(const struct pm_share *share, enum pm_lease_kind kind)
{
    return kind == PM_LEASE_EVALUATE ? &share->evaluate : &share->evolve;
}

static void fade(struct pm_share_kind *kind, double factor)
{
    kind->hours *= factor;
    kind->items *= factor;
    kind->expected *= factor;
}

void pm_share_note(struct pm_share *share, enum pm_lease_kind kind, int64_t duration_ms,
                   double items, double expected)
{
    /* A task that took no time would earn endlessly much an hour. */
    double hours = (double)(duration_ms > 1 ? duration_ms : 1) / 3.6e6;
    double factor = exp(-hours / MEMORY_HOURS);
    fade(&share->evaluate, factor);
    fade(&share->evolve, factor);
    struct pm_share_kind *mine = kind == PM_LEASE_EVALUATE ? &share->evaluate : &share->evolve;
    mine->hours += hours;
    mine->items += items;
    mine->expected += expected;
}

/* ---- what the pool has judged ---- */

static bool figure(const cJSON *stats, const char *name, double *value)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(stats, name);
    if (!cJSON_IsNumber(member)) {
        return false;
    }
    *value = member->valuedouble;
    return true;
}

/* By how much a figure has grown; false where one of the two is not told. */
static bool growth(const cJSON *first, const cJSON *last, const char *name, double *value)
{
    double before = 0, after = 0;
    if (!figure(first, name, &before) || !figure(last, name, &after)) {
        return false;
    }
    *value = after - before;
    return true;
}

struct pm_share_judged pm_share_judged(const cJSON *first, const cJSON *last)
{
    struct pm_share_judged judged = {.evaluation = -1, .evolution = -1};
    double finalised = 0, accurate = 0, evolutions = 0, reputation = 0;
    bool known = growth(first, last, "evaluations_finalised", &finalised) &&
                 growth(first, last, "evaluations_accurate", &accurate);
    if (known && growth(first, last, "evolutions_finalised", &evolutions) &&
        growth(first, last, "reputation_total", &reputation) && evolutions >= EVOLUTIONS_MIN) {
        double earned = reputation - accurate * PM_SHARE_EVALUATION_REPUTATION;
        judged.evolution = earned > 0 ? earned / evolutions : 0;
    }
    if (!known || finalised < EVALUATIONS_MIN) {
        known = figure(last, "evaluations_finalised", &finalised) &&
                figure(last, "evaluations_accurate", &accurate);
    }
    if (known && finalised >= EVALUATIONS_MIN) {
        judged.evaluation = accurate / finalised * PM_SHARE_EVALUATION_REPUTATION;
    }
    return judged;
}

/* ---- the share ---- */

double pm_share_per_hour(const struct pm_share *share, enum pm_lease_kind kind,
                         const struct pm_share_judged *judged)
{
    const struct pm_share_kind *measured = of(share, kind);
    double worth = kind == PM_LEASE_EVALUATE ? judged->evaluation : judged->evolution;
    if (measured->hours <= 0) {
        return -1;
    }
    return (worth >= 0 ? measured->items * worth : measured->expected) / measured->hours;
}

double pm_share_of_evaluating(const struct pm_share *share, const struct pm_share_judged *judged)
{
    double evaluate = pm_share_per_hour(share, PM_LEASE_EVALUATE, judged);
    double evolve = pm_share_per_hour(share, PM_LEASE_EVOLVE, judged);
    if (evaluate < 0 || evolve < 0 || evaluate == evolve) {
        return 0.5;
    }
    return evaluate > evolve ? BETTER_PART : 1 - BETTER_PART;
}

enum pm_lease_kind pm_share_next(const struct pm_share *share, const struct pm_share_judged *judged)
{
    if (share->evaluate.hours <= 0) {
        return PM_LEASE_EVALUATE;
    }
    if (share->evolve.hours <= 0) {
        return PM_LEASE_EVOLVE;
    }
    double spent = share->evaluate.hours + share->evolve.hours;
    double due = pm_share_of_evaluating(share, judged) * spent;
    return share->evaluate.hours < due ? PM_LEASE_EVALUATE : PM_LEASE_EVOLVE;
}
