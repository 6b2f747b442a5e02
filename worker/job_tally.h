/* What became of a worker's jobs; counted by the threads that see it, read by any. */
#ifndef WORKER_JOB_TALLY_H
#define WORKER_JOB_TALLY_H

#include <stdatomic.h>

struct pm_job_runner_tally {
    atomic_ullong done, failed, lost, released;
};

/* What it says at one time. */
struct pm_job_runner_counts {
    unsigned long long done, failed, lost, released;
};

#endif
