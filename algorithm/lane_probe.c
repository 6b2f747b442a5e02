#include "lane_kernels.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/lane_probe.h>

enum {
    REPEATS = 9, /* of which the quickest counts */
    ROUNDS = 4000,
    L1_ELEMENTS = 256,  /* 16 KiB: half of the smallest first-level cache about */
    L2_ELEMENTS = 6144, /* 384 KiB */
    FUNCTION_ELEMENTS = 64,
    TOGETHER_REPEATS = 40,
    TOGETHER_ROUNDS = 100 * ROUNDS, /* less than a millisecond */
    GATHERING_NS = 300000,          /* in which threads wake */
};

/* What is timed: `work` done on `context`. */
typedef void probe_work(void *context);

static double quickest(probe_work *work, void *context, double elements)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < REPEATS; i++) {
        const int64_t start = pm_clock_monotonic_ns();
        work(context);
        const int64_t took = pm_clock_monotonic_ns() - start;
        best = took < best ? took : best;
    }
    return (double)best * 1e-9 / elements;
}

struct probe {
    const struct pm_lane_kernels *kernels;
    float *memory;
    const float *data; /* to be read */
    size_t count;      /* elements of all lanes */
    size_t rounds;
    bool multiply, add;
    const struct pm_lane_step *step;
    const struct pm_lane_frame *frame;
};

static void work_arithmetic(void *context)
{
    const struct probe *probe = context;
    probe->kernels->probe_arithmetic(ROUNDS, probe->multiply, probe->add);
}

static void work_read(void *context)
{
    const struct probe *probe = context;
    for (size_t round = 0; round < probe->rounds; round++) {
        probe->kernels->probe_read(probe->data, probe->count);
    }
}

static void work_write(void *context)
{
    const struct probe *probe = context;
    for (size_t round = 0; round < probe->rounds; round++) {
        probe->kernels->probe_write(probe->memory, probe->count);
    }
}

static void work_step(void *context)
{
    const struct probe *probe = context;
    for (size_t round = 0; round < probe->rounds; round++) {
        probe->step->kernel(probe->step, probe->frame);
    }
}

/* Some processors multiply and add at the same time, others do one or the other: there each costs
 * what a pair of them does. */
static void probe_arithmetic(struct probe *probe, struct pm_machine *out)
{
    const double elements = (double)ROUNDS * probe->kernels->probe_chains;
    probe->multiply = true;
    out->multiply = quickest(work_arithmetic, probe, elements);
    probe->add = true;
    const double both = quickest(work_arithmetic, probe, elements);
    probe->multiply = false;
    out->add = quickest(work_arithmetic, probe, elements);
    if (both > 0.75 * (out->multiply + out->add)) {
        out->multiply = out->add = both;
    }
}

static double probe_reading(struct probe *probe, const float *data, size_t count)
{
    probe->data = data;
    probe->count = count;
    probe->rounds = 1 + ROUNDS / count;
    return quickest(work_read, probe, (double)probe->count * (double)probe->rounds);
}

static void probe_memory(struct probe *probe, const struct pm_lane_tasks *tasks,
                         struct pm_machine *out)
{
    const size_t examples = (size_t)tasks->train_capacity + tasks->validation_capacity;
    const size_t elements = tasks->group_count * examples * (size_t)tasks->input_dim / 8 * 8;
    out->read_l1 = probe_reading(probe, probe->memory, L1_ELEMENTS);
    out->read_l2 = probe_reading(probe, probe->memory, L2_ELEMENTS);
    out->read_tasks = elements > 0 ? probe_reading(probe, tasks->features, elements) : 0;
    probe->count = L1_ELEMENTS;
    probe->rounds = ROUNDS / L1_ELEMENTS;
    out->write_l1 = quickest(work_write, probe, (double)L1_ELEMENTS * (double)probe->rounds);
}

