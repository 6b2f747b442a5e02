#include "algorithm/functional_cache.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/lane_search.h>
#include <poolminer/lanes.h>
#include <poolminer/liveness.h>
#include <poolminer/mutator.h>

enum { KNOWN_COUNT = 1 << 14 };

struct member {
    struct pm_algorithm *algorithm;
    double score;
    bool scored; /* the first ones are not */
};

/* Scores by the key of a program's meaning; an entry makes room for the next one that falls on its
 * place. Smaller than the cache of evolution (functional_cache.h), so that it stays in a
 * processor's own. */
struct known {
    uint64_t key;
    double score;
    bool used;
};

struct pm_lane_search {
    struct pm_lane_search_config config;
    struct pm_random random;
    struct member *members; /* a ring */
    size_t oldest;
    struct known *known;
    struct pm_lane_tasks *tasks;
    struct pm_lane_program *program;
    struct pm_lanes *lanes;
    float **predictions; /* by task, all in one memory */
    struct pm_liveness liveness;
    struct pm_lane_search_counts counts;
};

static bool make_predictions(struct pm_lane_search *search)
{
    const struct pm_lane_search_config *config = &search->config;
    size_t count = 1;
    for (size_t i = 0; i < config->task_count; i++) {
        count += config->tasks[i].validation_count;
    }
    search->predictions = calloc(config->task_count + 1, sizeof *search->predictions);
    float *next = malloc(count * sizeof *next);
    if (search->predictions == NULL || next == NULL) {
        free(next);
        return false;
    }
    search->predictions[0] = next;
    for (size_t i = 0; i < config->task_count; i++) {
        search->predictions[i] = next;
        next += config->tasks[i].validation_count;
    }
    return true;
}

static bool make_members(struct pm_lane_search *search, struct pm_error *error)
{
    const struct pm_lane_search_config *config = &search->config;
    struct pm_algorithm_meta meta;
    if (!pm_profile_meta(config->profile, config->tasks[0].input_dim, &meta, error)) {
        return false;
    }
    search->members = calloc(config->population, sizeof *search->members);
    for (size_t i = 0; search->members != NULL && i < config->population; i++) {
        struct pm_algorithm *empty = pm_algorithm_create(config->tasks[0].input_dim, &meta, 0);
        if (empty == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a population");
        }
        search->members[i] = (struct member){.algorithm = empty, .score = -INFINITY};
    }
    return search->members != NULL ||
           pm_fail(error, PM_ERROR_MEMORY, "out of memory for a population");
}

struct pm_lane_search *pm_lane_search_create(const struct pm_lane_search_config *config,
                                             struct pm_error *error)
{
    struct pm_lane_search *search = calloc(1, sizeof *search);
    if (search == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a search");
        return NULL;
    }
    search->config = *config;
    search->counts.best = -INFINITY;
    pm_random_seed(&search->random, config->seed, 0, 0);
    search->known = calloc(KNOWN_COUNT, sizeof *search->known);
    search->program = pm_lane_program_create(pm_simd_level_best());
    search->lanes = pm_lanes_create();
    if (search->known == NULL || search->program == NULL || search->lanes == NULL ||
        !make_predictions(search)) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a search");
    } else if (make_members(search, error) &&
               pm_lane_tasks_create(config->tasks, config->task_count, &search->tasks, error)) {
        return search;
    }
    pm_lane_search_destroy(search);
    return NULL;
}

void pm_lane_search_destroy(struct pm_lane_search *search)
{
    if (search == NULL) {
        return;
    }
    for (size_t i = 0; search->members != NULL && i < search->config.population; i++) {
        pm_algorithm_destroy(search->members[i].algorithm);
    }
    free(search->members);
    free(search->known);
    pm_lane_tasks_destroy(search->tasks);
    pm_lane_program_destroy(search->program);
    pm_lanes_destroy(search->lanes);
    if (search->predictions != NULL) {
        free(search->predictions[0]);
    }
    free(search->predictions);
    free(search);
}

