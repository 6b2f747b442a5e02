#include "bench/programs.h"
#include "bench/row.h"
#include "bench/search.h"
#include "bench/tasks.h"

#include <math.h>

#include <poolminer/clock.h>
#include <poolminer/evolution.h>

enum { GENERATIONS = 20, REPEATS = 3 };

/* One of three runs, the quickest. */
static bool evolve(const struct pm_suite *suite, const struct pm_algorithm *seed, bool forgetful,
                   struct pm_evolution_savings *savings, uint64_t *candidates, double *seconds,
                   struct pm_error *error)
{
    struct pm_evolution_config config = pm_evolution_config_default();
    config.generations = GENERATIONS;
    config.seed = 1;
    config.forgetful = forgetful;
    *seconds = INFINITY;
    for (int i = 0; i < REPEATS; i++) {
        struct pm_evolution_result result;
        const int64_t start = pm_clock_monotonic_ns();
        if (!pm_evolution_run(&config, &seed, 1, suite, NULL, NULL, &result, error)) {
            return false;
        }
        *seconds = fmin(*seconds, (double)(pm_clock_monotonic_ns() - start) * 1e-9);
        *savings = result.savings;
        *candidates = result.candidates;
        pm_evolution_result_clear(&result);
    }
    return true;
}

static bool savings_row(const struct pm_bench_evaluate_config *config, const struct pm_suite *suite,
                        const struct pm_algorithm *seed, struct pm_error *error)
{
    struct pm_evolution_savings savings, without;
    uint64_t candidates;
    double seconds, forgetful_seconds;
    if (!evolve(suite, seed, false, &savings, &candidates, &seconds, error) ||
        !evolve(suite, seed, true, &without, &candidates, &forgetful_seconds, error)) {
        return false;
    }
    const double all =
        (double)(savings.known + savings.hopeless + savings.quick + savings.complete);
    struct bench_row row = bench_row_empty("evolution", "fast");
    row.simd = pm_simd_level_name(suite->simd_level);
    row.threads = config->threads;
    row.us_per_algorithm = seconds * 1e6 / (double)candidates;
    bench_row_add(&row, "known", (double)savings.known / all);
    bench_row_add(&row, "hopeless", (double)savings.hopeless / all);
    bench_row_add(&row, "quick", (double)savings.quick / all);
    bench_row_add(&row, "complete", (double)savings.complete / all);
    bench_row_add(&row, "alive", (double)savings.alive / (double)savings.instructions);
    bench_row_add(&row, "without_cache", forgetful_seconds / seconds);
    return bench_row_print(&row, config->json, error);
}

bool bench_savings(const struct pm_bench_evaluate_config *config, struct pm_error *error)
{
    struct pm_suite suite, *search = NULL;
    if (!bench_suite_create(&suite, error)) {
        return false;
    }
    struct pm_algorithm *seed = bench_program("linear", error);
    const bool done = seed != NULL &&
                      pm_suite_slice(&suite, 0, PM_SUITE_SEARCH_TASKS, &search, error) &&
                      savings_row(config, search, seed, error);
    pm_algorithm_destroy(seed);
    pm_suite_destroy(search);
    bench_suite_destroy(&suite);
    return done;
}