static void probe_functions(struct probe *probe, struct pm_machine *out)
{
    const struct pm_lane_kernels *kernels = probe->kernels;
    pm_lane_kernel *const functions[PM_FUNCTION_COUNT] = {
        [PM_FUNCTION_DIVIDE] = kernels->binary[PM_LANE_DIV][PM_LANE_EACH],
        [PM_FUNCTION_ROOT] = kernels->other[PM_LANE_NORM],
        [PM_FUNCTION_EXP] = kernels->unary[PM_LANE_EXP],
        [PM_FUNCTION_LOG] = kernels->unary[PM_LANE_LOG],
        [PM_FUNCTION_SIN] = kernels->unary[PM_LANE_SIN],
        [PM_FUNCTION_COS] = kernels->unary[PM_LANE_COS],
        [PM_FUNCTION_TAN] = kernels->unary[PM_LANE_TAN],
        [PM_FUNCTION_GAUSSIAN] = kernels->other[PM_LANE_GAUSSIAN],
        [PM_FUNCTION_UNIFORM] = kernels->other[PM_LANE_UNIFORM],
    };
    static const struct pm_lane_keys keys = {.low = {0}};
    for (int f = 0; f < PM_FUNCTION_COUNT; f++) {
        /* A norm has one root, so it takes one element of each of many instances. */
        const bool one = f == PM_FUNCTION_ROOT;
        const struct pm_lane_step step = {
            .kernel = functions[f],
            .out = {FUNCTION_ELEMENTS * PM_LANE_VECTOR_SIZE, PM_LANE_OWN},
            .count = one ? 1 : FUNCTION_ELEMENTS,
            .c1 = 1,
        };
        const struct pm_lane_frame frame = {
            .base = {[PM_LANE_OWN] = (void *)probe->memory},
            .stride = {[PM_LANE_OWN] = one ? PM_LANE_VECTOR_SIZE : 0},
            .instances = one ? FUNCTION_ELEMENTS : 1,
            .keys = &keys,
        };
        probe->step = &step;
        probe->frame = &frame;
        probe->rounds = 20;
        out->function[f] = quickest(work_step, probe, FUNCTION_ELEMENTS * (double)probe->rounds);
    }
}

bool pm_machine_probe(enum pm_simd_level level, const struct pm_lane_tasks *tasks,
                      struct pm_machine *out, struct pm_error *error)
{
    struct probe probe = {
        .kernels = pm_lane_kernels(level),
        .memory = aligned_alloc(PM_LANE_VECTOR_SIZE, (size_t)L2_ELEMENTS * PM_LANE_VECTOR_SIZE),
    };
    if (probe.memory == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for measuring the machine");
    }
    for (size_t i = 0; i < (size_t)L2_ELEMENTS * PM_LANES; i++) {
        probe.memory[i] = 0.01f * (float)(i % 150) + 0.1f;
    }
    probe_arithmetic(&probe, out);
    probe_functions(&probe, out);
    probe_memory(&probe, tasks, out);
    free(probe.memory);
    return true;
}

/* ---- more threads ---- */

int64_t pm_machine_together(int threads, pm_machine_work *work, void *context)
{
    const int64_t begin = pm_clock_monotonic_ns() + (threads > 1 ? GATHERING_NS : 0);
    int64_t last = 0;
#pragma omp parallel num_threads(threads) reduction(max : last)
    {
        while (pm_clock_monotonic_ns() < begin) {
        }
        work(context, omp_get_thread_num());
        last = pm_clock_monotonic_ns();
    }
    return last - begin;
}

static void compute(void *context, int thread)
{
    (void)thread;
    const struct pm_lane_kernels *kernels = context;
    kernels->probe_arithmetic(TOGETHER_ROUNDS, true, true);
}

double pm_machine_scaling(enum pm_simd_level level, int threads)
{
    void *kernels = (void *)pm_lane_kernels(level);
    int64_t one = INT64_MAX, all = INT64_MAX;
    for (int i = 0; i < TOGETHER_REPEATS; i++) {
        const int64_t alone = pm_machine_together(1, compute, kernels);
        const int64_t together = pm_machine_together(threads, compute, kernels);
        one = alone < one ? alone : one;
        all = together < all ? together : all;
    }
    return (double)one / (double)all;
}
