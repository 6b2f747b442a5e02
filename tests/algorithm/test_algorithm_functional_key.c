/* Keys of what programs mean: alike where predictions must be, different where they need not. */
#include "algorithm/functional_cache.h"
#include "tests/algorithm/run.h"
#include "tests/cmocka_include.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/lane_search.h>
#include <poolminer/mutator.h>
#include <poolminer/simplify.h>

enum { INPUT_DIM = 4 };

static uint64_t key_of(const char *text)
{
    struct pm_algorithm *algorithm = read_program(text, INPUT_DIM);
    const uint64_t key = pm_functional_key(algorithm);
    pm_algorithm_destroy(algorithm);
    return key;
}

static const char LINEAR[] = "def Setup():\n  s2 = 0.01\n"
                             "def Predict():\n  s0 = dot(v0, v1)\n"
                             "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n"
                             "  v2 = s3 * v0\n  v1 = v1 + v2\n";

static void the_same_in_other_words(void **state)
{
    (void)state;
    static const char *const others[] = {
        /* other registers */
        "def Setup():\n  s7 = 0.01\n"
        "def Predict():\n  s0 = dot(v0, v5)\n"
        "def Learn():\n  s2 = s1 - s0\n  s2 = s2 * s7\n  v9 = s2 * v0\n  v5 = v5 + v9\n",
        /* operands the other way round */
        "def Setup():\n  s2 = 0.01\n"
        "def Predict():\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s3 = s1 - s0\n  s3 = s2 * s3\n  v2 = v0 * s3\n  v1 = v2 + v1\n",
        /* dead code */
        "def Setup():\n  s2 = 5.0\n  s2 = 0.01\n  m0 = 1.0\n"
        "def Predict():\n  s9 = exp(s1)\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n"
        "  v7 = v1 * v2\n",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(key_of(others[i]), key_of(LINEAR));
    }
}

static void another_meaning(void **state)
{
    (void)state;
    static const char *const others[] = {
        "def Setup():\n  s2 = 0.02\n"
        "def Predict():\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n",
        "def Setup():\n  s2 = 0.01\n"
        "def Predict():\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s3 = s0 - s1\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n",
        "def Setup():\n  s2 = 0.01\n"
        "def Predict():\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 - v2\n",
        "def Setup():\n  s2 = 0.01\n"
        "def Predict():\n  s0 = dot(v0, v1)\n  s3 = s1 - s0\n"
        "def Learn():\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n",
        "def Predict():\n  s0 = dot(v0, v1)\n",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_not_equal(key_of(others[i]), key_of(LINEAR));
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(key_of(others[i]), key_of(others[k]));
        }
    }
}

/* Draws depend on the text, so there nothing is renamed. */
static void random_programs_are_as_they_are_written(void **state)
{
    (void)state;
    assert_int_not_equal(key_of("def Setup():\n  v1 = gaussian(0.0, 1.0)\n"
                                "def Predict():\n  s0 = dot(v0, v1)\n"),
                         key_of("def Setup():\n  v2 = gaussian(0.0, 1.0)\n"
                                "def Predict():\n  s0 = dot(v0, v2)\n"));
}

/* ---- keys of the text ---- */

static uint64_t written_key_of(const char *text)
{
    struct pm_algorithm *algorithm = read_program(text, INPUT_DIM);
    struct pm_liveness liveness;
    pm_liveness_analyse(algorithm, &liveness);
    const uint64_t key = pm_written_key(algorithm, &liveness);
    pm_algorithm_destroy(algorithm);
    return key;
}

static void a_written_key_sees_what_is_alive_as_it_is_written(void **state)
{
    (void)state;
    const uint64_t key = written_key_of(LINEAR);
    assert_int_equal(written_key_of("def Setup():\n  m0 = gaussian(0.0, 1.0)\n  s2 = 0.01\n"
                                    "def Predict():\n  s9 = exp(s1)\n  s0 = dot(v0, v1)\n"
                                    "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n"
                                    "  v2 = s3 * v0\n  v1 = v1 + v2\n  v7 = v1 * v2\n"),
                     key);
    static const char *const others[] = {
        "def Setup():\n  s7 = 0.01\n" /* another register */
        "def Predict():\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s7\n  v2 = s3 * v0\n  v1 = v1 + v2\n",
        "def Setup():\n  s2 = 0.02\n" /* another number */
        "def Predict():\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n",
        "def Setup():\n  s2 = 0.01\n" /* an instruction in another phase */
        "def Predict():\n  s0 = dot(v0, v1)\n  s3 = s1 - s0\n"
        "def Learn():\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_not_equal(written_key_of(others[i]), key);
    }
}

/* Mutants of mutants: what is alive in the same words has the same meaning, and taking away what is
 * dead changes neither key. */
