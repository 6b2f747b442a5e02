/* The life of one lease after its record was put: put the jobs, gather the results, send the
 * submission, close the record. Every step may be repeated: a driver that was killed at any of them
 * starts again at the first and arrives at the same submission. */
#ifndef DRIVER_LEASE_RUN_H
#define DRIVER_LEASE_RUN_H

#include "driver/driver.h"
#include "driver/lease_record.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* True: the lease is closed (submitted, refused or expired), and counted. False:
 * PM_ERROR_INTERRUPTED (a stop, or the duration with its grace is over; the lease stays open),
 * PM_ERROR_REFUSED (the pool does not accept the key), or another error that stays. */
bool pm_lease_run(struct pm_driver *driver, struct pm_lease_record *record, struct pm_error *error);

#endif
