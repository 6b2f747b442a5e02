#include "cli/bench_evaluate.h"

#include "cli/bench_cpu.h"
#include "cli/bench_programs.h"
#include "cli/bench_row.h"
#include "cli/bench_search.h"
#include "cli/bench_tasks.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/executor.h>
#include <poolminer/lane_probe.h>
#include <poolminer/score_trace.h>

enum {
    BATCH = 64,            /* copies of a program for measuring threads */
    MIXED_BATCH = 8,       /* algorithms of a job */
    REFERENCE_SAMPLE = 20, /* of the random algorithms, on the slow executor */
    RUNS_MIN = 3,
    RUNS_MAX = 200,
};
static const int64_t MEASURE_NS = 400000000; /* time for the runs of one figure */
static const int64_t SLOW_NS = 2000000000;   /* after which one run is enough */

/* Threads with a processor each, for which idle time is worked out from the times of pieces. */
enum { CROWD_COUNT = 3 };
static const struct {
    size_t threads;
    const char *name;
} CROWDS[CROWD_COUNT] = {{2, "idle_of_2"}, {8, "idle_of_8"}, {64, "idle_of_64"}};

struct bench {
    const struct bench_evaluate_config *config;
    struct pm_suite suite;
    struct pm_machine machine;
    struct pm_lanes *lanes;
    struct pm_executor *executor;
    struct pm_lane_code *code; /* NULL: none to be had */
    double scores[BENCH_TASKS];
};

/* ---- measuring ---- */

/* What is timed; returns false with the error set. */
typedef bool timed_work(struct bench *bench, void *context, struct pm_error *error);

/* Microseconds of the run that took least: what disturbs a run only makes it slower. */
struct timing {
    double us;     /* by the clock */
    double cpu_us; /* of processors, of all threads: other programs lengthen it less */
};

static bool measure_both(struct bench *bench, timed_work *work, void *context, struct timing *out,
                         struct pm_error *error)
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
    *out = (struct timing){(double)best * 1e-3, (double)best_cpu * 1e-3};
    return true;
}

static bool measure(struct bench *bench, timed_work *work, void *context, double *us,
                    struct pm_error *error)
{
    struct timing timing = {NAN, NAN};
    const bool measured = measure_both(bench, work, context, &timing, error);
    *us = timing.us;
    return measured;
}

struct compiled {
    const struct pm_algorithm *algorithm;
    struct pm_lane_program *program;
    bool translate;
};

static bool work_compile(struct bench *bench, void *context, struct pm_error *error)
{
    const struct compiled *compiled = context;
    if (!pm_lane_program_compile(compiled->program, compiled->algorithm, error)) {
        return false;
    }
    if (compiled->translate && bench->code != NULL) {
        pm_lane_code_reset(bench->code);
        pm_lane_program_translate(compiled->program, bench->code);
    }
    return true;
}

static bool work_fast(struct bench *bench, void *context, struct pm_error *error)
{
    const struct compiled *compiled = context;
    const struct pm_lane_request request = {.accuracy = bench->scores};
    return pm_lanes_run(bench->lanes, compiled->program, bench->suite.lanes, 0,
                        bench->suite.lanes->group_count, &request, error);
}

static bool work_reference(struct bench *bench, void *context, struct pm_error *error)
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

struct batch {
    const struct pm_algorithm **algorithms;
    size_t count;
    double *scores;
    int64_t quickest_ns;
    double idle;                   /* of its threads' time, in the quickest run */
    double idle_with[CROWD_COUNT]; /* of as many threads, from the same pieces */
};

static void note_idle(const struct pm_score_trace *trace, struct batch *batch, int64_t took_ns)
{
    if (trace->threads == 0 || (batch->quickest_ns > 0 && took_ns >= batch->quickest_ns)) {
        return;
    }
    batch->quickest_ns = took_ns;
    batch->idle = pm_score_trace_idle(trace);
    for (int i = 0; i < CROWD_COUNT; i++) {
        batch->idle_with[i] = pm_score_trace_idle_with(trace, CROWDS[i].threads);
    }
}

static bool work_batch(struct bench *bench, void *context, struct pm_error *error)
{
    struct batch *batch = context;
    const int64_t begin = pm_clock_monotonic_ns();
    if (!pm_suite_score(&bench->suite, batch->algorithms, batch->count, batch->scores, NULL, NULL,
                        error)) {
        return false;
    }
    note_idle(bench->suite.trace, batch, pm_clock_monotonic_ns() - begin);
    return true;
}

static bool measure_batch(struct bench *bench, struct batch *batch, int threads, struct timing *out,
                          struct pm_error *error)
{
    omp_set_num_threads(threads);
    batch->quickest_ns = 0;
    batch->idle = (double)NAN;
    bool measured = measure_both(bench, work_batch, batch, out, error);
    omp_set_num_threads(bench->config->threads);
    return measured;
}

/* ---- one program ---- */

static struct bench_row row_of(const struct bench *bench, const char *program, const char *executor)
{
    struct bench_row row = bench_row_empty(program, executor);
    if (executor[0] == 'f') {
        row.simd = pm_simd_level_name(bench->suite.simd_level);
    }
    return row;
}

