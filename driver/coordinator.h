/* The driver's life: register, then lease, compute, submit, again; open leases of an earlier life
 * first. */
#ifndef DRIVER_COORDINATOR_H
#define DRIVER_COORDINATOR_H

#include "driver/driver.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* Runs until a stop or the end of the duration (true), or until an error that only a person can
 * mend: PM_ERROR_REFUSED when the pool does not accept the key. Fill all of `driver` but counters,
 * stats, notices and times before. */
bool pm_coordinator_run(struct pm_driver *driver, struct pm_error *error);

#endif
