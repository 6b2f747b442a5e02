/* The outcomes of a lease's jobs: waited for, fetched once each, held against the pool's dataset.
 */
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
    struct pm_lease_jobs *jobs;  /* which may become more between two waits */
    struct pm_job_result *items; /* one a job, in their order; key NULL: not there yet */
    size_t count, there;
    bool warned; /* that nobody works */
};

/* Waits for an outcome of every job, or for the time to submit; jobs that are not done then are
 * cancelled, so that no outcome changes any more. False: PM_ERROR_INTERRUPTED, PM_ERROR_UNAVAILABLE
 * (the sidecar stayed away), or PM_ERROR_INVALID: computed from other data than the pool's, and
 * forgotten, to be computed anew. */
bool pm_lease_results_await(struct pm_lease_results *results, struct pm_error *error);

/* Takes the outcomes that are there now, and waits for none; errors as above. */
bool pm_lease_results_look(struct pm_lease_results *results, struct pm_error *error);

/* The outcome of job `index`, or NULL. */
const struct pm_job_result *pm_lease_results_of(const struct pm_lease_results *results,
                                                size_t index);

/* Takes the outcomes out of the sidecar; what fails now is swept up at the next start. */
void pm_lease_results_collect(const struct pm_lease_results *results);

/* Cancels the lease's jobs and takes the outcomes out of the sidecar: nothing of it is wanted any
 * more, or not yet. */
void pm_lease_results_discard(const struct pm_lease_results *results);

void pm_lease_results_clear(struct pm_lease_results *results);

#endif
