/* The driver's pauses between leases. How long each is depends on what the pool said; none lasts
 * beyond the end of the run's duration. All return false (PM_ERROR_INTERRUPTED) when the driver is
 * asked to stop. */
#ifndef DRIVER_REST_H
#define DRIVER_REST_H

#include "driver/answer.h"
#include "driver/driver.h"

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

bool pm_rest(struct pm_driver *driver, int64_t wait_ms, struct pm_error *error);

/* After a request that failed: counts it in *failures, and pauses the longer the more have failed
 * in a row, at least as long as the answer's Retry-After asks for. */
bool pm_rest_after_failure(struct pm_driver *driver, const struct pm_answer *answer,
                           unsigned *failures, struct pm_error *error);

bool pm_rest_without_work(struct pm_driver *driver, struct pm_error *error);

/* After the pool said that this key has work already, although no lease is open here: that lease
 * ended here without the pool's acknowledgement, or the answer that granted it was lost, or another
 * machine mines with the same key. */
bool pm_rest_while_taken(struct pm_driver *driver, const struct pm_answer *answer,
                         struct pm_error *error);

/* Until the pool's next window begins, in `time_remaining_ms`; -1: asks the pool's /health for it.
 */
bool pm_rest_until_next_window(struct pm_driver *driver, int64_t time_remaining_ms,
                               struct pm_error *error);

#endif
