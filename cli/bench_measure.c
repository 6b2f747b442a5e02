#include "cli/bench_measure.h"

#include "cli/bench_cpu.h"

#include <math.h>

#include <poolminer/clock.h>
#include <poolminer/score_trace.h>

enum {
    RUNS_MIN = 3,
    RUNS_MAX = 200,
    CODE_BYTES = 1 << 20,
};
static const int64_t MEASURE_NS = 400000000; /* time for the runs of one figure */
static const int64_t SLOW_NS = 2000000000;   /* after which one run is enough */

bool bench_open(struct bench *bench, const struct bench_evaluate_config *config, size_t batch,
                struct pm_error *error)
{
    *bench = (struct bench){.config = config};
    if (!bench_suite_create(&bench->suite, error)) {
        return false;
    }
    bench->lanes = pm_lanes_create();
    bench->executor = pm_executor_create();
    bench->code =
        bench->suite.simd_level == PM_SIMD_AVX512 ? pm_lane_code_create(CODE_BYTES) : NULL;
    bench->suite.trace =
        pm_score_trace_create(batch, bench->suite.lanes->group_count, (size_t)config->threads);
    if (bench->lanes == NULL || bench->executor == NULL || bench->suite.trace == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
    }
    return pm_machine_probe(bench->suite.simd_level, bench->suite.lanes, &bench->machine, error);
}

void bench_close(struct bench *bench)
{
    pm_lanes_destroy(bench->lanes);
    pm_executor_destroy(bench->executor);
    pm_lane_code_destroy(bench->code);
    pm_score_trace_destroy(bench->suite.trace);
    bench_suite_destroy(&bench->suite);
}

bool bench_measure_both(struct bench *bench, bench_work *work, void *context,
                        struct bench_timing *out, struct pm_error *error)
{
    const int64_t begin = pm_clock_monotonic_ns();
    int64_t best = INT64_MAX, best_cpu = INT64_MAX;
    for (int run = 0; run < RUNS_MAX; run++) {
        const int64_t start = pm_clock_monotonic_ns();
        const int64_t spent = start - begin;
        if (spent > SLOW_NS || (run >= RUNS_MIN && spent > MEASURE_NS)) {
            break;
        }
        const int64_t cpu_start = bench_cpu_ns();
        if (!work(bench, context, error)) {
            return false;
        }
        const int64_t took_cpu = bench_cpu_ns() - cpu_start;
        const int64_t took = pm_clock_monotonic_ns() - start;
        best = took < best ? took : best;
        best_cpu = took_cpu < best_cpu ? took_cpu : best_cpu;
    }
    *out = (struct bench_timing){(double)best * 1e-3, (double)best_cpu * 1e-3};
    return true;
}

bool bench_measure(struct bench *bench, bench_work *work, void *context, double *us,
                   struct pm_error *error)
{
    struct bench_timing timing = {NAN, NAN};
    const bool measured = bench_measure_both(bench, work, context, &timing, error);
    *us = timing.us;
    return measured;
}

bool bench_work_reference(struct bench *bench, void *context, struct pm_error *error)
{
    const struct pm_algorithm *algorithm = context;
    float predictions[BENCH_VALIDATION_EXAMPLES];
    for (size_t i = 0; i < bench->suite.count; i++) {
        if (!pm_executor_run(bench->executor, algorithm, &bench->suite.tasks[i], predictions,
                             error)) {
            return false;
        }
        bench->scores[i] = pm_task_score(&bench->suite.tasks[i], predictions);
    }
    return true;
}

double bench_least_us(const struct bench *bench, const struct pm_lane_program *program,
                      enum pm_machine_limit *limit)
{
    const struct pm_lane_work work =
        pm_lane_program_work(program, BENCH_TRAIN_EXAMPLES, BENCH_VALIDATION_EXAMPLES);
    return pm_machine_least_seconds(&bench->machine, &work, limit) *
           (double)bench->suite.lanes->group_count * 1e6;
}

struct bench_row bench_row_of(const struct bench *bench, const char *program, const char *executor)
{
    struct bench_row row = bench_row_empty(program, executor);
    if (executor[0] == 'f') {
        row.simd = pm_simd_level_name(bench->suite.simd_level);
    }
    return row;
}