static double ns_per_instruction_example(double us, const struct pm_algorithm *algorithm)
{
    return us * 1e3 / (BENCH_TASKS * bench_instruction_examples(algorithm));
}

static bool bench_reference(struct bench *bench, const char *name, struct pm_algorithm *algorithm,
                            double *us, struct pm_error *error)
{
    struct bench_row row = row_of(bench, name, "reference");
    if (!measure(bench, work_reference, algorithm, us, error)) {
        return false;
    }
    row.us_per_algorithm = *us;
    row.ns_per_instruction_example = ns_per_instruction_example(*us, algorithm);
    row.ratio_to_reference = 1;
    return bench_row_print(&row, bench->config->json, error);
}

static bool bench_fast(struct bench *bench, const char *name, const struct pm_algorithm *algorithm,
                       double reference_us, bool translate, struct pm_error *error)
{
    struct compiled compiled = {.algorithm = algorithm,
                                .program = pm_lane_program_create(bench->suite.simd_level),
                                .translate = translate};
    struct bench_row row = row_of(bench, name, "fast");
    enum pm_machine_limit limit;
    if (compiled.program == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a compiled algorithm");
    }
    bool done = measure(bench, work_compile, &compiled, &row.us_compile, error) &&
                measure(bench, work_fast, &compiled, &row.us_per_algorithm, error);
    if (done) {
        const struct pm_lane_work work =
            pm_lane_program_work(compiled.program, BENCH_TRAIN_EXAMPLES, BENCH_VALIDATION_EXAMPLES);
        const struct pm_lane_program_info info = pm_lane_program_info(compiled.program);
        const double least = pm_machine_least_seconds(&bench->machine, &work, &limit) *
                             bench->suite.lanes->group_count;
        row.machine_code = info.native[1] || info.native[2];
        row.ns_per_instruction_example =
            ns_per_instruction_example(row.us_per_algorithm, algorithm);
        row.ratio_to_reference = reference_us / row.us_per_algorithm;
        row.machine_share = least * 1e6 / row.us_per_algorithm;
        row.limit = pm_machine_limit_name(limit);
        done = bench_row_print(&row, bench->config->json, error);
    }
    pm_lane_program_destroy(compiled.program);
    return done;
}

/* A batch on 1, 2, 4, ... and all threads; `row` has what does not depend on them. */
static bool bench_threads(struct bench *bench, struct batch *batch, struct bench_row row,
                          double reference_us, const struct pm_algorithm *algorithm,
                          struct pm_error *error)
{
    struct timing one = {NAN, NAN};
    bool done = true;
    for (int threads = 1; done && threads > 0;
         threads = bench_more_threads(bench->config, threads)) {
        struct timing took = {NAN, NAN};
        if (!measure_batch(bench, batch, threads, &took, error)) {
            return false;
        }
        one = threads == 1 ? took : one;
        row.extra_count = 0;
        row.us_per_algorithm = took.us / (double)batch->count;
        bench_row_set_threads(&row, threads, one.us / (took.us * threads), bench->suite.simd_level);
        bench_row_add(&row, "cpu_scaling", one.cpu_us / took.cpu_us);
        bench_row_add(&row, "idle", batch->idle);
        for (int i = 0; threads == 1 && i < CROWD_COUNT; i++) {
            bench_row_add(&row, CROWDS[i].name, batch->idle_with[i]);
        }
        if (algorithm != NULL) {
            row.ns_per_instruction_example =
                ns_per_instruction_example(row.us_per_algorithm, algorithm);
            row.ratio_to_reference = reference_us / row.us_per_algorithm;
        }
        done = bench_row_print(&row, bench->config->json, error);
    }
    return done;
}

/* Many copies of the program. */
static bool bench_copies(struct bench *bench, const char *name,
                         const struct pm_algorithm *algorithm, double reference_us,
                         struct pm_error *error)
{
    const struct pm_algorithm *copies[BATCH];
    double scores[BATCH];
    struct batch batch = {.algorithms = copies, .count = BATCH, .scores = scores};
    struct bench_row row = row_of(bench, name, "fast");
    for (size_t i = 0; i < BATCH; i++) {
        copies[i] = algorithm;
    }
    row.machine_code = bench->code != NULL && !bench->suite.interpret;
    return bench_threads(bench, &batch, row, reference_us, algorithm, error);
}

static bool bench_one(struct bench *bench, const char *name, struct pm_error *error)
{
    double reference_us = NAN;
    struct pm_algorithm *algorithm = bench_program(name, error);
    bool done =
        algorithm != NULL && bench_reference(bench, name, algorithm, &reference_us, error) &&
        bench_fast(bench, name, algorithm, reference_us, false, error) &&
        (bench->code == NULL || bench_fast(bench, name, algorithm, reference_us, true, error)) &&
        bench_copies(bench, name, algorithm, reference_us, error);
    pm_algorithm_destroy(algorithm);
    return done;
}

/* ---- many programs ---- */

