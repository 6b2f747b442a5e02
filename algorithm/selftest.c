#include <math.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/executor.h>
#include <poolminer/random_program.h>
#include <poolminer/selftest.h>
#include <poolminer/suite.h>

enum {
    INPUT_DIM = 16,
    SUITE_TASKS = PM_SELFTEST_TASKS - 1,
    TRAIN = 60, /* examples of each task */
    VALIDATION = 40,
    TRAIN_FEATURES = TRAIN * INPUT_DIM,
    VALIDATION_FEATURES = VALIDATION * INPUT_DIM,
    DIGEST_SIZE = 32,
};

/* ---- material ---- */

/* The last instruction of predict: s0 takes in what the program computed. */
static struct pm_instruction ending(size_t index)
{
    const struct pm_operand s0 = {PM_KIND_SCALAR, 0}, s2 = {PM_KIND_SCALAR, 2},
                            s3 = {PM_KIND_SCALAR, 3}, v1 = {PM_KIND_VECTOR, 1},
                            v2 = {PM_KIND_VECTOR, 2}, m0 = {PM_KIND_MATRIX, 0},
                            none = {PM_KIND_NONE, 0};
    const struct pm_instruction endings[] = {
        {.op = PM_OP_DOT, .out = s0, .a = v1, .b = v2},
        {.op = PM_OP_MEAN, .out = s0, .a = m0, .b = none},
        {.op = PM_OP_SUB, .out = s0, .a = s2, .b = s3},
        {.op = PM_OP_STD, .out = s0, .a = v1, .b = none},
        {.op = PM_OP_COPY, .out = s0, .a = m0, .b = none},
    };
    return endings[index % (sizeof endings / sizeof *endings)];
}

/* Three in four programs are sensible, and have few registers, so that most of what they compute
 * meets; the others use all that the language allows. */
struct pm_algorithm *pm_selftest_program(size_t index)
{
    const uint64_t first_seed = 20260101;
    bool wild = index % 4 == 3;
    struct pm_random_program shape = pm_random_program_shape(INPUT_DIM, wild, first_seed + index);
    if (!wild) {
        shape.meta.scalar_count = 5;
        shape.meta.vector_count = 4;
        shape.meta.matrix_count = 2;
    }
    /* Matrices of 128 by 128 would take most of the time and test nothing else. */
    if (shape.meta.vector_dim > INPUT_DIM + 4) {
        shape.meta.vector_dim = INPUT_DIM + 3;
    }
    shape.length[PM_PHASE_PREDICT]++; /* for the ending */
    if (shape.meta.max_ops[PM_PHASE_PREDICT] < shape.length[PM_PHASE_PREDICT]) {
        shape.meta.max_ops[PM_PHASE_PREDICT] = shape.length[PM_PHASE_PREDICT];
    }
    struct pm_algorithm *algorithm = pm_random_program_create(&shape);
    if (algorithm != NULL) {
        algorithm->phase[PM_PHASE_PREDICT][shape.length[PM_PHASE_PREDICT] - 1] = ending(index);
    }
    return algorithm;
}

/* Features and labels are one allocation, as pm_task_clear expects. */
static bool allocate_task(struct pm_task *task)
{
    size_t examples = (size_t)task->train_count + task->validation_count;
    task->features = calloc(examples * (INPUT_DIM + 1), sizeof *task->features);
    if (task->features != NULL) {
        task->labels = task->features + examples * INPUT_DIM;
    }
    return task->features != NULL;
}

/* A task of what executors trip over. */
static bool build_hostile_task(struct pm_task *task)
{
    static const float values[] = {
        0.0F,        -0.0F,     1.0F,       -1.0F,       INFINITY,   -INFINITY,
        NAN,         0x1p-149F, -0x1p-149F, 0x1p-126F,   0x1p-1F,    1e-8F,
        -1e-8F,      10.0F,     -10.0F,     1e30F,       -1e30F,     0x1.fffffep+127F,
        16777217.0F, 1e5F,      0.5F,       0.50000006F, 3.14159265F};
    enum { VALUES = sizeof values / sizeof *values };
    *task = (struct pm_task){.id = 4499,
                             .class_b = 1,
                             .input_dim = INPUT_DIM,
                             .train_count = TRAIN,
                             .validation_count = VALIDATION};
    if (!allocate_task(task)) {
        return false;
    }
    for (size_t i = 0; i < TRAIN + VALIDATION; i++) {
        task->labels[i] = (float)(i % 3 == 0);
        /* The first examples are tame, so that not everything is NaN from the start. */
        for (size_t j = 0; j < INPUT_DIM; j++) {
            task->features[i * INPUT_DIM + j] = i < TRAIN / 2 ? (float)((i * 7 + j * 3) % 11) / 8.0F
                                                              : values[(i * 5 + j * j) % VALUES];
        }
    }
    return true;
}

/* The first examples of a task: all of them would take a minute and find no more. */
static bool copy_head(const struct pm_task *from, struct pm_task *to)
{
    *to = *from;
    to->train_count = TRAIN;
    to->validation_count = VALIDATION;
    if (!allocate_task(to)) {
        return false;
    }
    const float *features = from->features + (size_t)from->train_count * INPUT_DIM;
    memcpy(to->features, from->features, TRAIN_FEATURES * sizeof *features);
    memcpy(to->features + TRAIN_FEATURES, features, VALIDATION_FEATURES * sizeof *features);
    memcpy(to->labels, from->labels, TRAIN * sizeof *to->labels);
    memcpy(to->labels + TRAIN, from->labels + from->train_count, VALIDATION * sizeof *to->labels);
    return true;
}

