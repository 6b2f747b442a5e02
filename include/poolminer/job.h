/* The contract of docs/jobs.md in numbers: what drivers write and workers read, and the bounds both
 * hold to. */
#ifndef POOLMINER_JOB_H
#define POOLMINER_JOB_H

/* "kind" of a job and of its result. */
#define PM_JOB_KIND_EVALUATE "evaluate"
#define PM_JOB_KIND_EVOLVE "evolve"

enum {
    PM_JOB_ALGORITHMS_MAX = 256, /* of an evaluate job */
    PM_JOB_SEEDS_MAX = 64,       /* of an evolve job */
    PM_JOB_BUDGET_MAX = 64,      /* evolved algorithms to return */
    PM_JOB_GENERATIONS_MAX = 100 * 1000,
    PM_JOB_INPUT_DIM_DEFAULT = 16, /* of an algorithm that does not say */
    PM_JOB_INPUT_DIM_MAX = 128,
    PM_JOB_RESULT_MAX_BYTES = 1024 * 1024,
};

/* The run that drivers put their jobs in, and workers take jobs of, unless told otherwise. */
#define PM_JOB_RUN_ID_DEFAULT "default"

#endif
