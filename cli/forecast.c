#include "cli/forecast.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/json.h>
#include <poolminer/pool_rules.h>

static double rule(const cJSON *object, const char *name, const char *usual)
{
    return pm_json_number_or(object, name, strtod(usual, NULL));
}

void forecast_rules(const cJSON *pool, const cJSON *balance, struct pm_pool_rates *out)
{
    out->budget_rao = rule(pool, "budget_rao", PM_POOL_BUDGET_RAO);
    out->fee = rule(pool, "fee", PM_POOL_FEE);
    out->cap = rule(pool, "cap", PM_POOL_CAP);
    out->epoch_s = rule(pool, "epoch_s", PM_POOL_EPOCH_S);
    out->least_withdrawal_rao =
        rule(balance, "minimum_withdrawal_rao", PM_POOL_MINIMUM_WITHDRAWAL_RAO);
}

bool forecast_from_figures(const cJSON *miner, struct pm_pool_forecast *out)
{
    const cJSON *stats = cJSON_GetObjectItemCaseSensitive(miner, "stats");
    const cJSON *pool = cJSON_GetObjectItemCaseSensitive(stats, "pool");
    const double reputation = pm_json_number_or(stats, "reputation", 0);
    const double total = pm_json_number_or(pool, "total_reputation", 0);
    struct pm_pool_rates rates = {
        .evaluations_per_hour = pm_json_number_or(stats, "reputation_per_hour", 0),
        .accuracy = 1, /* what counts is the reputation, whatever it was earned with */
    };
    forecast_rules(pool, cJSON_GetObjectItemCaseSensitive(miner, "balance"), &rates);
    if (!(reputation > 0 && total >= reputation && rates.evaluations_per_hour > 0)) {
        return false;
    }
    /* This miner's share of the epoch so far is taken for its share of the whole. */
    rates.total_reputation = pm_pool_reputation_an_epoch(&rates) * (total / reputation);
    return pm_pool_forecast(&rates, out, NULL);
}

cJSON *forecast_write(const struct pm_pool_forecast *forecast)
{
    cJSON *object = cJSON_CreateObject();
    bool done =
        pm_json_add_number(object, "rao_per_day", forecast->rao_per_day) &&
        pm_json_add_number(object, "rao_per_epoch", forecast->rao_per_epoch) &&
        pm_json_add_bool(object, "is_capped", forecast->is_capped) &&
        (isfinite(forecast->hours_to_withdrawal)
             ? pm_json_add_number(object, "hours_to_withdrawal", forecast->hours_to_withdrawal)
             : pm_json_add_null(object, "hours_to_withdrawal"));
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}
