#include "algorithm/search.h"

#include <stdlib.h>

#include <poolminer/mutator.h>

/* A mutant that means the same as its parent is mutated on, so that no candidate is wasted while
 * changes without effect still gather, on which later ones build (Goldman and Punch, "Reducing
 * Wasted Evaluations in Cartesian Genetic Programming", 2013). */
enum { SILENT_MUTATIONS_MAX = 10 };

/* A mutant that has lost sight of the input or of the labels is drawn again. */
enum { BREED_ATTEMPTS = 10 };

void pm_search_clear(struct pm_search *search)
{
    for (size_t i = 0; i < search->seed_count; i++) {
        pm_candidate_clear(&search->seeds[i]);
    }
    free(search->seeds);
    pm_scorer_clear(&search->scorer);
    pm_elite_clear(&search->elite);
}

/* A seed's own text, and its text as a program of the profile, are no results. */
static bool add_seed(struct pm_search *search, const struct pm_algorithm *seed,
                     struct pm_error *error)
{
    uint64_t written;
    struct pm_algorithm *fitted = pm_profile_fit(search->profile, seed, error);
    if (fitted == NULL ||
        !pm_candidate_init(&search->seeds[search->seed_count], fitted, search->seed_count, error)) {
        return false;
    }
    struct pm_candidate *candidate = &search->seeds[search->seed_count++];
    pm_scorer_admit(&search->scorer, candidate);
    return pm_algorithm_hash(seed, &written, error) &&
           pm_elite_bar(&search->elite, written, error) &&
           pm_elite_bar(&search->elite, candidate->hash, error);
}

/* What the children have to beat is measured on all tasks, however little it is. */
static bool score_seeds(struct pm_search *search, struct pm_error *error)
{
    if (!pm_scorer_score(&search->scorer, search->seeds, search->seed_count, NULL, error)) {
        return false;
    }
    for (size_t i = 0; i < search->seed_count; i++) {
        const struct pm_candidate *seed = &search->seeds[i];
        if (seed->fitness.score > search->best) {
            search->best = seed->fitness.score;
        }
        if (seed->complete && !pm_elite_bar(&search->elite, seed->fitness.behaviour, error)) {
            return false;
        }
    }
    return true;
}

bool pm_search_init(struct pm_search *search, const struct pm_evolution_config *config,
                    const struct pm_algorithm *const *seeds, size_t seed_count,
                    const struct pm_suite *suite, struct pm_error *error)
{
    *search = (struct pm_search){
        .config = config, .until = {.stop = config->stop, .deadline_ms = config->deadline_ms}};
    search->profile = pm_profile_find(config->profile, error);
    if (search->profile == NULL || !pm_scorer_init(&search->scorer, suite, &search->until, error)) {
        return false;
    }
    if (!pm_elite_init(&search->elite, config->budget, error)) {
        return false;
    }
    search->seeds = calloc(seed_count, sizeof *search->seeds);
    if (search->seeds == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evolution: out of memory");
    }
    for (size_t i = 0; i < seed_count; i++) {
        if (!add_seed(search, seeds[i], error)) {
            return false;
        }
    }
    return score_seeds(search, error);
}

/* A mutant of `parent` that means something else, if it comes about in a few mutations. */
static bool breed_once(const struct pm_search *search, const struct pm_candidate *parent,
                       struct pm_random *random, struct pm_candidate *child, struct pm_error *error)
{
    const double idioms = search->config->idiom_probability;
    struct pm_algorithm *program = pm_mutate(search->profile, parent->program, idioms, random);
    for (int mutations = 1; program != NULL; mutations++) {
        if (!pm_candidate_init(child, program, parent->seed, error)) {
            return false;
        }
        if (child->hash != parent->hash || mutations == SILENT_MUTATIONS_MAX) {
            return true;
        }
        program = pm_mutate(search->profile, child->program, idioms, random);
        pm_candidate_clear(child);
    }
    return pm_fail(error, PM_ERROR_MEMORY, "mutating an algorithm: out of memory");
}

bool pm_search_breed(const struct pm_search *search, const struct pm_candidate *parent,
                     struct pm_random *random, double mutation_probability,
                     struct pm_candidate *child, struct pm_error *error)
{
    if (!pm_random_chance(random, mutation_probability)) {
        return pm_candidate_copy(child, parent, error);
    }
    for (int attempt = 1;; attempt++) {
        if (!breed_once(search, parent, random, child, error)) {
            return false;
        }
        if (child->insight >= parent->insight || attempt == BREED_ATTEMPTS) {
            return true;
        }
        pm_candidate_clear(child);
    }
}

bool pm_search_score(struct pm_search *search, struct pm_candidate *children, size_t count,
                     double bar, struct pm_error *error)
{
    if (pm_until_over(&search->until)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "evolution: stopped");
    }
    if (!pm_scorer_score(&search->scorer, children, count, &bar, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!pm_elite_offer(&search->elite, &children[i], error)) {
            return false;
        }
        if (children[i].complete && children[i].fitness.score > search->best) {
            search->best = children[i].fitness.score;
        }
    }
    search->candidates += count;
    return true;
}