static void one_written_key_is_one_functional_key(void **state)
{
    enum { STEPS = 3000, PLACES = 1 << 12 };
    (void)state;
    static struct {
        uint64_t written, functional;
    } seen[PLACES];
    const struct pm_profile *profile = pm_profile_find("full", NULL);
    struct pm_algorithm *algorithm = read_program(LINEAR, INPUT_DIM);
    struct pm_random random;
    int again = 0;
    pm_random_seed(&random, 1, 2, 3);
    for (int i = 0; i < STEPS; i++) {
        struct pm_algorithm *mutant = pm_mutate(profile, algorithm, 0.1, &random);
        struct pm_algorithm *simple = pm_simplify(mutant, NULL);
        struct pm_liveness liveness, all;
        pm_liveness_analyse(mutant, &liveness);
        pm_liveness_analyse(simple, &all);
        const uint64_t written = pm_written_key(mutant, &liveness);
        const uint64_t functional = pm_functional_key_of(mutant, &liveness);
        assert_int_equal(pm_written_key(simple, &all), written);
        assert_int_equal(pm_functional_key(simple), functional);
        if (seen[written % PLACES].written == written) {
            assert_int_equal(seen[written % PLACES].functional, functional);
            again++;
        }
        seen[written % PLACES].written = written;
        seen[written % PLACES].functional = functional;
        pm_algorithm_destroy(simple);
        pm_algorithm_destroy(algorithm);
        algorithm = mutant;
    }
    assert_true(again > STEPS / 4);
    pm_algorithm_destroy(algorithm);
}

/* ---- the search that uses them ---- */

static void make_task(struct pm_task *task, uint32_t id)
{
    enum { EXAMPLES = 40 };
    *task = (struct pm_task){.id = id,
                             .regression = true,
                             .input_dim = INPUT_DIM,
                             .train_count = EXAMPLES / 2,
                             .validation_count = EXAMPLES / 2,
                             .features = calloc(EXAMPLES, (INPUT_DIM + 1) * sizeof(float))};
    assert_non_null(task->features);
    task->labels = task->features + EXAMPLES * INPUT_DIM;
    for (size_t i = 0; i < EXAMPLES; i++) {
        for (size_t k = 0; k < INPUT_DIM; k++) {
            const float x = (float)((i * 7 + k * 3 + id) % 11) - 5;
            task->features[i * INPUT_DIM + k] = x;
            task->labels[i] += x * (float)(k + 1) * 0.1f;
        }
    }
}

static struct pm_lane_search_counts search(const struct pm_task *tasks, uint64_t seed,
                                           bool reference)
{
    const struct pm_lane_search_config config = {.profile = pm_profile_find("baseline", NULL),
                                                 .tasks = tasks,
                                                 .task_count = 2,
                                                 .population = 50,
                                                 .tournament = 5,
                                                 .mutation_probability = 0.9,
                                                 .seed = seed,
                                                 .reference = reference};
    struct pm_error error = {0};
    struct pm_lane_search *search = pm_lane_search_create(&config, &error);
    if (search == NULL || !pm_lane_search_run(search, 1500, &error)) {
        fail_msg("%s", error.message);
    }
    const struct pm_lane_search_counts counts = pm_lane_search_counts(search);
    pm_lane_search_destroy(search);
    return counts;
}

static void searches_count_what_they_do(void **state)
{
    (void)state;
    struct pm_task tasks[2];
    make_task(&tasks[0], 0);
    make_task(&tasks[1], 1);
    const struct pm_lane_search_counts one = search(tasks, 1, false),
                                       again = search(tasks, 1, false),
                                       other = search(tasks, 2, false);
    assert_int_equal(one.individuals, 1500);
    assert_int_equal(one.known + one.run, one.individuals);
    assert_in_range(one.known, 100, 1499); /* copies alone are a tenth */
    assert_in_range(one.alive, 1, one.instructions - 1);
    assert_true(one.best > 0 && one.best <= 1);
    assert_memory_equal(&one, &again, sizeof one);
    assert_int_not_equal(one.instructions, other.instructions);
    free(tasks[0].features);
    free(tasks[1].features);
}

/* Where a search goes depends on every score on its way: had one bit of one been different, other
 * parents would have been chosen. */
static void both_executors_make_the_same_search(void **state)
{
    (void)state;
    struct pm_task tasks[2];
    make_task(&tasks[0], 0);
    make_task(&tasks[1], 1);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const struct pm_lane_search_counts fast = search(tasks, seed, false),
                                           reference = search(tasks, seed, true);
        assert_memory_equal(&fast, &reference, sizeof fast);
    }
    free(tasks[0].features);
    free(tasks[1].features);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_in_other_words),
        cmocka_unit_test(another_meaning),
        cmocka_unit_test(random_programs_are_as_they_are_written),
        cmocka_unit_test(a_written_key_sees_what_is_alive_as_it_is_written),
        cmocka_unit_test(one_written_key_is_one_functional_key),
        cmocka_unit_test(searches_count_what_they_do),
        cmocka_unit_test(both_executors_make_the_same_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
