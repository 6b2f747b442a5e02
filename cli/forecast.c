#include "cli/forecast.h"

#include <math.h>

static double number_of(const cJSON *object, const char *name, double fallback)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

bool forecast_from_stats(const cJSON *stats, struct pm_pool_forecast *out)
{
    const cJSON *pool = cJSON_GetObjectItemCaseSensitive(stats, "pool");
    const cJSON *balance = cJSON_GetObjectItemCaseSensitive(stats, "balance");
    double reputation = number_of(stats, "reputation", 0);
    double total = number_of(pool, "total_reputation", 0);
    struct pm_pool_rates rates = {
        .evaluations_per_hour = number_of(stats, "reputation_per_hour", 0),
        .accuracy = 1, /* what counts is the reputation, whatever it was earned with */
        .budget_rao = number_of(pool, "budget_rao", 1e9),
        .fee = number_of(pool, "fee", 0.05),
        .cap = number_of(pool, "cap", 0.05),
        .epoch_s = number_of(pool, "epoch_s", 3600),
        .least_withdrawal_rao = number_of(balance, "minimum_withdrawal_rao", 5e6),
    };
    if (!(reputation > 0 && total >= reputation && rates.evaluations_per_hour > 0)) {
        return false;
    }
    /* This miner's share of the epoch so far is taken for its share of the whole. */
    double of_epoch = rates.evaluations_per_hour * rates.epoch_s / 3600;
    rates.total_reputation = of_epoch * (total / reputation);
    return pm_pool_forecast(&rates, out, NULL);
}

cJSON *forecast_write(const struct pm_pool_forecast *forecast)
{
    cJSON *object = cJSON_CreateObject();
    bool done = cJSON_AddNumberToObject(object, "rao_per_day", forecast->rao_per_day) != NULL &&
                cJSON_AddNumberToObject(object, "rao_per_epoch", forecast->rao_per_epoch) != NULL &&
                cJSON_AddBoolToObject(object, "is_capped", forecast->is_capped) != NULL &&
                (isfinite(forecast->hours_to_withdrawal)
                     ? cJSON_AddNumberToObject(object, "hours_to_withdrawal",
                                               forecast->hours_to_withdrawal) != NULL
                     : cJSON_AddNullToObject(object, "hours_to_withdrawal") != NULL);
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}
