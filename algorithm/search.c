#include "algorithm/search.h"

#include "algorithm/crossover.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/mutator.h>

/* A mutant that means the same as its parent is mutated on, so that no candidate is wasted while
 * changes without effect still gather, on which later ones build (Goldman and Punch, "Reducing
 * Wasted Evaluations in Cartesian Genetic Programming", 2013). */
enum { SILENT_MUTATIONS_MAX = 10 };

/* A mutant that has lost sight of the input or of the labels is drawn again. */
enum { BREED_ATTEMPTS = 10 };

static const double MUTATION_AFTER_CROSSOVER = 0.5;

void pm_search_clear(struct pm_search *search)
{
    for (size_t i = 0; i < search->seed_count; i++) {
        pm_candidate_clear(&search->seeds[i]);
    }
    free(search->seeds);
    pm_candidate_clear(&search->bare);
    pm_scorer_clear(&search->scorer);
    pm_elite_clear(&search->elite);
}

/* A seed, and what the profile leaves of it, are no results, in whatever words. */
static bool add_seed(struct pm_search *search, const struct pm_algorithm *seed,
                     struct pm_error *error)
{
    struct pm_algorithm *fitted = pm_profile_fit(search->profile, seed, error);
    if (fitted == NULL || !pm_candidate_init(&search->seeds[search->seed_count], fitted,
                                             UINT64_C(1) << search->seed_count, error)) {
        return false;
    }
    struct pm_candidate *candidate = &search->seeds[search->seed_count++];
    pm_scorer_admit(&search->scorer, candidate);
    return pm_elite_bar(&search->elite, pm_functional_key(seed), error) &&
           pm_elite_bar(&search->elite, candidate->meaning, error);
}

static bool make_bare(struct pm_search *search, struct pm_error *error)
{
    struct pm_algorithm *bare = pm_algorithm_clone(search->seeds[0].program);
    if (bare == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evolution: out of memory");
    }
    memset(bare->length, 0, sizeof bare->length);
    return pm_candidate_init(&search->bare, bare, 1, error);
}

/* Nor is a program that predicts the same whatever it sees, though liveness cannot show it: one
 * whose numbers have grown beyond all bounds, for instance. On a task there are two constant
 * predictions, above one half or not. */
static bool bar_constants(struct pm_search *search, int input_dim, struct pm_error *error)
{
    static const char *const TEXTS[] = {"def Predict():\n  s0 = 0\n", "def Predict():\n  s0 = 1\n"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct pm_algorithm *constant = NULL;
        struct pm_candidate candidate;
        if (!pm_algorithm_parse(TEXTS[i], strlen(TEXTS[i]), input_dim, PM_PARSE_STRICT, NULL, NULL,
                                &constant, error) ||
            !pm_candidate_init(&candidate, constant, 0, error)) {
            return false;
        }
        const bool barred = pm_scorer_score(&search->scorer, &candidate, 1, true, error) &&
                            pm_elite_bar(&search->elite, candidate.fitness.behaviour, error);
        pm_candidate_clear(&candidate);
        if (!barred) {
            return false;
        }
    }
    search->scorer.savings = (struct pm_evolution_savings){0}; /* they are no candidates */
    return true;
}

