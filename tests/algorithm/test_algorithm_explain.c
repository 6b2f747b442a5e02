/* Simplified and explained programs: shorter, readable, and worth the same. */
#include "tests/cmocka_include.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/dataset.h>
#include <poolminer/explain.h>
#include <poolminer/random_program.h>
#include <poolminer/simplify.h>
#include <poolminer/suite.h>

enum { DIM = 8, TASKS = 2, PROGRAMS = 150 };

static struct pm_algorithm *parse(const char *text)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    if (!pm_algorithm_parse(text, strlen(text), DIM, PM_PARSE_STRICT, NULL, NULL, &algorithm,
                            &error)) {
        fail_msg("%s\n%s", error.message, text);
    }
    return algorithm;
}

static void expect_folded(const char *text, const char *expected)
{
    struct pm_algorithm *algorithm = parse(text), *wanted = parse(expected);
    struct pm_algorithm *folded = pm_fold(algorithm, NULL);
    assert_non_null(folded);
    char *written = pm_algorithm_write(folded, NULL), *other = pm_algorithm_write(wanted, NULL);
    assert_string_equal(written, other);
    free(written);
    free(other);
    pm_algorithm_destroy(folded);
    pm_algorithm_destroy(wanted);
    pm_algorithm_destroy(algorithm);
}

static void constants_are_worked_out(void **state)
{
    (void)state;
    /* In setup; and in predict and learn from what setup left. */
    expect_folded("def Setup():\n  s2 = 0.5\n  s3 = s2 * s2\n"
                  "def Predict():\n  s4 = s3 + s3\n  s5 = mean(v0)\n  s0 = s5 * s4\n",
                  "def Predict():\n  s4 = 0.5\n  s5 = mean(v0)\n  s0 = s5 * s4\n");
    /* Of vectors filled with one number. */
    expect_folded("def Setup():\n  v3 = 2.0\n  s3 = dot(v3, v3)\n"
                  "def Predict():\n  s0 = mean(v0)\n  s0 = s0 / s3\n",
                  "def Setup():\n  s3 = 32.0\n"
                  "def Predict():\n  s0 = mean(v0)\n  s0 = s0 / s3\n");
    /* A register that holds the number already. */
    expect_folded("def Setup():\n  s3 = 0.0\n"
                  "def Predict():\n  s0 = mean(v0)\n  s0 = s0 - s3\n",
                  "def Predict():\n  s0 = mean(v0)\n  s0 = s0 - s3\n");
}

static void what_changes_is_left_alone(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        /* s2 is written in learn, so predict sees more than setup's number. */
        "def Setup():\n  s2 = 0.5\n"
        "def Predict():\n  s3 = s2 * s2\n  s4 = mean(v0)\n  s0 = s3 * s4\n"
        "def Learn():\n  s2 = s2 + s1\n",
        /* One element differs from the others. */
        "def Setup():\n  v1[2] = 0.5\n"
        "def Predict():\n  v2 = v1 + v1\n  s0 = dot(v2, v0)\n",
        /* s1 is a label in learn, whatever setup left there. */
        "def Setup():\n  s1 = 1.0\n"
        "def Predict():\n  s0 = dot(v0, v1)\n"
        "def Learn():\n  s2 = s1 + s1\n  v2 = s2 * v0\n  v1 = v1 + v2\n",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct pm_algorithm *algorithm = parse(TEXTS[i]);
        struct pm_algorithm *simple = pm_simplify(algorithm, NULL);
        struct pm_algorithm *folded = pm_fold(algorithm, NULL);
        assert_true(pm_algorithm_equal(simple, folded));
        pm_algorithm_destroy(folded);
        pm_algorithm_destroy(simple);
        pm_algorithm_destroy(algorithm);
    }
}

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

static struct pm_algorithm *explained(const struct pm_algorithm *algorithm)
{
    struct pm_text text = {.length = 0};
    struct pm_algorithm *back = NULL;
    struct pm_error error = {0};
    pm_explain(algorithm, &text);
    assert_false(text.failed);
    if (!pm_algorithm_parse(text.data, text.length, algorithm->input_dim, PM_PARSE_STRICT, NULL,
                            NULL, &back, &error)) {
        fail_msg("%s\n%s", error.message, text.data);
    }
    pm_text_clear(&text);
    return back;
}

/* Random programs of every sort score the same task by task after folding, and read back equal from
 * their explanation. */
static void random_programs_keep_their_scores(void **state)
{
    (void)state;
    struct pm_dataset *dataset = NULL;
    struct pm_suite *suite = NULL;
    int shorter = 0, compared = 0;
    assert_true(pm_dataset_synthetic(1, 200, &dataset, NULL));
    assert_true(pm_suite_search(dataset, PM_EDITION_FIRST2000, DIM, 0, TASKS, NULL, &suite, NULL));
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        const struct pm_random_program shape = pm_random_program_shape(DIM, seed % 2 == 0, seed);
        struct pm_algorithm *program = pm_random_program_create(&shape);
        struct pm_algorithm *folded = pm_fold(program, NULL);
        struct pm_algorithm *back = explained(folded);
        assert_true(pm_algorithm_equal(back, folded));
        struct pm_algorithm *simple = pm_simplify(program, NULL);
        if (!draws(simple)) {
            const struct pm_algorithm *both[] = {program, folded};
            double scores[2], tasks[2][TASKS];
            assert_true(pm_suite_score(suite, both, 2, scores, tasks[0], NULL, NULL));
            assert_memory_equal(tasks[0], tasks[1], sizeof tasks[0]);
            compared++;
        }
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            shorter += simple->length[phase] > folded->length[phase] ? 1 : 0;
        }
        pm_algorithm_destroy(simple);
        pm_algorithm_destroy(back);
        pm_algorithm_destroy(folded);
        pm_algorithm_destroy(program);
    }
    assert_true(compared > PROGRAMS / 20);
    assert_true(shorter > 0);
    pm_suite_destroy(suite);
    pm_dataset_destroy(dataset);
}

static void comments_say_what_lines_compute(void **state)
{
    (void)state;
    static const char *const PHRASES[] = {
        "# a constant\n",
        "# prediction: the input weighed by v1 (learned), summed up\n",
        "# the error: the label minus the prediction\n",
        "# scales s3 by s2 (fixed)\n",
        "# adds v2 to v1 (learned)\n",
    };
    struct pm_algorithm *algorithm =
        parse("def Setup():\n  s2 = 0.01\ndef Predict():\n  s0 = dot(v0, v1)\n"
              "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n");
    struct pm_text text = {.length = 0};
    pm_explain(algorithm, &text);
    for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES; i++) {
        if (strstr(text.data, PHRASES[i]) == NULL) {
            fail_msg("no %s in:\n%s", PHRASES[i], text.data);
        }
    }
    pm_text_clear(&text);
    pm_algorithm_destroy(algorithm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_worked_out),
        cmocka_unit_test(what_changes_is_left_alone),
        cmocka_unit_test(random_programs_keep_their_scores),
        cmocka_unit_test(comments_say_what_lines_compute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
