/* The life of one lease after it was recorded: jobs put, results gathered, submission sent, record
 * closed. Every step may be repeated: a driver that was killed anywhere in it starts at the first
 * step again and comes to the same submission. */
#ifndef DRIVER_LEASE_RUN_H
#define DRIVER_LEASE_RUN_H

#include "driver/driver.h"
#include "driver/lease_record.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* Writes the open record; tries until the sidecar has it, the lease is over, or a stop. */
bool pm_lease_run_record(struct pm_driver *driver, const struct pm_lease_record *record,
                         struct pm_error *error);

/* True: the lease is closed (submitted, refused or expired), and counted. False:
 * PM_ERROR_INTERRUPTED (a stop, or the duration with its grace is over; the lease stays open),
 * PM_ERROR_REFUSED (the pool does not accept the key), or another error that stays. */
bool pm_lease_run(struct pm_driver *driver, struct pm_lease_record *record, struct pm_error *error);

/* Closes an open record as expired without doing anything for it. The state of `end` is not looked
 * at. */
bool pm_lease_run_expire(struct pm_driver *driver, const struct pm_lease_record *record,
                         struct pm_lease_end *end, struct pm_error *error);

#endif
