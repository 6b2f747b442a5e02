/* Sending a submission until its fate is known. */
#ifndef DRIVER_LEASE_SUBMIT_H
#define DRIVER_LEASE_SUBMIT_H

#include "driver/driver.h"
#include "driver/lease_end.h"
#include "driver/lease_record.h"
#include "driver/submission.h"
#include "driver/timing.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* Sends the same submission again and again until the pool settles it or the lease runs out. True:
 * `end` says how it ended; not yet recorded. False: the lease stays open: PM_ERROR_INTERRUPTED (a
 * stop, or the plan's deadline came before the lease's), PM_ERROR_REFUSED (the pool does not accept
 * the key), PM_ERROR_MEMORY. */
bool pm_lease_submit(struct pm_driver *driver, struct pm_lease_record *record,
                     const struct pm_lease_plan *plan, const struct pm_submission *submission,
                     struct pm_lease_end *end, struct pm_error *error);

#endif
