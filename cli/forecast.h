/* What a miner's figures come to in a day, if things stay as they are in this epoch. */
#ifndef CLI_FORECAST_H
#define CLI_FORECAST_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/profit.h>

/* A pool's rules of pay, as its /miners/stats tells them (`pool`) and its /rewards/balance
 * (`balance`); what these do not tell, or who is NULL, is as in docs/pool.md. Leaves the rates. */
void forecast_rules(const cJSON *pool, const cJSON *balance, struct pm_pool_rates *out);

/* `miner`: a driver's figures, docs/driver.md. False: there is nothing to reckon from, as at the
 * begin of an epoch. */
bool forecast_from_figures(const cJSON *miner, struct pm_pool_forecast *out);

/* {"rao_per_day", "rao_per_epoch", "is_capped", "hours_to_withdrawal"}; NULL: no memory. */
cJSON *forecast_write(const struct pm_pool_forecast *forecast);

#endif
