/* Why results that the pool agreed on earned nothing: asked of pools that tell it, and kept in the
 * sidecar. docs/driver.md, "Records". */
#ifndef DRIVER_UNPAID_H
#define DRIVER_UNPAID_H

#include "driver/driver.h"

/* Asks for what is new and records it. A pool that does not tell is asked again in an hour; what
 * the sidecar does not take now is asked for again. Nothing waits for this: it is done when the
 * pool's figures are. */
void pm_unpaid_tick(struct pm_driver *driver);

#endif
