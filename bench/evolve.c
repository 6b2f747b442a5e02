/* poolminer bench evolve: engines against each other and against what people wrote. */
#include "bench/cpu.h"
#include "bench/evolve_report.h"
#include "bench/evolve_run.h"
#include "bench/references.h"
#include "bench/statistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>
#include <poolminer/bench.h>
#include <poolminer/clock.h>
#include <poolminer/evolution.h>
#include <poolminer/stop.h>

/* The search runs on the search suite that workers use; the final choice is made on another such
 * suite, so that the evaluation suite has no part in anything but the reported score. */
enum { SEARCH_SUITE_SEED = 0, CHOICE_SUITE_SEED = 1 };
enum { FINALISTS = 16 };

struct bench {
    const struct pm_bench_evolve_config *config;
    struct pm_suite *search, *choice;
    struct pm_until until;
    struct bench_evolve_log log;
    struct bench_evolve_table table;
};

static struct pm_algorithm *read_text(const char *text, struct pm_error *error)
{
    struct pm_algorithm *algorithm = NULL;
    pm_algorithm_parse(text, strlen(text), 16, PM_PARSE_STRICT, NULL, NULL, &algorithm, error);
    return algorithm;
}

/* ---- one run ---- */

struct limit {
    double until; /* processor seconds; 0: none */
};

static bool observe(void *context, const struct pm_evolution_progress *progress)
{
    const struct limit *limit = context;
    (void)progress;
    return limit->until == 0.0 || bench_cpu_s() < limit->until;
}

static int64_t count_instructions(const struct pm_algorithm *algorithm)
{
    int64_t count = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        count += algorithm->length[phase];
    }
    return count;
}

/* Nothing found counts as the score of guessing. */
static bool take_best(const struct bench *bench, const struct pm_evolution_result *found,
                      struct bench_evolve_run *run, struct pm_error *error)
{
    run->score = run->search_score = 0.5;
    if (found->count == 0) {
        return true;
    }
    const struct pm_algorithm *best = found->items[0].algorithm;
    run->search_score = found->items[0].fitness;
    run->instructions = count_instructions(best);
    return pm_suite_score(bench->config->evaluation, &best, 1, &run->score, NULL, &bench->until,
                          error);
}

static bool evolve(const struct bench *bench, const struct pm_algorithm *const *seeds,
                   struct bench_evolve_run *run, struct pm_error *error)
{
    const struct bench_evolve_case *of = &run->of;
    const double cpu_start = bench_cpu_s();
    const int64_t start_ns = pm_clock_monotonic_ns();
    struct limit limit = {of->cpu_seconds > 0.0 ? cpu_start + of->cpu_seconds : 0.0};
    struct pm_evolution_config config = pm_evolution_config_default();
    struct pm_evolution_result found;
    config.engine = of->engine;
    config.profile = of->profile;
    config.generations = (int)of->generations;
    config.population = (int)of->population;
    config.seed = (uint64_t)of->seed;
    config.budget = FINALISTS;
    config.stop = pm_stop_flag();
    if (of->idioms >= 0.0) {
        config.idiom_probability = of->idioms;
    }
    if (!pm_evolution_run(&config, seeds, BENCH_START_SEEDS, bench->search, observe, &limit, &found,
                          error)) {
        return false;
    }
    const bool done = pm_evolution_choose(&found, bench->choice, 1, &bench->until, error);
    run->seconds = (double)(pm_clock_monotonic_ns() - start_ns) * 1e-9;
    run->cpu_seconds = bench_cpu_s() - cpu_start;
    run->candidates = (int64_t)found.candidates;
    run->generations = found.generations;
    const bool scored = done && take_best(bench, &found, run, error);
    pm_evolution_result_clear(&found);
    return scored;
}

static bool run_case(const struct bench *bench, const struct bench_start *start,
                     struct bench_evolve_run *run, struct pm_error *error)
{
    struct pm_algorithm *seeds[BENCH_START_SEEDS] = {NULL};
    bool done = true;
    for (size_t i = 0; done && i < BENCH_START_SEEDS; i++) {
        seeds[i] = read_text(start->seeds[i].text, error);
        done = seeds[i] != NULL;
    }
    done = done && evolve(bench, (const struct pm_algorithm *const *)seeds, run, error);
    for (size_t i = 0; i < BENCH_START_SEEDS; i++) {
        pm_algorithm_destroy(seeds[i]);
    }
    /* A search that was asked to stop returns what it has: no result of this case. */
    if (done && atomic_load(pm_stop_flag())) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "bench evolve: asked to stop");
    }
    return done;
}

static bool run_or_recall(struct bench *bench, const struct bench_start *start,
                          struct bench_evolve_run *run, struct pm_error *error)
{
    const struct bench_evolve_run *known = bench_evolve_log_find(&bench->log, &run->of);
    if (known != NULL) {
        *run = *known;
        return true;
    }
    return run_case(bench, start, run, error) &&
           (bench->config->log == NULL || bench_evolve_log_append(bench->config->log, run, error));
}

