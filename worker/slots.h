/* The slots of a worker process: each computes one job at a time, on a thread with queue clients of
 * its own. */
#ifndef WORKER_SLOTS_H
#define WORKER_SLOTS_H

#include "worker/workbench.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

enum { PM_SLOTS_MAX = 256 };

struct pm_slots_config {
    const char *sidecar_url;
    const char *run_id; /* "": work of any run */
    const char
        *name; /* shown in the sidecar's status; slot i appends "-i" when there are several */
    struct pm_workbench *bench;
    size_t slots;   /* 1..PM_SLOTS_MAX jobs at once */
    size_t threads; /* OpenMP threads over all slots; each gets an equal share, one at least */
    bool show_progress;
    const atomic_bool *stop;
};

/* Runs until the stop flag is set and every slot has given back or handed over its job. False when
 * none could be started. */
bool pm_slots_run(const struct pm_slots_config *config, struct pm_error *error);

#endif
