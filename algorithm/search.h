/* What the engines of evolution share: the seeds, the scorer, the elite and the count of what was
 * tried. An engine adds how parents are chosen and who survives. */
#ifndef ALGORITHM_SEARCH_H
#define ALGORITHM_SEARCH_H

#include "algorithm/candidate.h"
#include "algorithm/elite.h"
#include "algorithm/stream.h"

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
    struct pm_candidate bare; /* the first seed with nothing left in it, for a fresh start */
    struct pm_until until;
    struct pm_scorer scorer;
    struct pm_elite elite;
    double best; /* search score, seeds included */
    uint64_t candidates;
    int generation; /* under way, from 1 */
    size_t next;    /* of the generation's candidates, the first that is not there yet */
};

/* Fits the seeds to the profile and scores them. To be cleared also when it fails. */
bool pm_search_init(struct pm_search *search, const struct pm_evolution_config *config,
                    const struct pm_algorithm *const *seeds, size_t seed_count,
                    const struct pm_suite *suite, struct pm_error *error);
void pm_search_clear(struct pm_search *search);

/* A mutant of `parent`. May be called by several threads at once. */
bool pm_search_mutate(const struct pm_search *search, const struct pm_candidate *parent,
                      struct pm_random *random, struct pm_candidate *child, struct pm_error *error);

/* `parent` with its numbers changed a little; a mutant, if it has none. */
bool pm_search_tune(const struct pm_search *search, const struct pm_candidate *parent,
                    struct pm_random *random, struct pm_candidate *child, struct pm_error *error);

/* A child of two parents, often mutated too; the first counts as its parent. The same holds. */
bool pm_search_cross(const struct pm_search *search, const struct pm_candidate *first,
                     const struct pm_candidate *second, struct pm_random *random,
                     struct pm_candidate *child, struct pm_error *error);

/* Makes child `index` of the generation, its bar included, drawing from `random` alone. Called by
 * several threads at once. */
typedef bool pm_breed(const void *engine, size_t index, struct pm_random *random,
                      struct pm_candidate *child, struct pm_error *error);

/* Breeds and scores children first .. first + count - 1 of the generation, at most
 * PM_SCORER_BATCH_MAX. The caller clears the children when it succeeds. Errors as below. */
bool pm_search_brood(struct pm_search *search, pm_breed *breed, const void *engine, size_t first,
                     size_t count, struct pm_candidate *children, struct pm_error *error);

/* Scores the children, offers them to the elite and counts them. PM_ERROR_INTERRUPTED: asked to
 * stop or out of time; the batch then does not count. */
bool pm_search_score(struct pm_search *search, struct pm_candidate *children, size_t count,
                     struct pm_error *error);

struct pm_engine {
    const char *name;
    int population;           /* where none is asked for */
    double idiom_probability; /* the same */
    size_t batch;             /* candidates at a time; it shapes the result */
    /* The state of a run over `search`; NULL when memory is out. */
    void *(*create)(struct pm_search *search);
    void (*destroy)(void *state);
    /* Candidates first .. first + count - 1 of the generation: bred, scored, and taken in or not.
     * Interrupted, it leaves the state as it was. */
    bool (*run_batch)(void *state, size_t first, size_t count, struct pm_error *error);
    /* Once all are there. *mean: of the population's scores. */
    bool (*end_generation)(void *state, double *mean, struct pm_error *error);
    /* All that the state consists of, as a checkpoint holds it: what is left out here is not there
     * when the search is taken up again. Reading fills a state just created. */
    bool (*transfer)(void *state, struct pm_stream *stream);
};

extern const struct pm_engine pm_engine_islands, pm_engine_regularized, pm_engine_archive;

#endif
