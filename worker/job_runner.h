/* The worker's loop: lease a job, compute it, hand over the result; again. */
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
    const char *run_id; /* "": work of any run */
    struct pm_workbench *bench;
    struct pm_pause *pause; /* NULL: it never rests */
    size_t threads;         /* OpenMP threads of one job */
    /* For results; and for leases, the heartbeat's thread, and parting. A result may bring the next
     * lease with it: then the two change places, for a lease belongs to the connection it was made
     * over. */
    struct pm_job_queue queue, heartbeats;
    int64_t result_call_ms, heartbeat_call_ms; /* how long a call over either may take */
    struct pm_starter *starter; /* of the heartbeats' threads; NULL: the runner itself */
    const atomic_bool *stop;
    int64_t wait_ms;     /* how long the sidecar may let a request for work wait */
    int64_t retry_ms;    /* pause after a call that failed */
    int64_t patience_ms; /* how long a computation may take to stop when the process ends */
    int64_t checkpoint_interval_ms;    /* of an evolution; 0: the search's own */
    const atomic_bool *late;           /* calls made in parting end when this turns true, or NULL */
    struct pm_job_runner_tally *tally; /* counts jobs while the runner runs; zeroed by the caller */
    bool show_progress;
};

/* Runs until the stop flag is set. The sidecar may come and go: leases and results are tried again
 * for as long as it takes. */
void pm_job_runner_run(const struct pm_job_runner_config *config);

#endif
