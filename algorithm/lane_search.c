#include "algorithm/functional_cache.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/executor.h>
#include <poolminer/lane_search.h>
#include <poolminer/lanes.h>
#include <poolminer/liveness.h>
#include <poolminer/mutator.h>

enum {
    KNOWN_COUNT = 1 << 14,   /* by what programs mean */
    WRITTEN_COUNT = 1 << 12, /* by how they are written */
};

struct member {
    struct pm_algorithm *algorithm;
    double score;
    bool scored; /* the first ones are not */
};

/* Scores by a key; an entry makes room for the next one that falls on its place. Two tables: two
 * mutants in three are alive in the same words as one seen shortly before, which shows much sooner
 * than that they mean the same. Smaller than the cache of evolution (functional_cache.h), so that
 * they stay in a processor's own. */
struct known {
    uint64_t key; /* 0: free */
    double score;
};

struct pm_lane_search {
    struct pm_lane_search_config config;
    struct pm_random random;
    struct member *members; /* a ring */
    size_t oldest;
    struct pm_algorithm *spare; /* where the next child is made, which then trades places */
    struct known *known, *written;
    struct pm_lane_tasks *tasks;
    struct pm_lane_program *program;
    struct pm_lanes *lanes;
    struct pm_executor *executor; /* NULL unless it scores */
    float *predictions;           /* its */
    double *task_scores;
    struct pm_liveness liveness;
    struct pm_lane_search_counts counts;
};

static bool make_members(struct pm_lane_search *search, struct pm_error *error)
{
    const struct pm_lane_search_config *config = &search->config;
    const int *room = config->profile->max_ops;
    const int input_dim = config->tasks[0].input_dim;
    struct pm_algorithm_meta meta;
    if (!pm_profile_meta(config->profile, input_dim, &meta, error)) {
        return false;
    }
    search->spare = pm_algorithm_create_exact(input_dim, &meta, room);
    search->members = calloc(config->population, sizeof *search->members);
    bool made = search->spare != NULL && search->members != NULL;
    for (size_t i = 0; made && i < config->population; i++) {
        struct pm_algorithm *empty = pm_algorithm_create_exact(input_dim, &meta, room);
        search->members[i] = (struct member){.algorithm = empty, .score = -INFINITY};
        made = empty != NULL;
    }
    return made || pm_fail(error, PM_ERROR_MEMORY, "out of memory for a population");
}

/* Only if the reference executor scores. */
static bool make_reference(struct pm_lane_search *search, struct pm_error *error)
{
    size_t examples = 1;
    if (!search->config.reference) {
        return true;
    }
    for (size_t i = 0; i < search->config.task_count; i++) {
        const size_t count = search->config.tasks[i].validation_count;
        examples = count > examples ? count : examples;
    }
    search->executor = pm_executor_create();
    search->predictions = calloc(examples, sizeof *search->predictions);
    return (search->executor != NULL && search->predictions != NULL) ||
           pm_fail(error, PM_ERROR_MEMORY, "out of memory for the reference executor");
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
    search->written = calloc(WRITTEN_COUNT, sizeof *search->written);
    search->program = pm_lane_program_create(pm_simd_level_best());
    search->lanes = pm_lanes_create();
    search->task_scores = calloc(config->task_count + 1, sizeof *search->task_scores);
    if (search->known == NULL || search->written == NULL || search->program == NULL ||
        search->lanes == NULL || search->task_scores == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a search");
    } else if (make_members(search, error) && make_reference(search, error) &&
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
    pm_algorithm_destroy(search->spare);
    free(search->known);
    free(search->written);
    pm_lane_tasks_destroy(search->tasks);
    pm_lane_program_destroy(search->program);
    pm_lanes_destroy(search->lanes);
    pm_executor_destroy(search->executor);
    free(search->predictions);
    free(search->task_scores);
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

static bool run_reference(struct pm_lane_search *search, const struct pm_algorithm *algorithm,
                          struct pm_error *error)
{
    for (size_t i = 0; i < search->config.task_count; i++) {
        const struct pm_task *task = &search->config.tasks[i];
        if (!pm_executor_run(search->executor, algorithm, task, search->predictions, error)) {
            return false;
        }
        search->task_scores[i] = pm_task_score(task, search->predictions);
    }
    return true;
}

static bool run_lanes(struct pm_lane_search *search, const struct pm_algorithm *algorithm,
                      struct pm_error *error)
{
    struct pm_lane_request request = {0};
    *(search->config.tasks[0].regression ? &request.fitness : &request.accuracy) =
        search->task_scores;
    return pm_lane_program_compile(search->program, algorithm, error) &&
           pm_lanes_run(search->lanes, search->program, search->tasks, 0,
                        search->tasks->group_count, &request, error);
}

static bool run(struct pm_lane_search *search, const struct pm_algorithm *algorithm, double *score,
                struct pm_error *error)
{
    const struct pm_lane_search_config *config = &search->config;
    if (!(config->reference ? run_reference : run_lanes)(search, algorithm, error)) {
        return false;
    }
    double sum = 0;
    for (size_t i = 0; i < config->task_count; i++) {
        sum += search->task_scores[i];
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

/* The score of a program that is not known by how it is written. */
static bool score_meaning(struct pm_lane_search *search, const struct pm_algorithm *algorithm,
                          double *out, struct pm_error *error)
{
    const uint64_t key = pm_functional_key_of(algorithm, &search->liveness);
    struct known *known = &search->known[key % KNOWN_COUNT];
    if (known->key == key) {
        search->counts.known++;
        *out = known->score;
        return true;
    }
    search->counts.run++;
    count_instructions(search, algorithm);
    if (!run(search, algorithm, out, error)) {
        return false;
    }
    *known = (struct known){.key = key, .score = *out};
    return true;
}

static bool score(struct pm_lane_search *search, const struct pm_algorithm *algorithm, double *out,
                  struct pm_error *error)
{
    pm_liveness_analyse(algorithm, &search->liveness);
    const uint64_t key = pm_written_key(algorithm, &search->liveness);
    struct known *written = &search->written[key % WRITTEN_COUNT];
    if (written->key == key) {
        search->counts.known++;
        *out = written->score;
        return true;
    }
    if (!score_meaning(search, algorithm, out, error)) {
        return false;
    }
    *written = (struct known){.key = key, .score = *out};
    return true;
}

static bool breed(struct pm_lane_search *search, struct pm_error *error)
{
    const struct pm_lane_search_config *config = &search->config;
    const struct member *parent = choose_parent(search);
    struct member child = {.algorithm = search->spare, .scored = true};
    const bool copy = !pm_random_chance(&search->random, config->mutation_probability);
    pm_algorithm_copy(parent->algorithm, child.algorithm);
    if (!copy) {
        pm_mutate_in_place(config->profile, child.algorithm, 0, &search->random);
    }
    if (copy && parent->scored) {
        child.score = parent->score;
        search->counts.known++;
    } else if (!score(search, child.algorithm, &child.score, error)) {
        return false;
    }
    search->counts.individuals++;
    search->counts.best = fmax(search->counts.best, child.score);
    search->spare = search->members[search->oldest].algorithm;
    search->members[search->oldest] = child;
    search->oldest = (search->oldest + 1) % config->population;
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
