/* Programs of one meaning predict the same bits, whatever the data: tens of thousands of short
 * random programs, those of the same functional key run side by side. */
#include "algorithm/functional_cache.h"
#include "tests/algorithm/run.h"
#include "tests/cmocka_include.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/random.h>
#include <poolminer/random_program.h>

enum {
    PROGRAMS = 100000,
    INPUT_DIM = 2,
    TASKS = 3, /* none, one and several training examples */
    TRAIN_MAX = 4,
    VALIDATION = 3,
    ATTEMPTS_MAX = 1000
};

struct outcome {
    uint64_t key;
    uint64_t number;
    uint64_t text; /* its hash */
    float predictions[TASKS][VALIDATION];
};

static bool draws(const struct pm_algorithm *algorithm)
{
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const uint8_t op = algorithm->phase[phase][i].op;
            if (op == PM_OP_GAUSSIAN || op == PM_OP_UNIFORM) {
                return true;
            }
        }
    }
    return false;
}

/* Numbers that a careless simplification would get wrong. */
static void choose_constants(struct pm_algorithm *algorithm, struct pm_random *random)
{
    static const float numbers[] = {0.0f, -0.0f, -0.0f, 1.0f, -1.0f, 0.3f, INFINITY, 1e-40f};
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            struct pm_instruction *at = &algorithm->phase[phase][i];
            if (at->op == PM_OP_CONST || at->op == PM_OP_CONST_VEC) {
                at->c0 = numbers[pm_random_below(random, sizeof numbers / sizeof *numbers)];
            }
        }
    }
}

/* Few registers and instructions, so that many programs turn out to mean the same. */
static struct pm_algorithm *draw_program(struct pm_random *random)
{
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        struct pm_random_program shape = {
            .input_dim = INPUT_DIM,
            .meta = {.scalar_count = 3,
                     .vector_count = 2,
                     .matrix_count = 1,
                     .vector_dim = INPUT_DIM + (int)pm_random_below(random, 2),
                     .max_ops = {4, 4, 4}},
            .seed = pm_random_u64(random)};
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            shape.length[phase] = (int)pm_random_below(random, 4);
        }
        struct pm_algorithm *algorithm = pm_random_program_create(&shape);
        assert_non_null(algorithm);
        if (!draws(algorithm)) {
            choose_constants(algorithm, random);
            return algorithm;
        }
        pm_algorithm_destroy(algorithm);
    }
    fail_msg("every program draws");
    return NULL;
}

static struct pm_operand scalar(int index)
{
    return (struct pm_operand){.kind = PM_KIND_SCALAR, .index = (uint16_t)index};
}

/* The program, and in it an operation with a constant that may well change nothing. */
static struct pm_algorithm *with_ornament(const struct pm_algorithm *algorithm,
                                          struct pm_random *random)
{
    static const uint8_t ops[] = {PM_OP_ADD, PM_OP_SUB, PM_OP_MUL, PM_OP_COPY};
    static const float numbers[] = {0.0f, -0.0f, 0.0f, 1.0f};
    const struct pm_operand none = {.kind = PM_KIND_NONE}, constant = scalar(3);
    const struct pm_operand target =
        pm_random_chance(random, 0.7)
            ? scalar((int)pm_random_below(random, 2))
            : (struct pm_operand){PM_KIND_VECTOR, (uint16_t)pm_random_below(random, 2)};
    const uint8_t op = ops[pm_random_below(random, sizeof ops)];
    const enum pm_phase phase = pm_random_chance(random, 0.7) ? PM_PHASE_PREDICT : PM_PHASE_LEARN;
    const bool constant_first = op != PM_OP_COPY && pm_random_chance(random, 0.5);
    const struct pm_instruction set = {.op = PM_OP_CONST,
                                       .out = constant,
                                       .a = none,
                                       .b = none,
                                       .c0 = numbers[pm_random_below(random, 4)]};
    const struct pm_instruction use = {.op = op,
                                       .out = target,
                                       .a = constant_first ? constant : target,
                                       .b = op == PM_OP_COPY ? none
                                            : constant_first ? target
                                                             : constant};
    struct pm_algorithm_meta meta = algorithm->meta;
    meta.scalar_count = 4;
    struct pm_algorithm *copy = pm_algorithm_create(INPUT_DIM, &meta, 4);
    assert_non_null(copy);
    for (int p = 0; p < PM_PHASE_COUNT; p++) {
        const int at = (int)pm_random_below(random, (uint32_t)algorithm->length[p] + 1);
        for (int i = 0; i <= algorithm->length[p]; i++) {
            if (i == at && (p == PM_PHASE_SETUP || p == (int)phase)) {
                copy->phase[p][copy->length[p]++] = p == PM_PHASE_SETUP ? set : use;
            }
            if (i < algorithm->length[p]) {
                copy->phase[p][copy->length[p]++] = algorithm->phase[p][i];
            }
        }
    }
    return copy;
}

