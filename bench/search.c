#include "bench/search.h"

#include "bench/cpu.h"
#include "bench/row.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/clock.h>
#include <poolminer/lane_probe.h>
#include <poolminer/lane_search.h>
#include <poolminer/lanes.h>
#include <poolminer/numpy_random.h>

enum {
    INPUT_DIM = 4,
    TASKS = 10,
    EXAMPLES = 100, /* for training, and as many for validation */
    POPULATION = 1000,
    TOURNAMENT = 10,
    CHUNKS = 600,
    CHUNK = 250, /* individuals: half a millisecond, which other programs may leave undisturbed */
    REPEATS = 5, /* of the same search; of each chunk the quickest counts */
};
static const int64_t REFERENCE_NS = 1000000000; /* after which it has done enough of the search */
static const double MUTATION_PROBABILITY = 0.9;

#define OP(name) (UINT32_C(1) << PM_OP_##name)
#define LINEAR_OPS (OP(CONST) | OP(ADD) | OP(SUB) | OP(MUL) | OP(DOT))

static const struct pm_profile PROFILE = {
    .name = "linear regression",
    .scalar_count = 4,
    .vector_count = 3,
    .matrix_count = 1,
    .vector_dim = INPUT_DIM,
    .max_ops = {10, 2, 8},
    .ops = {LINEAR_OPS, LINEAR_OPS, LINEAR_OPS},
};

/* Standard normal features; the label is their product with weights that each task has its own. */
static bool make_task(uint32_t id, struct pm_task *task)
{
    const size_t examples = (size_t)2 * EXAMPLES;
    struct pm_numpy_random random;
    double weights[INPUT_DIM];
    pm_numpy_random_seed(&random, id);
    *task = (struct pm_task){.id = id,
                             .regression = true,
                             .input_dim = INPUT_DIM,
                             .train_count = EXAMPLES,
                             .validation_count = EXAMPLES,
                             .features = malloc(examples * (INPUT_DIM + 1) * sizeof(float))};
    if (task->features == NULL) {
        return false;
    }
    task->labels = task->features + examples * INPUT_DIM;
    for (int k = 0; k < INPUT_DIM; k++) {
        weights[k] = pm_numpy_random_normal(&random);
    }
    for (size_t i = 0; i < examples; i++) {
        double label = 0;
        for (size_t k = 0; k < INPUT_DIM; k++) {
            const double x = pm_numpy_random_normal(&random);
            task->features[i * INPUT_DIM + k] = (float)x;
            label += x * weights[k];
        }
        task->labels[i] = (float)label;
    }
    return true;
}

/* One search on each thread, the same on all: what they do is equal. */
struct crowd {
    int threads;
    struct pm_lane_search **searches;
    struct pm_error *errors; /* of each */
    int64_t *cpu_ns;         /* of each, in the last chunk */
};

static bool find_error(const struct crowd *crowd, struct pm_error *error)
{
    for (int i = 0; i < crowd->threads; i++) {
        if (crowd->errors[i].message[0] != '\0') {
            *error = crowd->errors[i];
            return true;
        }
    }
    return false;
}

static void crowd_clear(struct crowd *crowd)
{
    for (int i = 0; crowd->searches != NULL && i < crowd->threads; i++) {
        pm_lane_search_destroy(crowd->searches[i]);
    }
    free(crowd->searches);
    free(crowd->errors);
    free(crowd->cpu_ns);
    *crowd = (struct crowd){0};
}

static bool crowd_create(int threads, const struct pm_task *tasks, bool reference,
                         struct crowd *out, struct pm_error *error)
{
    const struct pm_lane_search_config config = {.profile = &PROFILE,
                                                 .tasks = tasks,
                                                 .task_count = TASKS,
                                                 .population = POPULATION,
                                                 .tournament = TOURNAMENT,
                                                 .mutation_probability = MUTATION_PROBABILITY,
                                                 .reference = reference};
    const size_t count = (size_t)threads;
    *out = (struct crowd){.threads = threads,
                          .searches = calloc(count, sizeof(struct pm_lane_search *)),
                          .errors = calloc(count, sizeof *out->errors),
                          .cpu_ns = calloc(count, sizeof *out->cpu_ns)};
    bool done = out->searches != NULL && out->errors != NULL && out->cpu_ns != NULL;
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for %d searches", threads);
    }
    for (int i = 0; done && i < threads; i++) {
        out->searches[i] = pm_lane_search_create(&config, error);
        done = out->searches[i] != NULL;
    }
    if (!done) {
        crowd_clear(out);
    }
    return done;
}

/* ---- time ---- */

/* Of each chunk, in the run in which it took least. */
struct spent {
    double seconds[CHUNKS];
    double cpu_seconds[CHUNKS]; /* other programs lengthen it less than the clock's */
};

static double sum(const double *chunks, int count)
{
    double all = 0;
    for (int i = 0; i < count; i++) {
        all += chunks[i];
    }
    return all;
}

static void search_on(void *context, int thread)
{
    struct crowd *crowd = context;
    const int64_t begin = bench_thread_cpu_ns();
    pm_lane_search_run(crowd->searches[thread], CHUNK, &crowd->errors[thread]);
    crowd->cpu_ns[thread] = bench_thread_cpu_ns() - begin;
}

