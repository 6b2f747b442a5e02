/* What the driver tells people: a line in the log once a minute, and the summary file. */
#ifndef DRIVER_REPORT_H
#define DRIVER_REPORT_H

#include "driver/driver.h"

#include <stdbool.h>

enum { PM_REPORT_EVERY_MS = 60 * 1000 };

/* Once a minute asks the pool for the miner's figures, logs a line and writes the file. */
void pm_report_tick(struct pm_driver *driver);

/* Does the same at once, for the end of a run. If `ask` is false, because a stop must not wait for
 * the network, the pool is not asked. Then, and if the pool does not answer, the line has this
 * driver's own counts, and the file has the pool's last figures beside them. */
void pm_report_now(struct pm_driver *driver, bool ask);

/* All that a driver does when it is started with --report: asks the pool, logs the line and writes
 * the file. False when the pool gave no figures. */
bool pm_report_only(struct pm_driver *driver, struct pm_error *error);

/* Frees the pool's figures. */
void pm_report_clear(struct pm_driver *driver);

#endif
