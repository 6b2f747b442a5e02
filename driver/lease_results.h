/* The outcomes of a lease's jobs: waits for them, fetches each of them once from the sidecar, and
 * checks that it was computed from the same dataset as the pool's. */
#ifndef DRIVER_LEASE_RESULTS_H
#define DRIVER_LEASE_RESULTS_H

#include "driver/driver.h"
#include "driver/lease_jobs.h"
#include "driver/timing.h"

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>
#include <poolminer/queue_client.h>

struct pm_lease_results {
    struct pm_driver *driver;
    const char *lease_id;
    const struct pm_lease_plan *plan;
    struct pm_lease_jobs *jobs; /* jobs may be added to it between two calls of _await */
    /* One for each job, in the order of `jobs`; its key is NULL while there is no outcome. */
    struct pm_job_result *items;
    size_t count; /* how many items there are */
    size_t there; /* how many of them have an outcome */
    bool warned;  /* it has been logged that no worker seems to compute the jobs */
};

/* Waits until every job has an outcome, or until it is time to submit. Jobs that are not done by
 * then are cancelled, so that the outcomes do not change any more. False: PM_ERROR_INTERRUPTED (the
 * driver was asked to stop), PM_ERROR_UNAVAILABLE (the sidecar did not answer until the lease was
 * over), PM_ERROR_INVALID (a result was computed from other data than the pool's: all jobs and
 * outcomes of the lease were removed from the sidecar, so that they can be computed again), or
 * PM_ERROR_MEMORY. */
bool pm_lease_results_await(struct pm_lease_results *results, struct pm_error *error);

/* Takes the outcomes that there are now, without waiting for more. Errors as above. */
bool pm_lease_results_look(struct pm_lease_results *results, struct pm_error *error);

/* The outcome of job number `index`, or NULL if there is none. Belongs to `results`. */
const struct pm_job_result *pm_lease_results_of(const struct pm_lease_results *results,
                                                size_t index);

/* Lets the sidecar delete the outcomes that are here. If that fails, the driver does it when it
 * starts the next time (pm_lease_sweep). */
void pm_lease_results_collect(const struct pm_lease_results *results);

/* Cancels the lease's jobs and lets the sidecar delete all their outcomes: the lease was given up,
 * or is to be computed again from the beginning. */
void pm_lease_results_discard(const struct pm_lease_results *results);

/* Frees the outcomes. */
void pm_lease_results_clear(struct pm_lease_results *results);

#endif
