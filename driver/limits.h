/* Bounds on what pools, workers and users may ask of the driver; docs/jobs.md states the same. */
#ifndef DRIVER_LIMITS_H
#define DRIVER_LIMITS_H

#include <poolminer/job.h>

enum {
    PM_LEASE_EVALUATE_MAX = 256,                    /* algorithms to evaluate in one lease */
    PM_LEASE_SEEDS_MAX = PM_JOB_SEEDS_MAX,          /* those of one dimension make one job */
    PM_LEASE_EVOLVE_BUDGET_MAX = PM_JOB_BUDGET_MAX, /* evolved algorithms to return */
    PM_LEASE_ID_MAX = 128,                          /* characters */
    PM_ALGORITHM_TEXT_MAX_BYTES = 64 * 1024,
    PM_LEASE_TEXT_MAX_BYTES = 768 * 1024, /* all texts of a lease, as JSON: fits one record */
    PM_EVALUATE_JOB_TEXT_MAX_BYTES = 512 * 1024, /* texts of one evaluate job, as JSON */
    PM_EVOLVE_JOBS_MAX = 16,                     /* for one group of seeds */
    PM_LEASE_ANSWER_MAX_BYTES = 16 * 1024 * 1024,
    PM_ANSWER_MAX_BYTES = 1024 * 1024, /* any other call's answer */
};

#endif
