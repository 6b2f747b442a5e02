#include "cli/bench_search.h"

#include "cli/bench_cpu.h"
#include "cli/bench_row.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include <poolminer/clock.h>
#include <poolminer/lane_search.h>
#include <poolminer/lanes.h>
#include <poolminer/numpy_random.h>

enum {
    INPUT_DIM = 4,
    TASKS = 10,
    EXAMPLES = 100, /* for training, and as many for validation */
    POPULATION = 1000,
    TOURNAMENT = 10,
    CHUNKS = 150,
    CHUNK = 1000, /* individuals: a few milliseconds, which other programs may leave undisturbed */
    REPEATS = 5,  /* of the same search; of each chunk the quickest counts */
};
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

/* One search on each thread. */
struct crowd {
    int threads;
    struct pm_lane_search **searches;
    struct pm_error *errors; /* of each */
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
}

static bool crowd_create(int threads, const struct pm_task *tasks, struct crowd *out,
                         struct pm_error *error)
{
    *out = (struct crowd){.threads = threads,
                          .searches = calloc((size_t)threads, sizeof(struct pm_lane_search *)),
                          .errors = calloc((size_t)threads, sizeof *out->errors)};
    bool done = out->searches != NULL && out->errors != NULL;
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for %d searches", threads);
    }
    for (int i = 0; done && i < threads; i++) {
        const struct pm_lane_search_config config = {.profile = &PROFILE,
                                                     .tasks = tasks,
                                                     .task_count = TASKS,
                                                     .population = POPULATION,
                                                     .tournament = TOURNAMENT,
                                                     .mutation_probability = MUTATION_PROBABILITY,
                                                     .seed = (uint64_t)i};
        out->searches[i] = pm_lane_search_create(&config, error);
        done = out->searches[i] != NULL;
    }
    if (!done) {
        crowd_clear(out);
    }
    return done;
}

/* Time on the clock, and of processors: other programs lengthen the former more than the latter. */
struct spent {
    double seconds, cpu_seconds;
};

static struct spent run_chunk(struct crowd *crowd)
{
    const int64_t start = pm_clock_monotonic_ns();
    const int64_t cpu_start = bench_cpu_ns();
#pragma omp parallel num_threads(crowd->threads)
    {
        const int i = omp_get_thread_num();
        pm_lane_search_run(crowd->searches[i], CHUNK, &crowd->errors[i]);
    }
    return (struct spent){(double)(pm_clock_monotonic_ns() - start) * 1e-9,
                          (double)(bench_cpu_ns() - cpu_start) * 1e-9};
}

/* The time of the same search several times over, each chunk's quickest; *counts: of all threads.
 */
static bool measure(int threads, const struct pm_task *tasks, struct spent *spent,
                    struct pm_lane_search_counts *counts, struct pm_error *error)
{
    struct spent quickest[CHUNKS];
    bool done = true;
    for (int repeat = 0; done && repeat < REPEATS; repeat++) {
        struct crowd crowd;
        if (!crowd_create(threads, tasks, &crowd, error)) {
            return false;
        }
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            const struct spent took = run_chunk(&crowd);
            struct spent *best = &quickest[chunk];
            best->seconds = repeat == 0 ? took.seconds : fmin(best->seconds, took.seconds);
            best->cpu_seconds =
                repeat == 0 ? took.cpu_seconds : fmin(best->cpu_seconds, took.cpu_seconds);
        }
        done = !find_error(&crowd, error);
        *counts = (struct pm_lane_search_counts){0};
        for (int i = 0; i < threads; i++) {
            const struct pm_lane_search_counts one = pm_lane_search_counts(crowd.searches[i]);
            counts->individuals += one.individuals;
            counts->known += one.known;
            counts->instructions += one.instructions;
            counts->alive += one.alive;
        }
        crowd_clear(&crowd);
    }
    *spent = (struct spent){0};
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        spent->seconds += quickest[chunk].seconds;
        spent->cpu_seconds += quickest[chunk].cpu_seconds;
    }
    return done;
}

static bool search_row(const struct bench_evaluate_config *config, int threads,
                       const struct pm_task *tasks, double *one_thread, struct pm_error *error)
{
    struct pm_lane_search_counts counts;
    struct spent spent;
    if (!measure(threads, tasks, &spent, &counts, error)) {
        return false;
    }
    const double rate = (double)counts.individuals / spent.seconds;
    if (threads == 1) {
        *one_thread = rate;
    }
    struct bench_row row = bench_row_empty("search", "fast");
    row.simd = pm_simd_level_name(pm_simd_level_best());
    row.us_per_algorithm = 1e6 / rate;
    bench_row_set_threads(&row, threads, rate / (*one_thread * threads), pm_simd_level_best());
    bench_row_add(&row, "individuals_per_s", rate);
    bench_row_add(&row, "per_cpu_second", (double)counts.individuals / spent.cpu_seconds);
    bench_row_add(&row, "known", (double)counts.known / (double)counts.individuals);
    bench_row_add(&row, "alive", (double)counts.alive / (double)counts.instructions);
    return bench_row_print(&row, config->json, error);
}

bool bench_search(const struct bench_evaluate_config *config, struct pm_error *error)
{
    struct pm_task tasks[TASKS] = {{0}};
    double one_thread = (double)NAN;
    bool done = true;
    for (uint32_t id = 0; done && id < TASKS; id++) {
        done = make_task(id, &tasks[id]) ||
               pm_fail(error, PM_ERROR_MEMORY, "out of memory for the benchmark's tasks");
    }
    for (int threads = 1; done && threads > 0; threads = bench_more_threads(config, threads)) {
        done = search_row(config, threads, tasks, &one_thread, error);
    }
    for (size_t i = 0; i < TASKS; i++) {
        free(tasks[i].features);
    }
    return done;
}
