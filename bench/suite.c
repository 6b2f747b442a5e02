#include "bench/row.h"
#include "bench/search.h"

#include <math.h>

#include <poolminer/clock.h>
#include <poolminer/suite.h>

enum { INPUT_DIM = 16, REPEATS = 5 };

static double milliseconds_since(int64_t start_ns)
{
    return (double)(pm_clock_monotonic_ns() - start_ns) * 1e-6;
}

/* The suite is built every time; it is opened where it is kept, or built and kept by the first. */
static bool measure(const struct pm_dataset *dataset, double *build_ms, double *open_ms,
                    struct pm_error *error)
{
    *build_ms = *open_ms = INFINITY;
    for (int i = 0; i < REPEATS; i++) {
        struct pm_suite *built = NULL, *opened = NULL;
        const int64_t building = pm_clock_monotonic_ns();
        if (!pm_suite_evaluation(dataset, PM_EDITION_FIRST2000, INPUT_DIM, 0, NULL, &built,
                                 error)) {
            return false;
        }
        *build_ms = fmin(*build_ms, milliseconds_since(building));
        pm_suite_destroy(built);
        const int64_t opening = pm_clock_monotonic_ns();
        if (!pm_suite_evaluation_kept(dataset, PM_EDITION_FIRST2000, INPUT_DIM, 0, NULL, &opened,
                                      error)) {
            return false;
        }
        *open_ms = fmin(*open_ms, milliseconds_since(opening));
        pm_suite_destroy(opened);
    }
    return true;
}

bool bench_suite(const struct pm_bench_evaluate_config *config, struct pm_error *error)
{
    struct pm_dataset *dataset = NULL;
    double build_ms, open_ms;
    if (!pm_dataset_open("synthetic", &dataset, error)) {
        return false;
    }
    bool done = measure(dataset, &build_ms, &open_ms, error);
    pm_dataset_destroy(dataset);
    if (done) {
        struct bench_row row = bench_row_empty("tasks", "fast");
        row.threads = config->threads;
        bench_row_add(&row, "build_ms", build_ms);
        bench_row_add(&row, "open_ms", open_ms);
        done = bench_row_print(&row, config->json, error);
    }
    return done;
}
