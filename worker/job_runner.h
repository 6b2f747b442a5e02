/* The worker's loop: lease a job, compute it, deliver the result, and so on. */
#ifndef WORKER_JOB_RUNNER_H
#define WORKER_JOB_RUNNER_H

#include "worker/job_queue.h"
#include "worker/job_tally.h"
#include "worker/pause.h"
#include "worker/starter.h"
#include "worker/workbench.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_job_runner_config {
    const char *run_id;         /* the run to take jobs of; "": of any run */
    struct pm_workbench *bench; /* datasets and suites, shared with other runners */
    struct pm_pause *pause;     /* while it is on, the runner takes no job; NULL: never */
    size_t threads;             /* OpenMP threads for one job */
    /* Two connections to the sidecar. `queue` delivers results. `heartbeats` leases jobs, belongs
     * to the heartbeat's thread while a job is computed, and gives jobs back at the end. A result
     * may be answered with the lease of the next job; since a lease belongs to the connection it
     * came over, the two connections then change roles. */
    struct pm_job_queue queue, heartbeats;
    int64_t result_call_ms, heartbeat_call_ms; /* how long one call in each role may take */
    struct pm_starter *starter; /* starts the heartbeats' threads; NULL: the runner does */
    const atomic_bool *stop;    /* true: the process is to end */
    int64_t wait_ms;            /* how long a request for a job waits for one at the sidecar */
    int64_t retry_ms;           /* how long to wait before a call that failed is made again */
    int64_t patience_ms; /* how long a computation may take to stop when the process is to end */
    int64_t checkpoint_interval_ms; /* between checkpoints of an evolution; 0: its own default */
    /* When this turns true, the calls with which jobs are given back at the end are cut short. May
     * be NULL. */
    const atomic_bool *late;
    struct pm_job_runner_tally *tally; /* what became of jobs; the caller fills it with zeros */
    bool show_progress;                /* draw a progress bar on standard error */
};

/* Runs until the stop flag is set. When the sidecar does not answer, requests for jobs and delivery
 * of results are repeated until it does. */
void pm_job_runner_run(const struct pm_job_runner_config *config);

#endif