/* ---- series ---- */

static bool run_series(struct bench *bench, const char *engine, const struct bench_start *start,
                       struct pm_error *error)
{
    const struct pm_bench_evolve_config *config = bench->config;
    struct bench_evolve_run runs[PM_BENCH_SERIES_MAX];
    for (int64_t i = 0; i < config->runs; i++) {
        struct bench_evolve_run *run = &runs[i];
        *run = (struct bench_evolve_run){.of = {.seed = config->first_seed + i,
                                                .generations = config->generations,
                                                .population = config->population,
                                                .cpu_seconds = config->cpu_seconds,
                                                .idioms = config->idioms}};
        snprintf(run->of.engine, sizeof run->of.engine, "%s", engine);
        snprintf(run->of.start, sizeof run->of.start, "%s", start->name);
        snprintf(run->of.profile, sizeof run->of.profile, "%s", config->profile);
        snprintf(run->of.dataset, sizeof run->of.dataset, "%.16s", bench->search->fingerprint);
        if (!run_or_recall(bench, start, run, error) ||
            !bench_evolve_print_run(&bench->table, run, error)) {
            return false;
        }
    }
    return bench_evolve_print_summary(&bench->table, runs, (size_t)config->runs, error);
}

static bool print_references(struct bench *bench, struct pm_error *error)
{
    for (size_t i = 0; i < BENCH_REFERENCE_COUNT; i++) {
        double score, search_score;
        struct pm_algorithm *algorithm = read_text(BENCH_REFERENCES[i].text, error);
        const struct pm_algorithm *one = algorithm;
        const bool done =
            algorithm != NULL &&
            pm_suite_score(bench->config->evaluation, &one, 1, &score, NULL, &bench->until,
                           error) &&
            pm_suite_score(bench->search, &one, 1, &search_score, NULL, &bench->until, error) &&
            bench_evolve_print_reference(&bench->table, BENCH_REFERENCES[i].name, score,
                                         search_score, error);
        pm_algorithm_destroy(algorithm);
        if (!done) {
            return false;
        }
    }
    return true;
}

/* Whether `name` is among the names in `list`, which are separated by commas. */
static bool is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',' ? 1 : 0;
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool run_start(struct bench *bench, const struct bench_start *start, struct pm_error *error)
{
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i)) != NULL; i++) {
        if (is_listed(bench->config->engines, engine) && !run_series(bench, engine, start, error)) {
            return false;
        }
    }
    return bench_evolve_print_comparisons(&bench->table, start->name, error);
}

static bool run_all(struct bench *bench, struct pm_error *error)
{
    if (!print_references(bench, error)) {
        return false;
    }
    for (size_t i = 0; i < BENCH_START_COUNT; i++) {
        if (is_listed(bench->config->starts, BENCH_STARTS[i].name) &&
            !run_start(bench, &BENCH_STARTS[i], error)) {
            return false;
        }
    }
    return true;
}

/* ---- the names that were given ---- */

static bool is_engine(const char *name)
{
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i)) != NULL; i++) {
        if (strcmp(engine, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_start(const char *name)
{
    for (size_t i = 0; i < BENCH_START_COUNT; i++) {
        if (strcmp(BENCH_STARTS[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_names(const char *list, bool (*is_known)(const char *name), const char *what,
                        struct pm_error *error)
{
    for (const char *at = list; at != NULL;) {
        char name[BENCH_NAME_SIZE];
        const char *end = strchr(at, ',');
        const size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (!is_known(name)) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "bench evolve: there is no %s \"%s\"; names are separated by commas",
                           what, name);
        }
        at = end != NULL ? end + 1 : NULL;
    }
    return true;
}

bool pm_bench_evolve(const struct pm_bench_evolve_config *config, struct pm_error *error)
{
    struct bench bench = {
        .config = config, .until = {.stop = pm_stop_flag()}, .table = {.json = config->json}};
    const enum pm_suite_edition edition = config->evaluation->edition;
    const int dim = config->evaluation->input_dim;
    const bool done =
        check_names(config->engines, is_engine, "engine", error) &&
        check_names(config->starts, is_start, "start", error) &&
        (config->log == NULL || bench_evolve_log_read(config->log, &bench.log, error)) &&
        pm_suite_search(config->dataset, edition, dim, SEARCH_SUITE_SEED, 0, &bench.until,
                        &bench.search, error) &&
        pm_suite_search(config->dataset, edition, dim, CHOICE_SUITE_SEED, 0, &bench.until,
                        &bench.choice, error) &&
        run_all(&bench, error);
    pm_suite_destroy(bench.search);
    pm_suite_destroy(bench.choice);
    bench_evolve_log_clear(&bench.log);
    return done;
}
