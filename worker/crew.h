/* The crew: the worker process's job runners. Each runs on a thread of its own and has its own
 * connections to the sidecar, so that several jobs are computed at the same time. */
#ifndef WORKER_CREW_H
#define WORKER_CREW_H

#include "worker/governor.h"
#include "worker/job_runner.h"
#include "worker/workbench.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

struct pm_crew;

struct pm_crew_config {
    /* One sidecar's URL, or those of several over the same store; the last is followed by NULL. */
    const char *const *sidecar_urls;
    const char *name;     /* what the sidecar shows this process as: "worker-HOST-PID" */
    const char *key_file; /* to encrypt the connections; NULL: the sidecars are on this machine */
    size_t workers;       /* how many jobs to compute at the same time */
};

struct pm_crew_work {
    const char *run_id; /* the run to take jobs of; "": of any run */
    size_t threads;     /* for all jobs together; they are divided evenly, at least one each */
    struct pm_governor_config governor; /* the crew fills in sidecar, stop and pause */
    struct pm_workbench *bench;         /* datasets and suites, which all jobs share */
    int64_t checkpoint_interval_ms;     /* from one checkpoint of an evolution to the next */
    const atomic_bool *stop;            /* the run ends once this is true */
    bool show_progress;                 /* draw a progress bar on standard error */
};

/* Opens the connections to the sidecar; the caller destroys *out. The threads of the connections
 * and of the heartbeats keep the priority that the caller has now, so a worker that is to compute
 * at a low priority lowers it after this call. At a low priority these threads might not run for
 * seconds on a busy machine: the sidecar would take the connection for dead and the lease for lost.
 */
bool pm_crew_create(const struct pm_crew_config *config, struct pm_crew **out,
                    struct pm_error *error);
/* NULL is allowed. Must not be called after a run that left *idle false. */
void pm_crew_destroy(struct pm_crew *crew);

/* Runs until the stop flag is set, and returns less than a second after that. To be called once.
 * *idle tells whether all runners have ended. If not, a thread is still computing although its job
 * has been given back to the sidecar, and the process should exit without freeing anything. */
bool pm_crew_run(struct pm_crew *crew, const struct pm_crew_work *work,
                 struct pm_job_runner_counts *counts, bool *idle, struct pm_error *error);

#endif
