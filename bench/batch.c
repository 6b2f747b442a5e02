#include "bench/batch.h"

#include "bench/programs.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include <poolminer/clock.h>
#include <poolminer/score_trace.h>

enum {
    JOB = 8,               /* algorithms of a job */
    REFERENCE_SAMPLE = 20, /* of the random algorithms, on the slow executor */
};

/* Threads with a processor each, for which idle time is worked out from the times of pieces. */
enum { CROWD_COUNT = 3 };
static const struct {
    size_t threads;
    const char *name;
} CROWDS[CROWD_COUNT] = {{2, "idle_of_2"}, {8, "idle_of_8"}, {64, "idle_of_64"}};

struct batch {
    const struct pm_algorithm **algorithms;
    size_t count;
    double *scores;
    int threads;
    int64_t quickest_ns;
    double idle; /* of its threads' time, in the quickest run */
};

/* Of one algorithm of a batch, in the mean. */
struct mean {
    double reference_us;
    double least_us; /* on one thread, as the machine goes */
    double instruction_examples;
    enum pm_machine_limit limit; /* that most of the least time is due to */
};

/* What is needed to work idle time out: of each piece the time of the run in which it took least.
 */
static void keep_least(const struct pm_score_trace *trace, struct pm_score_trace *least, bool first)
{
    const size_t pieces = trace->algorithms * trace->parts;
    least->algorithms = trace->algorithms;
    least->parts = trace->parts;
    for (size_t i = 0; i < trace->algorithms; i++) {
        if (first || trace->compile_ns[i] < least->compile_ns[i]) {
            least->compile_ns[i] = trace->compile_ns[i];
        }
    }
    for (size_t i = 0; i < pieces; i++) {
        if (first || trace->piece_ns[i] < least->piece_ns[i]) {
            least->piece_ns[i] = trace->piece_ns[i];
        }
    }
}

