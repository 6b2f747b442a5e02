/* How much a worker takes of the machine it is on, and how far it stands back. */
#ifndef WORKER_PLAN_H
#define WORKER_PLAN_H

#include "worker/governor.h"

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

/* From the options, the processors there are, and the threads that the system can spare; what the
 * crew knows is left unset. `options` outlive *out. PM_ERROR_LIMIT: too few threads for the
 * workers. */
bool pm_plan_make(const struct pm_options *options, struct pm_governor_config *out,
                  struct pm_error *error);
/* WORKER-PLAN: what it comes to. */
void pm_plan_log(const struct pm_governor_config *config, int64_t nice_level);

/* Lowers the priority of the calling thread and of those it starts from now on; not being allowed
 * to is logged, and no reason not to work. Call before there are threads that compute. */
void pm_plan_stand_back(int64_t nice_level);

#endif