static const struct member *choose_parent(struct pm_lane_search *search)
{
    const uint32_t count = (uint32_t)search->config.population;
    const struct member *best = &search->members[pm_random_below(&search->random, count)];
    for (int i = 1; i < search->config.tournament; i++) {
        const struct member *other = &search->members[pm_random_below(&search->random, count)];
        if (other->score > best->score) {
            best = other;
        }
    }
    return best;
}

static bool run(struct pm_lane_search *search, const struct pm_algorithm *algorithm, double *score,
                struct pm_error *error)
{
    const struct pm_lane_search_config *config = &search->config;
    const struct pm_lane_request request = {.predictions = search->predictions};
    if (!pm_lane_program_compile(search->program, algorithm, error) ||
        !pm_lanes_run(search->lanes, search->program, search->tasks, 0, search->tasks->group_count,
                      &request, error)) {
        return false;
    }
    double sum = 0;
    for (size_t i = 0; i < config->task_count; i++) {
        sum += pm_task_score(&config->tasks[i], search->predictions[i]);
    }
    *score = sum / (double)config->task_count;
    return true;
}

static void count_instructions(struct pm_lane_search *search, const struct pm_algorithm *algorithm)
{
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        search->counts.instructions += (uint64_t)algorithm->length[phase];
        for (int i = 0; i < algorithm->length[phase]; i++) {
            search->counts.alive +=
                (search->liveness.flags[phase][i] & (PM_LIVE_TRAINING | PM_LIVE_VALIDATION)) != 0;
        }
    }
}

static bool score(struct pm_lane_search *search, const struct pm_algorithm *algorithm, double *out,
                  struct pm_error *error)
{
    const uint64_t key = pm_functional_key(algorithm);
    struct known *known = &search->known[key % KNOWN_COUNT];
    if (known->used && known->key == key) {
        search->counts.known++;
        *out = known->score;
        return true;
    }
    search->counts.run++;
    pm_liveness_analyse(algorithm, &search->liveness);
    count_instructions(search, algorithm);
    if (!run(search, algorithm, out, error)) {
        return false;
    }
    *known = (struct known){.key = key, .score = *out, .used = true};
    return true;
}

/* A child of the parent, and whether it is a mere copy, whose score is its parent's. */
static struct pm_algorithm *make_child(struct pm_lane_search *search, const struct member *parent,
                                       bool *copy)
{
    const struct pm_lane_search_config *config = &search->config;
    *copy = !pm_random_chance(&search->random, config->mutation_probability);
    return *copy ? pm_algorithm_clone(parent->algorithm)
                 : pm_mutate(config->profile, parent->algorithm, 0, &search->random);
}

static bool breed(struct pm_lane_search *search, struct pm_error *error)
{
    const struct member *parent = choose_parent(search);
    bool copy;
    struct member child = {.algorithm = make_child(search, parent, &copy), .scored = true};
    if (child.algorithm == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a mutant");
    }
    if (copy && parent->scored) {
        child.score = parent->score;
        search->counts.known++;
    } else if (!score(search, child.algorithm, &child.score, error)) {
        pm_algorithm_destroy(child.algorithm);
        return false;
    }
    search->counts.individuals++;
    search->counts.best = fmax(search->counts.best, child.score);
    pm_algorithm_destroy(search->members[search->oldest].algorithm);
    search->members[search->oldest] = child;
    search->oldest = (search->oldest + 1) % search->config.population;
    return true;
}

bool pm_lane_search_run(struct pm_lane_search *search, uint64_t individuals, struct pm_error *error)
{
    for (uint64_t i = 0; i < individuals; i++) {
        if (!breed(search, error)) {
            return false;
        }
    }
    return true;
}

struct pm_lane_search_counts pm_lane_search_counts(const struct pm_lane_search *search)
{
    return search->counts;
}
