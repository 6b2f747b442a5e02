/* Keeping a lease's record in the sidecar: put when the lease begins, replaced when it ends. Each
 * function repeats its call until the sidecar has the record, a stop comes, or the time is over. */
#ifndef DRIVER_LEASE_STORE_H
#define DRIVER_LEASE_STORE_H

#include "driver/driver.h"
#include "driver/lease_end.h"
#include "driver/lease_record.h"
#include "driver/submission.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* Puts the open record; gives up when the lease runs out. PM_ERROR_LIMIT: larger than the sidecar
 * takes. */
bool pm_lease_store_open(struct pm_driver *driver, const struct pm_lease_record *record,
                         struct pm_error *error);

/* Replaces it by the closed record, in the state of `end`, and notes in driver->unfinished whether
 * the pool may still consider the lease open. */
bool pm_lease_store_closed(struct pm_driver *driver, const struct pm_lease_record *record,
                           const struct pm_submission *submission, const struct pm_lease_end *end,
                           struct pm_error *error);

/* The same for a lease that nothing is submitted for: sets the state of `end` to expired, and
 * counts and logs the lease. */
bool pm_lease_store_expired(struct pm_driver *driver, const struct pm_lease_record *record,
                            struct pm_lease_end *end, struct pm_error *error);

#endif
