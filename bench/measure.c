#include "bench/measure.h"

#include "bench/cpu.h"

#include <math.h>
#include <omp.h>

#include <poolminer/clock.h>
#include <poolminer/score_trace.h>

enum {
    RUNS_MIN = 3,
    RUNS_MAX = 200,
    CODE_BYTES = 1 << 20,
};
static const int64_t MEASURE_NS = 600000000; /* time for the runs of one figure */
static const int64_t SLOW_NS = 2000000000;   /* after which one run is enough */

bool bench_open(struct bench *bench, const struct pm_bench_evaluate_config *config, size_t batch,
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
    bench->least = pm_score_trace_create(batch, bench->suite.lanes->group_count, 1);
    if (bench->lanes == NULL || bench->executor == NULL || bench->suite.trace == NULL ||
        bench->least == NULL) {
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
    pm_score_trace_destroy(bench->least);
    bench_suite_destroy(&bench->suite);
}

static bool run_once(struct bench *bench, bench_work *work, void *context, int threads,
                     struct bench_timing *best, struct pm_error *error)
{
    omp_set_num_threads(threads);
    const int64_t start = pm_clock_monotonic_ns(), cpu_start = bench_cpu_ns();
    if (!work(bench, context, error)) {
        return false;
    }
    const int64_t cpu_ns = bench_cpu_ns() - cpu_start;
    const int64_t ns = pm_clock_monotonic_ns() - start;
    best->us = fmin(best->us, (double)ns * 1e-3);
    best->cpu_us = fmin(best->cpu_us, (double)cpu_ns * 1e-3);
    return true;
}

bool bench_measure_turns(struct bench *bench, bench_work *work, void *context, int threads,
                         struct bench_timing *one, struct bench_timing *all, struct pm_error *error)
{
    const int64_t begin = pm_clock_monotonic_ns();
    bool done = true;
    *one = *all = (struct bench_timing){INFINITY, INFINITY};
    for (int run = 0; done && run < RUNS_MAX; run++) {
        const int64_t spent = pm_clock_monotonic_ns() - begin;
        if (spent > SLOW_NS || (run >= RUNS_MIN && spent > MEASURE_NS)) {
            break;
        }
        done = run_once(bench, work, context, 1, one, error) &&
               (threads == 1 || run_once(bench, work, context, threads, all, error));
    }
    if (threads == 1) {
        *all = *one;
    }
    omp_set_num_threads(bench->config->threads);
    return done;
}

bool bench_measure(struct bench *bench, bench_work *work, void *context, double *us,
                   struct pm_error *error)
{
    struct bench_timing one, all;
    const bool measured = bench_measure_turns(bench, work, context, 1, &one, &all, error);
    *us = one.us;
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
