/* Scores count only if the pool and its miners compute them from the same data. A pool may say
 * which that is; workers say it of every result. The driver, which knows no dataset, holds the two
 * against each other. */
#ifndef DRIVER_DATASET_CHECK_H
#define DRIVER_DATASET_CHECK_H

#include "driver/driver.h"

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/queue_client.h>

/* Asks the pool's /health, until each of its addresses in use has answered once. False: a stop, or
 * no memory. */
bool pm_dataset_learn(struct pm_driver *driver, struct pm_error *error);

/* False (PM_ERROR_INVALID) when this result was computed from other data than the pool's; the
 * sentence says which worker, and what to start it with. Anything that is not known passes. */
bool pm_dataset_compare(const struct pm_driver *driver, const struct pm_job_result *result,
                        struct pm_error *error);

#endif
