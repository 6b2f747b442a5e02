/* Asking the pool for work, in the style that it offers and of the kind that the mode wants, and
 * following its answer. */
#ifndef DRIVER_WORK_REQUEST_H
#define DRIVER_WORK_REQUEST_H

#include "driver/driver.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* One request, and all that follows: a lease is taken through its life, or a pause is made.
 * *failures counts those in a row. False as pm_lease_run. */
bool pm_work_request(struct pm_driver *driver, unsigned *failures, struct pm_error *error);

#endif