static bool copy_tasks(const struct pm_suite *suite, struct pm_task tasks[PM_SELFTEST_TASKS],
                       struct pm_error *error)
{
    bool copied = true;
    for (size_t i = 0; i < SUITE_TASKS && copied; i++) {
        copied = copy_head(&suite->tasks[i], &tasks[i]);
    }
    if (copied && build_hostile_task(&tasks[SUITE_TASKS])) {
        return true;
    }
    for (size_t i = 0; i < PM_SELFTEST_TASKS; i++) {
        pm_task_clear(&tasks[i]);
    }
    return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the self test's tasks");
}

bool pm_selftest_tasks(struct pm_task tasks[PM_SELFTEST_TASKS], struct pm_error *error)
{
    struct pm_dataset *dataset = NULL;
    struct pm_suite *suite = NULL;
    memset(tasks, 0, PM_SELFTEST_TASKS * sizeof *tasks);
    bool built = pm_dataset_open("synthetic", &dataset, error) &&
                 pm_suite_evaluation(dataset, PM_EDITION_FIRST2000, INPUT_DIM, SUITE_TASKS, NULL,
                                     &suite, error) &&
                 copy_tasks(suite, tasks, error);
    pm_suite_destroy(suite);
    pm_dataset_destroy(dataset);
    return built;
}

/* ---- hashes ---- */

/* Numbers are hashed least significant byte first. All NaNs count as one: which of them an
 * operation gives is the processor's choice, and no score depends on it. */
static void hash_float(crypto_generichash_blake2b_state *state, float x)
{
    uint32_t bits = UINT32_C(0x7FC00000);
    if (!isnan(x)) {
        memcpy(&bits, &x, sizeof bits);
    }
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(bits >> (8 * i));
    }
    crypto_generichash_blake2b_update(state, bytes, sizeof bytes);
}

static void hash_double(crypto_generichash_blake2b_state *state, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(bits >> (8 * i));
    }
    crypto_generichash_blake2b_update(state, bytes, sizeof bytes);
}

struct selftest {
    pm_selftest_runner *runner;
    void *context;
    struct pm_task tasks[PM_SELFTEST_TASKS];
    unsigned char digests[PM_SELFTEST_PROGRAMS][DIGEST_SIZE];
    atomic_bool failed;
    struct pm_error error;
};

static void digest_predictions(const struct pm_task *tasks, float *const *predictions,
                               unsigned char digest[DIGEST_SIZE])
{
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, DIGEST_SIZE);
    for (size_t t = 0; t < PM_SELFTEST_TASKS; t++) {
        for (uint32_t i = 0; i < tasks[t].validation_count; i++) {
            hash_float(&state, predictions[t][i]);
        }
        hash_double(&state, pm_task_accuracy(&tasks[t], predictions[t]));
    }
    crypto_generichash_blake2b_final(&state, digest, DIGEST_SIZE);
}

static bool run_program(struct selftest *test, size_t index, struct pm_error *error)
{
    float *predictions[PM_SELFTEST_TASKS];
    size_t total = 0;
    for (size_t t = 0; t < PM_SELFTEST_TASKS; t++) {
        total += test->tasks[t].validation_count;
    }
    float *memory = calloc(total, sizeof *memory);
    struct pm_algorithm *algorithm = pm_selftest_program(index);
    bool run = false;
    if (memory != NULL && algorithm != NULL) {
        predictions[0] = memory;
        for (size_t t = 1; t < PM_SELFTEST_TASKS; t++) {
            predictions[t] = predictions[t - 1] + test->tasks[t - 1].validation_count;
        }
        run = test->runner(test->context, algorithm, test->tasks, PM_SELFTEST_TASKS, predictions,
                           error);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for the self test");
    }
    if (run) {
        digest_predictions(test->tasks, predictions, test->digests[index]);
    }
    pm_algorithm_destroy(algorithm);
    free(memory);
    return run;
}

static void run_programs(struct selftest *test)
{
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < PM_SELFTEST_PROGRAMS; i++) {
        struct pm_error error = {0};
        if (atomic_load(&test->failed) || run_program(test, i, &error)) {
            continue;
        }
        if (!atomic_exchange(&test->failed, true)) {
            test->error = error;
        }
    }
}

static bool finish(const struct selftest *test, char out[PM_SELFTEST_HEX_SIZE],
                   struct pm_error *error)
{
    if (atomic_load(&test->failed)) {
        if (error != NULL) {
            *error = test->error;
        }
        return false;
    }
    unsigned char digest[DIGEST_SIZE];
    crypto_generichash_blake2b(digest, sizeof digest, &test->digests[0][0], sizeof test->digests,
                               NULL, 0);
    sodium_bin2hex(out, PM_SELFTEST_HEX_SIZE, digest, sizeof digest);
    return true;
}

bool pm_selftest_hash(pm_selftest_runner *runner, void *context, char out[PM_SELFTEST_HEX_SIZE],
                      struct pm_error *error)
{
    struct selftest *test = calloc(1, sizeof *test);
    if (test == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the self test");
    }
    test->runner = runner;
    test->context = context;
    bool hashed = pm_selftest_tasks(test->tasks, error);
    if (hashed) {
        run_programs(test);
        hashed = finish(test, out, error);
        for (size_t t = 0; t < PM_SELFTEST_TASKS; t++) {
            pm_task_clear(&test->tasks[t]);
        }
    }
    free(test);
    return hashed;
}
