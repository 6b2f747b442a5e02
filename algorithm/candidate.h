/* Candidates: programs under selection, and how they are scored. */
#ifndef ALGORITHM_CANDIDATE_H
#define ALGORITHM_CANDIDATE_H

#include "algorithm/functional_cache.h"
#include "algorithm/lineage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/evolution.h>
#include <poolminer/simplify.h>
#include <poolminer/suite.h>
#include <poolminer/until.h>

struct pm_candidate {
    struct pm_algorithm *program; /* what mutations work on, dead code included */
    struct pm_algorithm *simple;  /* without: this is what is scored and returned */
    uint64_t meaning;             /* pm_functional_key of `simple` */
    uint64_t seeds;               /* those it descends from: bit i is seed i */
    struct pm_lineage *lineage;   /* how it came about; NULL for a seed */
    enum pm_change change;        /* from its parent, while it is not in the lineage yet */
    struct pm_fitness fitness;
    double bar;   /* mean accuracy to reach on the first tasks to be run on the others */
    double merit; /* of a complete one: its mean accuracy, but for what chance alone may reach; the
                     score is the median, which is what pays, and a noisier guide */
    enum pm_insight insight;
    bool complete; /* scored on all tasks; otherwise given up early, below every complete one */
};

/* Takes `program` over, also when it fails. */
bool pm_candidate_init(struct pm_candidate *candidate, struct pm_algorithm *program, uint64_t seeds,
                       struct pm_error *error);
bool pm_candidate_copy(struct pm_candidate *candidate, const struct pm_candidate *from,
                       struct pm_error *error);
void pm_candidate_clear(struct pm_candidate *candidate);

/* Instructions of the simplified form. */
int pm_candidate_length(const struct pm_candidate *candidate);

/* Complete ones by their merit, then the shorter, which is cheaper to run and to understand; others
 * by insight, then by what the first tasks showed. */
bool pm_candidate_better(const struct pm_candidate *a, const struct pm_candidate *b);

/* Scores batches of candidates on a suite, cheap tests first. */
struct pm_scorer {
    const struct pm_suite *suite;
    struct pm_suite *quick, *rest; /* the first tasks; the others, NULL if there are none */
    size_t quick_count, rest_count;
    struct pm_functional_cache *cache;
    const struct pm_until *until; /* may be NULL */
    double *scratch;              /* task scores of a batch, and of one candidate on all tasks */
    double chance;                /* what guessing may reach by luck */
    double cost_limit;            /* programs that cost more an example are not run */
    double cost_limit_most;       /* what seeds may raise it to */
    bool forgetful;               /* look nothing up in the cache */
    struct pm_evolution_savings savings;
};

/* `suite` has at least one task; it and `until` outlive the scorer. */
bool pm_scorer_init(struct pm_scorer *scorer, const struct pm_suite *suite,
                    const struct pm_until *until, struct pm_error *error);
void pm_scorer_clear(struct pm_scorer *scorer);

/* Lets programs as expensive as this one be run, within bounds: one dear seed must not stall the
 * search. */
void pm_scorer_admit(struct pm_scorer *scorer, const struct pm_candidate *candidate);

enum { PM_SCORER_BATCH_MAX = 128 };

/* Fills `fitness` and `complete` of at most PM_SCORER_BATCH_MAX candidates. Those that can do
 * better than chance (PM_INSIGHT_LEARNS) and do not cost too much are run on the first tasks, and
 * those of them that reach their bar there on the others too. With `all_tasks` every one is run on
 * all tasks unless that would take seconds, and those that learn are complete. A candidate's
 * outcome depends on itself alone, not on the others, the cache or the number of threads.
 * PM_ERROR_INTERRUPTED when the time is over. */
bool pm_scorer_score(struct pm_scorer *scorer, struct pm_candidate *candidates, size_t count,
                     bool all_tasks, struct pm_error *error);

#endif
