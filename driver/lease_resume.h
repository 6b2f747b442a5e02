/* What an earlier life of the driver left in the sidecar: open leases, and outcomes of closed ones.
 */
#ifndef DRIVER_LEASE_RESUME_H
#define DRIVER_LEASE_RESUME_H

#include "driver/driver.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* Takes every open lease of this account on to its end; those that ran out are closed. A record
 * that cannot be read is set aside. False as pm_lease_run. */
bool pm_lease_resume(struct pm_driver *driver, struct pm_error *error);

/* Removes jobs and outcomes of closed leases: a driver was killed before it did. What cannot be
 * removed now is left for the next start. */
void pm_lease_sweep(struct pm_driver *driver);

#endif