/* What the children have to beat is measured on all tasks, however little it is. */
static bool score_seeds(struct pm_search *search, struct pm_error *error)
{
    if (!pm_scorer_score(&search->scorer, search->seeds, search->seed_count, true, error)) {
        return false;
    }
    for (size_t i = 0; i < search->seed_count; i++) {
        const struct pm_candidate *seed = &search->seeds[i];
        if (seed->fitness.scored == PM_SCORED_NOTHING) {
            continue;
        }
        if (seed->fitness.score > search->best) {
            search->best = seed->fitness.score;
        }
        if (!pm_elite_bar(&search->elite, seed->fitness.behaviour, error)) {
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
        .config = config,
        .until = {.stop = config->stop, .deadline_ms = config->deadline_ms, .gate = config->gate},
        .generation = 1};
    search->profile = pm_profile_find(config->profile, error);
    if (search->profile == NULL || !pm_scorer_init(&search->scorer, suite, &search->until, error)) {
        return false;
    }
    search->scorer.forgetful = config->forgetful;
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
    return make_bare(search, error) && bar_constants(search, suite->input_dim, error) &&
           score_seeds(search, error);
}

/* Mutates `program`, which it takes over, until it means something else than the parent, if that
 * comes about in a few mutations. */
static bool mutate_on(const struct pm_search *search, const struct pm_candidate *parent,
                      struct pm_algorithm *program, enum pm_change change, struct pm_random *random,
                      struct pm_candidate *child, struct pm_error *error)
{
    const double idioms = search->config->idiom_probability;
    for (int mutations = 1; program != NULL; mutations++) {
        if (!pm_candidate_init(child, program, parent->seeds, error)) {
            return false;
        }
        child->lineage = pm_lineage_share(parent->lineage);
        child->change = mutations == 1 ? change : PM_CHANGE_MUTATION;
        if (child->meaning != parent->meaning || mutations == SILENT_MUTATIONS_MAX) {
            return true;
        }
        program = pm_mutate(search->profile, child->program, idioms, random);
        pm_candidate_clear(child);
    }
    return pm_fail(error, PM_ERROR_MEMORY, "mutating an algorithm: out of memory");
}

/* The first version of a child: a mutant of one parent, or the offspring of two. */
static struct pm_algorithm *conceive(const struct pm_search *search,
                                     const struct pm_candidate *first,
                                     const struct pm_candidate *second, struct pm_random *random)
{
    if (second == NULL) {
        return pm_mutate(search->profile, first->program, search->config->idiom_probability,
                         random);
    }
    struct pm_algorithm *crossed =
        pm_cross(search->profile, first->program, second->program, random);
    if (crossed == NULL || !pm_random_chance(random, MUTATION_AFTER_CROSSOVER)) {
        return crossed;
    }
    struct pm_algorithm *mutant =
        pm_mutate(search->profile, crossed, search->config->idiom_probability, random);
    pm_algorithm_destroy(crossed);
    return mutant;
}

bool pm_search_cross(const struct pm_search *search, const struct pm_candidate *first,
                     const struct pm_candidate *second, struct pm_random *random,
                     struct pm_candidate *child, struct pm_error *error)
{
    for (int attempt = 1;; attempt++) {
        struct pm_algorithm *program = conceive(search, first, second, random);
        if (!mutate_on(search, first, program,
                       second == NULL ? PM_CHANGE_MUTATION : PM_CHANGE_CROSSING, random, child,
                       error)) {
            return false;
        }
        child->seeds |= second != NULL ? second->seeds : 0;
        if (child->insight >= first->insight || attempt == BREED_ATTEMPTS) {
            return true;
        }
        pm_candidate_clear(child);
    }
}

bool pm_search_mutate(const struct pm_search *search, const struct pm_candidate *parent,
                      struct pm_random *random, struct pm_candidate *child, struct pm_error *error)
{
    return pm_search_cross(search, parent, NULL, random, child, error);
}

bool pm_search_tune(const struct pm_search *search, const struct pm_candidate *parent,
                    struct pm_random *random, struct pm_candidate *child, struct pm_error *error)
{
    struct pm_algorithm *tuned = pm_tune(search->profile, parent->program, random);
    return mutate_on(search, parent, tuned, PM_CHANGE_TUNING, random, child, error);
}

/* What the threads that breed share. */
struct breeding {
    const struct pm_search *search;
    pm_breed *breed;
    const void *engine;
    size_t first;
    struct pm_candidate *children;
};

static bool breed_child(const struct breeding *breeding, size_t i, struct pm_error *error)
{
    struct pm_random random;
    pm_random_seed(&random, breeding->search->config->seed, (uint64_t)breeding->search->generation,
                   breeding->first + i);
    return breeding->breed(breeding->engine, breeding->first + i, &random, &breeding->children[i],
                           error);
}

bool pm_search_brood(struct pm_search *search, pm_breed *breed, const void *engine, size_t first,
                     size_t count, struct pm_candidate *children, struct pm_error *error)
{
    const struct breeding breeding = {search, breed, engine, first, children};
    struct pm_error reason = {0};
    bool failed = false;
    memset(children, 0, count * sizeof *children);
#pragma omp parallel for schedule(dynamic, 4)
    for (size_t i = 0; i < count; i++) {
        struct pm_error mine = {0};
        if (!breed_child(&breeding, i, &mine)) {
#pragma omp critical(pm_search_brood)
            {
                failed = true;
                reason = mine;
            }
        }
    }
    if (failed && error != NULL) {
        *error = reason;
    }
    if (!failed && pm_search_score(search, children, count, error)) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        pm_candidate_clear(&children[i]);
    }
    return false;
}

/* A child that was scored on all tasks has its change in its lineage. */
static bool record(const struct pm_search *search, struct pm_candidate *child,
                   struct pm_error *error)
{
    if (!child->complete || child->change == PM_CHANGE_NONE) {
        return true;
    }
    const struct pm_lineage_step step = {
        .generation = search->generation, .change = child->change, .fitness = child->fitness.score};
    child->change = PM_CHANGE_NONE;
    return pm_lineage_extend(&child->lineage, &step, error);
}

bool pm_search_score(struct pm_search *search, struct pm_candidate *children, size_t count,
                     struct pm_error *error)
{
    if (pm_until_over(&search->until)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "evolution: stopped");
    }
    const struct pm_evolution_savings before = search->scorer.savings;
    if (!pm_scorer_score(&search->scorer, children, count, false, error)) {
        search->scorer.savings = before;
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!record(search, &children[i], error)) {
            return false;
        }
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
