/* Computing a job's work. */
#ifndef WORKER_COMPUTE_H
#define WORKER_COMPUTE_H

#include "worker/job_control.h"
#include "worker/jobs.h"
#include "worker/workbench.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/gate.h>

struct pm_compute_config {
    struct pm_workbench *bench;
    struct pm_job_control *control;
    struct pm_gate *gate; /* while it is shut computing waits; may be NULL */
    size_t threads;       /* OpenMP threads that score side by side */
    int64_t deadline_ms;  /* unix: when the result must be sent; 0: none */
    /* Of an evolution: what an earlier worker left, or NULL; and how often to leave one, by way of
     * the control. */
    const void *checkpoint;
    size_t checkpoint_size;
    int64_t checkpoint_interval_ms;
};

struct pm_outcome {
    char *result;      /* JSON text; the caller frees */
    size_t count;      /* algorithms scored, or evolved */
    double best_score; /* on the evaluation suite; 0 when count is 0 */
    bool partial;      /* cut short by the deadline */
};

/* Runs on the calling thread and its OpenMP team. Cut short by the deadline it hands over what it
 * has. PM_ERROR_INTERRUPTED: stopped for another cause, or not a single result in time. */
bool pm_compute(const struct pm_compute_config *config, const struct pm_work *work,
                struct pm_outcome *out, struct pm_error *error);

#endif
