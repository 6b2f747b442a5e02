/* The crew: as many job runners as asked for, each on a thread with queue clients of its own. */
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
    const char *const *sidecar_urls; /* one, or several over the same store; NULL behind the last */
    const char *name;
    const char *key_file; /* NULL: the sidecars are on this machine */
    size_t workers;       /* jobs at the same time */
};

struct pm_crew_work {
    const char *run_id;
    size_t threads; /* of all jobs together; each gets its share, one at least */
    struct pm_governor_config governor; /* without what the crew itself knows */
    struct pm_workbench *bench;
    int64_t checkpoint_interval_ms; /* from one checkpoint of an evolution to the next */
    const atomic_bool *stop;
    bool show_progress;
};

/* Opens the connections to the sidecar. Their threads and those of the heartbeats keep the caller's
 * priority of this moment: a connection that only had what other programs leave would be taken for
 * dead, and a lease would run out. *out is the caller's to destroy. */
bool pm_crew_create(const struct pm_crew_config *config, struct pm_crew **out,
                    struct pm_error *error);
/* NULL is fine. Not after a run that did not become idle. */
void pm_crew_destroy(struct pm_crew *crew);

/* Runs until the stop flag is set and, after that, less than a second; once. *idle tells whether
 * all runners have ended: if not, their jobs have been given back but a thread is still computing,
 * and the process should end without tidying up. */
bool pm_crew_run(struct pm_crew *crew, const struct pm_crew_work *work,
                 struct pm_job_runner_counts *counts, bool *idle, struct pm_error *error);

#endif
