/* What a miner's figures come to in a day, if things stay as they are in this epoch. */
#ifndef CLI_FORECAST_H
#define CLI_FORECAST_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/profit.h>

/* `stats`: the pool's /miners/stats. Where it does not tell its rules of pay, those of docs/pool.md
 * are taken. False: there is nothing to reckon from, as at the begin of an epoch. */
bool forecast_from_stats(const cJSON *stats, struct pm_pool_forecast *out);

/* {"rao_per_day", "rao_per_epoch", "is_capped", "hours_to_withdrawal"}; NULL: no memory. */
cJSON *forecast_write(const struct pm_pool_forecast *forecast);

#endif
