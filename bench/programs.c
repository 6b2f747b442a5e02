#include "bench/programs.h"

#include "bench/tasks.h"

#include <string.h>

#include <poolminer/liveness.h>
#include <poolminer/random_program.h>

static const char LINEAR[] = "def Setup():\n"
                             "  s2 = 0.01\n"
                             "def Predict():\n"
                             "  s0 = dot(v0, v1)\n"
                             "def Learn():\n"
                             "  s3 = s1 - s0\n"
                             "  s3 = s3 * s2\n"
                             "  v2 = s3 * v0\n"
                             "  v1 = v1 + v2\n";

static const char NET[] = "def Setup():\n"
                          "  s4 = 0.01\n"
                          "  m0 = uniform(-0.3, 0.3)\n"
                          "  v4 = uniform(-0.3, 0.3)\n"
                          "def Predict():\n"
                          "  v1 = dot(m0, v0)\n"
                          "  v2 = maximum(v1, v3)\n"
                          "  s0 = dot(v2, v4)\n"
                          "def Learn():\n"
                          "  s2 = s1 - s0\n"
                          "  s3 = s2 * s4\n"
                          "  v5 = s3 * v2\n"
                          "  v6 = heaviside(v2, 1.0)\n"
                          "  v7 = s3 * v4\n"
                          "  v7 = v7 * v6\n"
                          "  v4 = v4 + v5\n"
                          "  m1 = outer(v7, v0)\n"
                          "  m0 = m0 + m1\n";

static struct pm_algorithm *read_text(const char *text, struct pm_error *error)
{
    struct pm_algorithm *algorithm = NULL;
    pm_algorithm_parse(text, strlen(text), BENCH_INPUT_DIM, PM_PARSE_STRICT, NULL, NULL, &algorithm,
                       error);
    return algorithm;
}

static struct pm_algorithm *make_random(struct pm_random_program shape, struct pm_error *error)
{
    struct pm_algorithm *algorithm = pm_random_program_create(&shape);
    if (algorithm == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a random program");
    }
    return algorithm;
}

struct pm_algorithm *bench_random_program(size_t index, struct pm_error *error)
{
    return make_random(pm_random_program_shape(BENCH_INPUT_DIM, false, index + 1), error);
}

static int count_alive(const struct pm_algorithm *algorithm)
{
    struct pm_liveness liveness;
    int alive = 0;
    pm_liveness_analyse(algorithm, &liveness);
    for (int i = 0; i < algorithm->length[PM_PHASE_PREDICT]; i++) {
        const uint8_t flags = liveness.flags[PM_PHASE_PREDICT][i];
        alive += ((flags & PM_LIVE_TRAINING) != 0) + ((flags & PM_LIVE_VALIDATION) != 0);
    }
    for (int i = 0; i < algorithm->length[PM_PHASE_LEARN]; i++) {
        alive += (liveness.flags[PM_PHASE_LEARN][i] & PM_LIVE_TRAINING) != 0;
    }
    return alive;
}

/* Most random programs do nothing: whatever they compute, no prediction depends on it. */
static struct pm_algorithm *lively_program(struct pm_error *error)
{
    enum { LENGTH = 30, ALIVE = 20 };
    for (uint64_t seed = 1;; seed++) {
        struct pm_random_program shape = pm_random_program_shape(BENCH_INPUT_DIM, false, seed);
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            shape.length[phase] = LENGTH;
        }
        struct pm_algorithm *algorithm = make_random(shape, error);
        if (algorithm == NULL || count_alive(algorithm) >= ALIVE) {
            return algorithm;
        }
        pm_algorithm_destroy(algorithm);
    }
}

struct pm_algorithm *bench_program(const char *name, struct pm_error *error)
{
    if (strcmp(name, "linear") == 0) {
        return read_text(LINEAR, error);
    }
    return strcmp(name, "net") == 0 ? read_text(NET, error) : lively_program(error);
}

double bench_instruction_examples(const struct pm_algorithm *algorithm)
{
    const double predict = algorithm->length[PM_PHASE_PREDICT];
    const double learn = algorithm->length[PM_PHASE_LEARN];
    return BENCH_TRAIN_EXAMPLES * (predict + learn) + BENCH_VALIDATION_EXAMPLES * predict;
}
