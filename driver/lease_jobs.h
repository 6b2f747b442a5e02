/* A lease as jobs for the queue, split so that several workers share it. docs/jobs.md has the
 * bodies. Pure: the same lease and settings give the same jobs, byte for byte. */
#ifndef DRIVER_LEASE_JOBS_H
#define DRIVER_LEASE_JOBS_H

#include "driver/lease.h"
#include "driver/timing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

enum {
    PM_ACCOUNT_SIZE = PM_ADDRESS_SIZE + 17, /* ADDRESS@TAG */
    PM_JOB_KEY_SIZE = PM_ACCOUNT_SIZE + PM_LEASE_ID_MAX + 32,
};

enum pm_lease_job_kind { PM_LEASE_JOB_EVALUATE, PM_LEASE_JOB_EVOLVE };

struct pm_lease_job {
    enum pm_lease_job_kind kind;
    char key[PM_JOB_KEY_SIZE]; /* ACCOUNT/LEASE/evaluate/0 */
    char *body;                /* JSON text */
    int64_t priority;
    int64_t deadline_ms; /* for the queue: not started after this */
};

struct pm_lease_jobs {
    struct pm_lease_job *items;
    size_t count;
};

struct pm_lease_job_settings {
    int64_t algorithms_per_job; /* of an evaluate job; 1..256 */
    int64_t evolve_jobs;        /* for each group of seeds that share a dimension; 0..16 */
    int64_t generations;
    int64_t evolve_max_seconds; /* 0: no limit */
    const char *profile;
};

/* What all keys of this lease's jobs begin with: "ACCOUNT/LEASE/". */
void pm_lease_key_prefix(const char *account, const char *lease_id, char out[PM_JOB_KEY_SIZE]);

/* Makes the lease's jobs; the caller clears *out. Evaluations get the higher priority: they are
 * short, and each of them is a sure reward. */
bool pm_lease_jobs_build(const struct pm_lease *lease, const char *account,
                         const struct pm_lease_job_settings *settings,
                         const struct pm_lease_plan *plan, struct pm_lease_jobs *out,
                         struct pm_error *error);

/* Adds another round of jobs for evolution, with other random seeds: for when the rounds so far
 * have found nothing new. */
bool pm_lease_jobs_evolve_again(const struct pm_lease *lease, const char *account,
                                const struct pm_lease_job_settings *settings,
                                const struct pm_lease_plan *plan, struct pm_lease_jobs *jobs,
                                struct pm_error *error);
void pm_lease_jobs_clear(struct pm_lease_jobs *jobs);

#endif
