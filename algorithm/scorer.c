#include "algorithm/candidate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/cost.h>

static const double MERIT_STEP = 0.002;

/* What a dear seed may raise the bound on costs to, in bounds; and what a seed may cost to be run
 * at all, in multiply-adds an example, unless that is more: seconds on the search suite. */
static const double COST_RAISED_MOST = 10.0, SEED_COST_MOST = 2e6;

/* Four standard deviations above one half: of the median (pi/2 times the variance of the mean) of
 * as many guessed tasks. Without it the search would climb about in the noise, and settle there. */
static double chance_level(const struct pm_suite *suite)
{
    double variance = 0.0;
    for (size_t i = 0; i < suite->count; i++) {
        variance += 0.25 / suite->tasks[i].validation_count;
    }
    return 0.5 + 4.0 * sqrt(1.5708 * variance) / (double)suite->count;
}

bool pm_scorer_init(struct pm_scorer *scorer, const struct pm_suite *suite,
                    const struct pm_until *until, struct pm_error *error)
{
    /* About three times what a two-layer network costs that trains by gradient descent. */
    const double dim = suite->input_dim;
    *scorer = (struct pm_scorer){.suite = suite,
                                 .until = until,
                                 .chance = chance_level(suite),
                                 .cost_limit = 10.0 * dim * dim + 500.0};
    scorer->cost_limit_most = COST_RAISED_MOST * scorer->cost_limit;
    size_t quick = suite->count / 2;
    if (quick > PM_QUICK_TASKS_MAX) {
        quick = PM_QUICK_TASKS_MAX;
    }
    if (quick == 0) {
        quick = 1;
    }
    scorer->quick_count = quick;
    scorer->rest_count = suite->count - quick;
    scorer->cache = pm_functional_cache_create();
    scorer->scratch = calloc(suite->count, (PM_SCORER_BATCH_MAX + 1) * sizeof *scorer->scratch);
    if (scorer->cache == NULL || scorer->scratch == NULL) {
        pm_scorer_clear(scorer);
        return pm_fail(error, PM_ERROR_MEMORY, "preparing to score candidates: out of memory");
    }
    if (pm_suite_slice(suite, 0, quick, &scorer->quick, error) &&
        (scorer->rest_count == 0 ||
         pm_suite_slice(suite, quick, scorer->rest_count, &scorer->rest, error))) {
        return true;
    }
    pm_scorer_clear(scorer);
    return false;
}

void pm_scorer_clear(struct pm_scorer *scorer)
{
    pm_functional_cache_destroy(scorer->cache);
    pm_suite_destroy(scorer->quick);
    pm_suite_destroy(scorer->rest);
    free(scorer->scratch);
    scorer->cache = NULL;
    scorer->quick = scorer->rest = NULL;
    scorer->scratch = NULL;
}

static double example_cost(const struct pm_algorithm *algorithm)
{
    const struct pm_cost cost = pm_algorithm_cost(algorithm);
    return (double)pm_cost_example(&cost);
}

void pm_scorer_admit(struct pm_scorer *scorer, const struct pm_candidate *candidate)
{
    const double cost = fmin(example_cost(candidate->simple), scorer->cost_limit_most);
    scorer->cost_limit = fmax(scorer->cost_limit, cost);
}

/* The candidates of a batch that a stage runs, and their algorithms side by side. */
struct stage {
    struct pm_candidate *candidates[PM_SCORER_BATCH_MAX];
    const struct pm_algorithm *algorithms[PM_SCORER_BATCH_MAX];
    size_t count;
};

static void stage_add(struct stage *stage, struct pm_candidate *candidate)
{
    stage->candidates[stage->count] = candidate;
    stage->algorithms[stage->count++] = candidate->simple;
}

/* Task scores go to `scratch`, a row a candidate. */
static bool stage_run(const struct pm_scorer *scorer, const struct stage *stage,
                      const struct pm_suite *view, struct pm_error *error)
{
    double scores[PM_SCORER_BATCH_MAX];
    return stage->count == 0 || view == NULL ||
           pm_suite_score(view, stage->algorithms, stage->count, scores, scorer->scratch,
                          scorer->until, error);
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double)count;
}

static void take_quick(const struct pm_scorer *scorer, struct pm_candidate *candidate,
                       const double *task_scores)
{
    const size_t count = scorer->quick_count;
    struct pm_fitness *fitness = &candidate->fitness;
    memcpy(fitness->first, task_scores, count * sizeof *task_scores);
    fitness->quick = mean_of(task_scores, count);
    fitness->scored = PM_SCORED_QUICK;
}

/* FNV-1a over the scores' bits, 64 at a time. */
static uint64_t hash_scores(const double *scores, size_t count)
{
    uint64_t hash = 0xCBF29CE484222325;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &scores[i], sizeof bits);
        hash = (hash ^ bits) * 0x100000001B3;
        hash ^= hash >> 32;
    }
    return hash;
}

/* `all` has room for as many scores as the suite has tasks. */
static void take_rest(const struct pm_scorer *scorer, struct pm_candidate *candidate,
                      const double *task_scores, double *all)
{
    const size_t quick = scorer->quick_count, rest = scorer->rest_count;
    struct pm_fitness *fitness = &candidate->fitness;
    memcpy(all, fitness->first, quick * sizeof *all);
    memcpy(all + quick, task_scores, rest * sizeof *all);
    fitness->behaviour = hash_scores(all, quick + rest);
    fitness->mean = mean_of(all, quick + rest);
    fitness->score = pm_median(all, quick + rest);
    fitness->scored = PM_SCORED_ALL;
}

