/* From a pool's answer with work in it to a recorded lease, and on to its end. */
#ifndef DRIVER_LEASE_TAKE_H
#define DRIVER_LEASE_TAKE_H

#include "driver/driver.h"
#include "driver/lease.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

/* What was granted, when it was asked for by our clock, and what became of it. */
struct pm_lease_grant {
    const cJSON *body;        /* the pool's answer */
    enum pm_lease_kind asked; /* a lease, or a task of which kind */
    int64_t asked_ms;
    bool usable; /* out: false when nothing can be done with the answer; the log says why */
    bool empty;  /* out: it had nothing to compute */
};

/* False as pm_lease_run. */
bool pm_lease_take(struct pm_driver *driver, struct pm_lease_grant *grant, struct pm_error *error);

#endif
