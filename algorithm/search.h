/* What the engines of evolution share: the seeds, the scorer, the elite and the count of what was
 * tried. An engine adds how parents are chosen and who survives. */
#ifndef ALGORITHM_SEARCH_H
#define ALGORITHM_SEARCH_H

#include "algorithm/candidate.h"
#include "algorithm/elite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/evolution.h>
#include <poolminer/profile.h>
#include <poolminer/random.h>
#include <poolminer/until.h>

struct pm_search {
    const struct pm_evolution_config *config;
    const struct pm_profile *profile;
    struct pm_candidate *seeds; /* fitted to the profile and scored */
    size_t seed_count;
    struct pm_until until;
    struct pm_scorer scorer;
    struct pm_elite elite;
    double best; /* search score, seeds included */
    uint64_t candidates;
};

/* Fits the seeds to the profile and scores them. To be cleared also when it fails. */
bool pm_search_init(struct pm_search *search, const struct pm_evolution_config *config,
                    const struct pm_algorithm *const *seeds, size_t seed_count,
                    const struct pm_suite *suite, struct pm_error *error);
void pm_search_clear(struct pm_search *search);

/* A fresh child for a batch: a mutant of `parent`, or, with what is left of
 * `mutation_probability`, its copy. */
bool pm_search_breed(const struct pm_search *search, const struct pm_candidate *parent,
                     struct pm_random *random, double mutation_probability,
                     struct pm_candidate *child, struct pm_error *error);

/* Scores the children, offers them to the elite and counts them. PM_ERROR_INTERRUPTED: asked to
 * stop or out of time; the batch then does not count. */
bool pm_search_score(struct pm_search *search, struct pm_candidate *children, size_t count,
                     double bar, struct pm_error *error);

struct pm_engine {
    const char *name;
    /* The state of a run over `search`; NULL when memory is out. */
    void *(*create)(struct pm_search *search);
    void (*destroy)(void *state);
    /* One population's worth of new candidates; generations count from 1. *mean: of the
     * population's scores. */
    bool (*generation)(void *state, int generation, double *mean, struct pm_error *error);
};

extern const struct pm_engine pm_engine_regularized;

#endif