static void note_idle(struct bench *bench, struct batch *batch, int64_t took_ns)
{
    const struct pm_score_trace *trace = bench->suite.trace;
    if (trace->threads != (size_t)batch->threads) {
        return; /* the run on one thread beside it, or there was no room */
    }
    keep_least(trace, bench->least, batch->quickest_ns == 0);
    if (batch->quickest_ns == 0 || took_ns < batch->quickest_ns) {
        batch->quickest_ns = took_ns;
        batch->idle = pm_score_trace_idle(trace);
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
    note_idle(bench, batch, pm_clock_monotonic_ns() - begin);
    return true;
}

static bool measure_batch(struct bench *bench, struct batch *batch, int threads,
                          struct bench_timing *one, struct bench_timing *all,
                          struct pm_error *error)
{
    batch->threads = threads;
    batch->quickest_ns = 0;
    batch->idle = (double)NAN;
    return bench_measure_turns(bench, work_batch, batch, threads, one, all, error);
}

/* Nothing is known of a batch that the trace has no room for. */
static void add_crowds(const struct bench *bench, const struct batch *batch, struct bench_row *row)
{
    if (batch->quickest_ns == 0) {
        return;
    }
    for (int i = 0; i < CROWD_COUNT; i++) {
        bench_row_add(row, CROWDS[i].name,
                      pm_score_trace_idle_with(bench->least, CROWDS[i].threads));
    }
    bench_row_add(row, "least_idle_of_64", pm_score_trace_least_idle_with(bench->least, 64));
}

/* What the machine needs and the programs say; the reference's time is left as it is. */
static bool find_mean(const struct bench *bench, const struct batch *batch, struct mean *mean,
                      struct pm_error *error)
{
    struct pm_lane_program *program = pm_lane_program_create(bench->suite.simd_level);
    double due_to[PM_MACHINE_LIMITS] = {0};
    bool done = program != NULL ||
                pm_fail(error, PM_ERROR_MEMORY, "out of memory for a compiled algorithm");
    mean->least_us = mean->instruction_examples = 0;
    for (size_t i = 0; done && i < batch->count; i++) {
        enum pm_machine_limit limit;
        done = pm_lane_program_compile(program, batch->algorithms[i], error);
        if (done) {
            const double least_us = bench_least_us(bench, program, &limit);
            due_to[limit] += least_us;
            mean->least_us += least_us / (double)batch->count;
            mean->instruction_examples +=
                bench_instruction_examples(batch->algorithms[i]) / (double)batch->count;
        }
    }
    mean->limit = PM_LIMIT_ARITHMETIC;
    for (int i = 0; i < PM_MACHINE_LIMITS; i++) {
        if (due_to[i] > due_to[mean->limit]) {
            mean->limit = (enum pm_machine_limit)i;
        }
    }
    pm_lane_program_destroy(program);
    return done;
}

/* A batch on 1, 2, 4, ... and all threads. */
static bool bench_threads(struct bench *bench, const char *name, struct batch *batch,
                          double reference_us, struct pm_error *error)
{
    struct mean mean = {.reference_us = reference_us};
    bool done = find_mean(bench, batch, &mean, error);
    for (int threads = 1; done && threads > 0;
         threads = bench_more_threads(bench->config, threads)) {
        struct bench_timing one, all;
        struct bench_row row = bench_row_of(bench, name, "fast");
        if (!measure_batch(bench, batch, threads, &one, &all, error)) {
            return false;
        }
        row.machine_code = bench->code != NULL && !bench->suite.interpret;
        row.us_per_algorithm = all.us / (double)batch->count;
        row.ns_per_instruction_example =
            row.us_per_algorithm * 1e3 / (BENCH_TASKS * mean.instruction_examples);
        row.ratio_to_reference = mean.reference_us / row.us_per_algorithm;
        row.machine_share = mean.least_us / (row.us_per_algorithm * threads);
        row.limit = pm_machine_limit_name(mean.limit);
        bench_row_set_threads(&row, threads, one.us / (all.us * threads), bench->suite.simd_level);
        bench_row_add(&row, "cpu_scaling", one.cpu_us / all.cpu_us);
        bench_row_add(&row, "idle", batch->idle);
        if (threads == 1) {
            add_crowds(bench, batch, &row);
        }
        done = bench_row_print(&row, bench->config->json, error);
    }
    return done;
}

bool bench_copies(struct bench *bench, const char *name, const struct pm_algorithm *algorithm,
                  size_t count, double reference_us, struct pm_error *error)
{
    const struct pm_algorithm *copies[BENCH_COPIES_MAX];
    double scores[BENCH_COPIES_MAX];
    struct batch batch = {.algorithms = copies, .count = count, .scores = scores};
    assert(count <= BENCH_COPIES_MAX);
    for (size_t i = 0; i < count; i++) {
        copies[i] = algorithm;
    }
    return bench_threads(bench, name, &batch, reference_us, error);
}

bool bench_job(struct bench *bench, struct pm_error *error)
{
    struct pm_algorithm *linear = bench_program("linear", error);
    struct pm_algorithm *net = linear != NULL ? bench_program("net", error) : NULL;
    const struct pm_algorithm *algorithms[JOB];
    double scores[JOB], linear_us = 0, net_us = 0;
    struct batch batch = {.algorithms = algorithms, .count = JOB, .scores = scores};
    for (size_t i = 0; i < JOB; i++) {
        algorithms[i] = i % 2 == 0 ? linear : net;
    }
    const bool done = net != NULL &&
                      bench_measure(bench, bench_work_reference, linear, &linear_us, error) &&
                      bench_measure(bench, bench_work_reference, net, &net_us, error) &&
                      bench_threads(bench, "job_of_8", &batch, (linear_us + net_us) / 2, error);
    pm_algorithm_destroy(linear);
    pm_algorithm_destroy(net);
    return done;
}

/* How many times longer than the fast executor the reference takes for some of the programs, of
 * which all would take half an hour. */
static bool measure_sample(struct bench *bench, const struct batch *all, double *ratio,
                           struct pm_error *error)
{
    struct batch sample = *all;
    double reference_us = (double)NAN, fast_us = (double)NAN;
    sample.count = all->count < REFERENCE_SAMPLE ? all->count : REFERENCE_SAMPLE;
    bool done = bench_measure(bench, work_batch, &sample, &fast_us, error);
    bench->suite.reference = true;
    done = done && bench_measure(bench, work_batch, &sample, &reference_us, error);
    bench->suite.reference = false;
    *ratio = reference_us / fast_us;
    return done;
}

static bool measure_random(struct bench *bench, struct batch *batch, struct pm_error *error)
{
    double whole_us = (double)NAN, ratio = (double)NAN;
    return bench_measure(bench, work_batch, batch, &whole_us, error) &&
           measure_sample(bench, batch, &ratio, error) &&
           bench_threads(bench, "random_mean", batch, ratio * whole_us / (double)batch->count,
                         error);
}

bool bench_random(struct bench *bench, struct pm_error *error)
{
    const size_t count = bench->config->algorithms;
    struct pm_algorithm **algorithms = calloc(count, sizeof(struct pm_algorithm *));
    struct batch batch = {.algorithms = (const struct pm_algorithm **)algorithms,
                          .count = count,
                          .scores = calloc(count, sizeof(double))};
    bool done = algorithms != NULL && batch.scores != NULL;
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for %zu random algorithms", count);
    }
    for (size_t i = 0; i < count && done; i++) {
        algorithms[i] = bench_random_program(i, error);
        done = algorithms[i] != NULL;
    }
    done = done && measure_random(bench, &batch, error);
    for (size_t i = 0; algorithms != NULL && i < count; i++) {
        pm_algorithm_destroy(algorithms[i]);
    }
    free(algorithms);
    free(batch.scores);
    return done;
}
