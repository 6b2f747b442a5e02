/* The pauses between leases: how long, by what the pool said. Each is over early when the duration
 * is, and returns false (PM_ERROR_INTERRUPTED) when asked to stop. */
#ifndef DRIVER_REST_H
#define DRIVER_REST_H

#include "driver/answer.h"
#include "driver/driver.h"

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

bool pm_rest(struct pm_driver *driver, int64_t wait_ms, struct pm_error *error);

/* Longer after each failure in a row; counts this one in *failures. */
bool pm_rest_after_failure(struct pm_driver *driver, const struct pm_answer *answer,
                           unsigned *failures, struct pm_error *error);

bool pm_rest_without_work(struct pm_driver *driver, struct pm_error *error);

/* The pool says that this key has work already, but none is open here: it ended here without the
 * pool, or its answer was lost, or another machine has it. */
bool pm_rest_while_taken(struct pm_driver *driver, const struct pm_answer *answer,
                         struct pm_error *error);

/* `time_remaining_ms` -1: the pool's /health is asked. */
bool pm_rest_until_next_window(struct pm_driver *driver, int64_t time_remaining_ms,
                               struct pm_error *error);

#endif
