/* Registers this key with the pool, which is a driver's first request. */
#ifndef DRIVER_REGISTRATION_H
#define DRIVER_REGISTRATION_H

#include "driver/driver.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* Tries until the pool has answered, or the duration is over. False: PM_ERROR_INTERRUPTED, or
 * PM_ERROR_REFUSED when the pool does not accept the key. Any other refusal is logged only: asking
 * for work will tell whether the pool minds. */
bool pm_registration(struct pm_driver *driver, struct pm_error *error);

#endif