static bool score_quick(const struct pm_scorer *scorer, struct stage *stage, struct pm_error *error)
{
    if (!stage_run(scorer, stage, scorer->quick, error)) {
        return false;
    }
    for (size_t i = 0; i < stage->count; i++) {
        take_quick(scorer, stage->candidates[i], &scorer->scratch[i * scorer->quick_count]);
    }
    return true;
}

static bool score_rest(const struct pm_scorer *scorer, struct stage *stage, struct pm_error *error)
{
    if (!stage_run(scorer, stage, scorer->rest, error)) {
        return false;
    }
    double *const all = scorer->scratch + PM_SCORER_BATCH_MAX * scorer->rest_count;
    for (size_t i = 0; i < stage->count; i++) {
        take_rest(scorer, stage->candidates[i], &scorer->scratch[i * scorer->rest_count], all);
    }
    return true;
}

/* The first candidate of the batch with the same simplified form: the one that is scored. */
static struct pm_candidate *twin(struct pm_candidate *candidates, size_t index)
{
    size_t first = 0;
    while (candidates[first].meaning != candidates[index].meaning) {
        first++;
    }
    return &candidates[first];
}

static bool worth_running(const struct pm_scorer *scorer, const struct pm_candidate *candidate,
                          bool all_tasks)
{
    const double cost = example_cost(candidate->simple);
    if (all_tasks) {
        return cost <= fmax(SEED_COST_MOST, scorer->cost_limit_most);
    }
    return candidate->insight == PM_INSIGHT_LEARNS && cost <= scorer->cost_limit;
}

static bool worth_all_tasks(const struct pm_candidate *candidate, bool all_tasks)
{
    return candidate->fitness.scored != PM_SCORED_NOTHING &&
           (all_tasks || (candidate->insight == PM_INSIGHT_LEARNS &&
                          candidate->fitness.quick >= candidate->bar));
}

/* What two candidates with the same simplified form share is found out once, for the one that goes
 * furthest: all tasks if one of them is worth that. */
static bool twins_worth_all_tasks(const struct pm_candidate *candidates, size_t count, size_t index,
                                  const struct pm_fitness *fitness, bool all_tasks)
{
    for (size_t i = index; i < count; i++) {
        struct pm_candidate candidate = candidates[i];
        candidate.fitness = *fitness;
        if (candidate.meaning == candidates[index].meaning &&
            worth_all_tasks(&candidate, all_tasks)) {
            return true;
        }
    }
    return false;
}

/* Differences of less than a step are more likely luck than merit: the shorter program is then the
 * better one, and the search does not fill up with ornaments. */
static double find_merit(const struct pm_scorer *scorer, const struct pm_candidate *candidate)
{
    return fmax(floor(candidate->fitness.mean / MERIT_STEP) * MERIT_STEP, scorer->chance);
}

/* Whether it has to be run; counts why not. */
static bool has_to_run(struct pm_scorer *scorer, struct pm_candidate *candidates, size_t index,
                       bool all_tasks)
{
    struct pm_candidate *candidate = &candidates[index];
    scorer->savings.instructions += (uint64_t)pm_algorithm_length(candidate->program);
    scorer->savings.alive += (uint64_t)pm_algorithm_length(candidate->simple);
    if (!worth_running(scorer, candidate, all_tasks)) {
        scorer->savings.hopeless++;
        return false;
    }
    if (twin(candidates, index) != candidate ||
        (!scorer->forgetful &&
         pm_functional_cache_find(scorer->cache, candidate->meaning, &candidate->fitness))) {
        scorer->savings.known++;
        return false;
    }
    return true;
}

/* Twins share what was found; the cache learns it. */
static void settle(struct pm_scorer *scorer, struct pm_candidate *candidates, size_t count,
                   bool all_tasks)
{
    for (size_t i = 0; i < count; i++) {
        struct pm_candidate *candidate = &candidates[i];
        const struct pm_candidate *scored = twin(candidates, i);
        candidate->fitness = scored->fitness;
        candidate->complete =
            candidate->insight == PM_INSIGHT_LEARNS && worth_all_tasks(candidate, all_tasks);
        candidate->merit = find_merit(scorer, candidate);
        if (scored == candidate && candidate->fitness.scored != PM_SCORED_NOTHING) {
            pm_functional_cache_store(scorer->cache, candidate->meaning, &candidate->fitness);
        }
    }
}

static void count_runs(struct pm_scorer *scorer, const struct stage *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->candidates[i]->fitness.scored == PM_SCORED_ALL) {
            scorer->savings.complete++;
        } else {
            scorer->savings.quick++;
        }
    }
}

bool pm_scorer_score(struct pm_scorer *scorer, struct pm_candidate *candidates, size_t count,
                     bool all_tasks, struct pm_error *error)
{
    struct stage quick = {.count = 0}, rest = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        struct pm_candidate *candidate = &candidates[i];
        candidate->fitness = (struct pm_fitness){.scored = PM_SCORED_NOTHING};
        if (has_to_run(scorer, candidates, i, all_tasks)) {
            stage_add(&quick, candidate);
        }
    }
    if (!score_quick(scorer, &quick, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct pm_candidate *candidate = &candidates[i];
        if (twin(candidates, i) == candidate && candidate->fitness.scored == PM_SCORED_QUICK &&
            twins_worth_all_tasks(candidates, count, i, &candidate->fitness, all_tasks)) {
            stage_add(&rest, candidate);
        }
    }
    if (!score_rest(scorer, &rest, error)) {
        return false;
    }
    count_runs(scorer, &quick);
    settle(scorer, candidates, count, all_tasks);
    return true;
}