static void run_chunk(struct crowd *crowd, int chunk, struct spent *spent)
{
    const double seconds = (double)pm_machine_together(crowd->threads, search_on, crowd) * 1e-9;
    double cpu_seconds = 0;
    for (int i = 0; i < crowd->threads; i++) {
        cpu_seconds += (double)crowd->cpu_ns[i] * 1e-9;
    }
    spent->seconds[chunk] = fmin(spent->seconds[chunk], seconds);
    spent->cpu_seconds[chunk] = fmin(spent->cpu_seconds[chunk], cpu_seconds);
}

/* The search on one thread and on `threads`, chunk by chunk in turns, so that both find the machine
 * in the same mood. */
struct measured {
    struct spent one, all;
    struct pm_lane_search_counts counts; /* of a thread */
};

static bool measure(int threads, const struct pm_task *tasks, struct measured *measured,
                    struct pm_error *error)
{
    bool done = true;
    for (int i = 0; i < CHUNKS; i++) {
        measured->one.seconds[i] = measured->one.cpu_seconds[i] = INFINITY;
        measured->all.seconds[i] = measured->all.cpu_seconds[i] = INFINITY;
    }
    for (int repeat = 0; done && repeat < REPEATS; repeat++) {
        struct crowd one = {0}, all = {0};
        done = crowd_create(1, tasks, false, &one, error) &&
               crowd_create(threads, tasks, false, &all, error);
        for (int chunk = 0; done && chunk < CHUNKS; chunk++) {
            run_chunk(&one, chunk, &measured->one);
            if (threads > 1) {
                run_chunk(&all, chunk, &measured->all);
            }
            done = !find_error(&one, error) && !find_error(&all, error);
        }
        if (done) {
            measured->counts = pm_lane_search_counts(one.searches[0]);
        }
        crowd_clear(&one);
        crowd_clear(&all);
    }
    if (threads == 1) {
        measured->all = measured->one;
    }
    return done;
}

/* How many times longer the same search takes, scored by the reference executor: as much of it as
 * that gets done in a second. */
static bool measure_reference(const struct pm_task *tasks, const struct spent *fast, double *ratio,
                              struct pm_error *error)
{
    struct crowd crowd = {0};
    struct spent spent;
    int chunks = 0;
    bool done = crowd_create(1, tasks, true, &crowd, error);
    const int64_t begin = pm_clock_monotonic_ns();
    while (done && chunks < CHUNKS && pm_clock_monotonic_ns() - begin < REFERENCE_NS) {
        spent.seconds[chunks] = spent.cpu_seconds[chunks] = INFINITY;
        run_chunk(&crowd, chunks++, &spent);
        done = !find_error(&crowd, error);
    }
    if (done) {
        *ratio = sum(spent.seconds, chunks) / sum(fast->seconds, chunks);
    }
    crowd_clear(&crowd);
    return done;
}

static bool search_row(const struct pm_bench_evaluate_config *config, int threads,
                       const struct pm_task *tasks, double *reference_us, struct pm_error *error)
{
    struct measured measured;
    double ratio = (double)NAN;
    if (!measure(threads, tasks, &measured, error) ||
        (threads == 1 && !measure_reference(tasks, &measured.one, &ratio, error))) {
        return false;
    }
    const struct pm_lane_search_counts *counts = &measured.counts;
    const double individuals = (double)CHUNK * CHUNKS * threads;
    const double seconds = sum(measured.all.seconds, CHUNKS);
    struct bench_row row = bench_row_empty("search", "fast");
    row.simd = pm_simd_level_name(pm_simd_level_best());
    row.us_per_algorithm = 1e6 * seconds / individuals;
    if (threads == 1) {
        *reference_us = ratio * row.us_per_algorithm;
    }
    row.ratio_to_reference = *reference_us / row.us_per_algorithm;
    bench_row_set_threads(&row, threads, sum(measured.one.seconds, CHUNKS) / seconds,
                          pm_simd_level_best());
    bench_row_add(&row, "individuals_per_s", individuals / seconds);
    bench_row_add(&row, "per_cpu_second", individuals / sum(measured.all.cpu_seconds, CHUNKS));
    bench_row_add(&row, "known", (double)counts->known / (double)counts->individuals);
    bench_row_add(&row, "alive", (double)counts->alive / (double)counts->instructions);
    return bench_row_print(&row, config->json, error);
}

bool bench_search(const struct pm_bench_evaluate_config *config, struct pm_error *error)
{
    struct pm_task tasks[TASKS] = {{0}};
    double reference_us = (double)NAN;
    bool done = true;
    for (uint32_t id = 0; done && id < TASKS; id++) {
        done = make_task(id, &tasks[id]) ||
               pm_fail(error, PM_ERROR_MEMORY, "out of memory for the benchmark's tasks");
    }
    for (int threads = 1; done && threads > 0; threads = bench_more_threads(config, threads)) {
        done = search_row(config, threads, tasks, &reference_us, error);
    }
    for (size_t i = 0; i < TASKS; i++) {
        free(tasks[i].features);
    }
    return done;
}
