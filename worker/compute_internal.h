/* What the two kinds of work share, and where pm_compute finds them. */
#ifndef WORKER_COMPUTE_INTERNAL_H
#define WORKER_COMPUTE_INTERNAL_H

#include "worker/compute.h"

#include <poolminer/algorithm.h>

bool pm_compute_evaluate(const struct pm_compute_config *config, const struct pm_work *work,
                         struct pm_outcome *out, struct pm_error *error);
bool pm_compute_evolve(const struct pm_compute_config *config, const struct pm_work *work,
                       struct pm_outcome *out, struct pm_error *error);

/* An algorithm and where its score goes. */
struct pm_scoring {
    const struct pm_algorithm *algorithm;
    int64_t cost; /* pm_compute_scores fills it in: the cheap ones' turn comes first */
    double score;
    bool done;
};

typedef void pm_scoring_observer(void *context, size_t done);

/* Scores at most PM_JOB_ALGORITHMS_MAX algorithms of one input_dim on the evaluation suite, the
 * cheapest first, a few at a time. Cut short by the deadline it returns true and leaves `done`
 * unset on those that were not finished. `observer` (may be NULL) hears after each group how many
 * are done. */
bool pm_compute_scores(const struct pm_compute_config *config, int input_dim,
                       struct pm_scoring *scorings, size_t count, pm_scoring_observer *observer,
                       void *context, struct pm_error *error);

/* The lenient reading that scores are defined over. */
bool pm_compute_read(const struct pm_listed *listed, struct pm_algorithm **out,
                     struct pm_error *error);

struct pm_provenance pm_compute_provenance(const struct pm_compute_config *config,
                                           int64_t start_ns);

#endif