/* Programs of even and odd numbers are neighbours: without and with an ornament. */
static struct pm_algorithm *make_program(uint64_t number)
{
    struct pm_random random;
    pm_random_seed(&random, number / 2, 0, 0);
    struct pm_algorithm *plain = draw_program(&random);
    if (number % 2 == 0) {
        return plain;
    }
    struct pm_algorithm *ornate = with_ornament(plain, &random);
    pm_algorithm_destroy(plain);
    return ornate;
}

static void make_tasks(struct pm_task tasks[TASKS])
{
    static const uint32_t train[TASKS] = {0, 1, TRAIN_MAX};
    static float features[TASKS][TRAIN_MAX + VALIDATION][INPUT_DIM];
    static float labels[TASKS][TRAIN_MAX + VALIDATION];
    for (int t = 0; t < TASKS; t++) {
        tasks[t] = (struct pm_task){.id = (uint32_t)t,
                                    .input_dim = INPUT_DIM,
                                    .train_count = train[t],
                                    .validation_count = VALIDATION,
                                    .features = features[t][0],
                                    .labels = labels[t]};
        for (int i = 0; i < TRAIN_MAX + VALIDATION; i++) {
            labels[t][i] = (float)((i + t) % 2);
            const bool negative_zeros = i % 3 == 0;
            features[t][i][0] = negative_zeros ? -0.0f : 0.7f * (float)(i - 2) - 0.1f * (float)t;
            features[t][i][1] = negative_zeros ? -0.0f : 1.3f / (float)(i + 1);
        }
    }
}

static struct outcome run_program(uint64_t number, struct pm_executor *executor,
                                  const struct pm_task tasks[TASKS])
{
    struct pm_error error = {0};
    struct pm_algorithm *algorithm = make_program(number);
    struct outcome outcome = {.key = pm_functional_key(algorithm), .number = number};
    assert_true(pm_algorithm_hash(algorithm, &outcome.text, &error));
    for (int t = 0; t < TASKS; t++) {
        if (!pm_executor_run(executor, algorithm, &tasks[t], outcome.predictions[t], &error)) {
            fail_msg("%s", error.message);
        }
    }
    pm_algorithm_destroy(algorithm);
    return outcome;
}

static int by_key(const void *a, const void *b)
{
    const struct outcome *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->text > y->text) - (x->text < y->text);
}

static void fail_with(const struct outcome *first, const struct outcome *other)
{
    struct pm_algorithm *a = make_program(first->number), *b = make_program(other->number);
    char *a_text = pm_algorithm_write(a, NULL), *b_text = pm_algorithm_write(b, NULL);
    pm_algorithm_destroy(a);
    pm_algorithm_destroy(b);
    fail_msg("one key, but other predictions:\n%s\n%s", a_text, b_text);
}

static void one_key_one_behaviour(void **state)
{
    (void)state;
    struct pm_executor *executor = pm_executor_create();
    struct outcome *outcomes = calloc(PROGRAMS, sizeof *outcomes);
    struct pm_task tasks[TASKS];
    size_t alike = 0;
    assert_non_null(executor);
    assert_non_null(outcomes);
    make_tasks(tasks);
    for (uint64_t i = 0; i < PROGRAMS; i++) {
        outcomes[i] = run_program(i, executor, tasks);
    }
    qsort(outcomes, PROGRAMS, sizeof *outcomes, by_key);
    for (size_t first = 0, i = 1; i < PROGRAMS; i++) {
        if (outcomes[i].key != outcomes[first].key) {
            first = i;
            continue;
        }
        alike += outcomes[i].text != outcomes[i - 1].text;
        for (int p = 0; p < TASKS * VALIDATION; p++) {
            const int t = p / VALIDATION, example = p % VALIDATION;
            if (!same_float(outcomes[i].predictions[t][example],
                            outcomes[first].predictions[t][example])) {
                fail_with(&outcomes[first], &outcomes[i]);
            }
        }
    }
    /* That it looked at something: most are alike, if only in predicting 0. */
    assert_in_range(alike, PROGRAMS / 4, PROGRAMS - 1);
    free(outcomes);
    pm_executor_destroy(executor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_key_one_behaviour)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