/* A job's worth: half of it linear models, half of it networks. */
static bool bench_job(struct bench *bench, struct pm_error *error)
{
    struct pm_algorithm *linear = bench_program("linear", error);
    struct pm_algorithm *net = linear != NULL ? bench_program("net", error) : NULL;
    const struct pm_algorithm *algorithms[MIXED_BATCH];
    double scores[MIXED_BATCH];
    struct batch batch = {.algorithms = algorithms, .count = MIXED_BATCH, .scores = scores};
    struct bench_row row = row_of(bench, "job_of_8", "fast");
    for (size_t i = 0; i < MIXED_BATCH; i++) {
        algorithms[i] = i % 2 == 0 ? linear : net;
    }
    row.machine_code = bench->code != NULL;
    const bool done = net != NULL && bench_threads(bench, &batch, row, NAN, NULL, error);
    pm_algorithm_destroy(linear);
    pm_algorithm_destroy(net);
    return done;
}

/* Random programs, all of them with the fast executor, the first ones with the reference too. */
static bool measure_random(struct bench *bench, struct batch *batch, struct bench_row *row,
                           struct pm_error *error)
{
    const size_t all = batch->count;
    const size_t sample = all < REFERENCE_SAMPLE ? all : REFERENCE_SAMPLE;
    struct timing whole, reference = {NAN, NAN}, part = {NAN, NAN};
    if (!measure_batch(bench, batch, 1, &whole, error)) {
        return false;
    }
    row->us_per_algorithm = whole.us / (double)all;
    batch->count = sample;
    bool done = measure_batch(bench, batch, 1, &part, error);
    bench->suite.reference = true;
    done = done && measure_batch(bench, batch, 1, &reference, error);
    bench->suite.reference = false;
    row->ratio_to_reference = reference.us / part.us;
    return done;
}

static bool bench_random(struct bench *bench, struct pm_error *error)
{
    const size_t count = bench->config->algorithms;
    struct pm_algorithm **algorithms = calloc(count, sizeof(struct pm_algorithm *));
    struct batch batch = {.algorithms = (const struct pm_algorithm **)algorithms,
                          .count = count,
                          .scores = calloc(count, sizeof(double))};
    struct bench_row row = row_of(bench, "random_mean", "fast");
    row.machine_code = bench->code != NULL;
    bool done = algorithms != NULL && batch.scores != NULL;
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for %zu random algorithms", count);
    }
    for (size_t i = 0; i < count && done; i++) {
        algorithms[i] = bench_random_program(i, error);
        done = algorithms[i] != NULL;
    }
    done = done && measure_random(bench, &batch, &row, error) &&
           bench_row_print(&row, bench->config->json, error);
    for (size_t i = 0; algorithms != NULL && i < count; i++) {
        pm_algorithm_destroy(algorithms[i]);
    }
    free(algorithms);
    free(batch.scores);
    return done;
}

/* ---- all ---- */

static bool is_wanted(const struct bench *bench, const char *name)
{
    return bench->config->program == NULL || strcmp(bench->config->program, name) == 0;
}

static bool run_all(struct bench *bench, struct pm_error *error)
{
    static const char *const names[] = {"linear", "net", "random"};
    static const struct {
        const char *name;
        bool (*measure)(const struct bench_evaluate_config *config, struct pm_error *error);
    } others[] = {{"search", bench_search}, {"evolution", bench_savings}, {"tasks", bench_suite}};
    if (!bench->config->json) {
        bench_row_print_heading();
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_wanted(bench, names[i]) && !bench_one(bench, names[i], error)) {
            return false;
        }
    }
    if (is_wanted(bench, "job_of_8") && !bench_job(bench, error)) {
        return false;
    }
    if (bench->config->algorithms > 0 && is_wanted(bench, "random_mean") &&
        !bench_random(bench, error)) {
        return false;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (is_wanted(bench, others[i].name) && !others[i].measure(bench->config, error)) {
            return false;
        }
    }
    return true;
}

bool bench_evaluate(const struct bench_evaluate_config *config, struct pm_error *error)
{
    enum { CODE_BYTES = 1 << 20 };
    struct bench bench = {.config = config};
    if (!bench_suite_create(&bench.suite, error)) {
        return false;
    }
    bench.lanes = pm_lanes_create();
    bench.executor = pm_executor_create();
    bench.code = bench.suite.simd_level == PM_SIMD_AVX512 ? pm_lane_code_create(CODE_BYTES) : NULL;
    bench.suite.trace =
        pm_score_trace_create(BATCH, bench.suite.lanes->group_count, (size_t)config->threads);
    bool done = bench.lanes != NULL && bench.executor != NULL && bench.suite.trace != NULL;
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
    }
    done = done &&
           pm_machine_probe(bench.suite.simd_level, bench.suite.lanes, &bench.machine, error) &&
           run_all(&bench, error);
    pm_lanes_destroy(bench.lanes);
    pm_executor_destroy(bench.executor);
    pm_lane_code_destroy(bench.code);
    pm_score_trace_destroy(bench.suite.trace);
    bench_suite_destroy(&bench.suite);
    return done;
}
