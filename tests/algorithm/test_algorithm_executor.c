/* The reference executor: run order and memory, what each instruction does, errors. The order of
 * sums and random draws: test_algorithm_definition.c. */
#include "tests/algorithm/run.h"
#include "tests/cmocka_include.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- run order and memory ---- */

static void memory_starts_at_zero(void **state)
{
    (void)state;
    assert_run("predict:\n s0 = s5\n", 0.0F);
    assert_run("predict:\n s0 = norm(v3)\n", 0.0F);
    assert_run("predict:\n s0 = norm(m3)\n", 0.0F);
    /* Also after a run that left it full. */
    assert_run("setup:\n s5 = 1\n v3 = 1\n m3 = 1\npredict:\n s0 = s5\n", 1.0F);
    assert_run("predict:\n s0 = s5\n", 0.0F);
}

static void phases_run_in_this_order(void **state)
{
    (void)state;
    /* s2 counts setups, s3 predicts, s4 learns; two examples to learn from, three to judge. */
    static const char counting[] = "setup:\n s5 = 1\n s2 = s2 + s5\n"
                                   "predict:\n s3 = s3 + s5\n s0 = %s\n"
                                   "learn:\n s4 = s4 + s5\n";
    static const struct {
        const char *prediction;
        float expected[3];
    } cases[] = {
        {"s2", {1, 1, 1}},
        {"s3", {3, 4, 5}},
        {"s4", {2, 2, 2}},
    };
    const float features[] = {0, 0, 0, 0, 0}, labels[] = {0, 1, 0, 1, 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        float predictions[3];
        snprintf(text, sizeof text, counting, cases[i].prediction);
        run_task(text,
                 &(struct pm_task){.input_dim = 1,
                                   .train_count = 2,
                                   .validation_count = 3,
                                   .features = (float *)features,
                                   .labels = (float *)labels},
                 predictions);
        assert_memory_equal(predictions, cases[i].expected, sizeof predictions);
    }
}

static void the_label_is_there_in_learn_only(void **state)
{
    (void)state;
    const float features[] = {0, 0, 0, 0}, labels[] = {1, 1, 1, 1};
    const struct pm_task task = {.input_dim = 1,
                                 .train_count = 2,
                                 .validation_count = 2,
                                 .features = (float *)features,
                                 .labels = (float *)labels};
    float predictions[2];
    run_task("predict:\n s2 = s2 + s1\n s0 = s2\n", &task, predictions);
    assert_true(predictions[1] == 0.0F);
    run_task("predict:\n s0 = s2\nlearn:\n s2 = s2 + s1\n", &task, predictions);
    assert_true(predictions[1] == 2.0F);
    /* What learn leaves in s1 is gone; what predict leaves there learn does not see. */
    run_task("predict:\n s0 = s1\n s1 = s3\nsetup:\n s3 = 7\nlearn:\n s4 = s1\n s1 = s3\n", &task,
             predictions);
    assert_true(predictions[0] == 0.0F);
    assert_true(predictions[1] == 7.0F); /* no learn between validation examples */
    run_task("predict:\n s0 = s4\n s1 = s3\nsetup:\n s3 = 7\nlearn:\n s4 = s1\n", &task,
             predictions);
    assert_true(predictions[0] == 1.0F);
    /* With a single scalar there is no label. */
    run_task("# meta: scalar_count=1\npredict:\n NoOp()\nlearn:\n s0 = s1\n", &task, predictions);
    assert_true(predictions[0] == 0.0F);
}

static void examples_come_in_order(void **state)
{
    (void)state;
    const float features[] = {1, 2, 3, 4, 5, 6, 7, 8}, labels[] = {0, 0, 0, 0};
    const struct pm_task task = {.input_dim = 2,
                                 .train_count = 2,
                                 .validation_count = 2,
                                 .features = (float *)features,
                                 .labels = (float *)labels};
    float predictions[2];
    run_task("predict:\n s0 = mean(v0)\n", &task, predictions);
    assert_true(predictions[0] == 5.5F && predictions[1] == 7.5F);
    /* The inputs of the two examples learned from, one decimal digit each. */
    run_task("setup:\n s5 = 100\npredict:\n s0 = s2\nlearn:\n s3 = mean(v0)\n s2 = s2 * s5\n"
             " s2 = s2 + s3\n",
             &task, predictions);
    assert_true(predictions[1] == 153.5F);
}

/* With vectors wider than the input, the rest of v0 is memory like any other. */
static void the_rest_of_v0_keeps_what_it_holds(void **state)
{
    (void)state;
    const float features[] = {1, 2, 3}, labels[] = {0, 0, 0};
    const struct pm_task task = {.input_dim = 1,
                                 .train_count = 1,
                                 .validation_count = 2,
                                 .features = (float *)features,
                                 .labels = (float *)labels};
    float predictions[2];
    run_task("# meta: vector_dim=2\nsetup:\n s2 = 2\n v0[0] = 50\n v0[1] = 10\n"
             "predict:\n s3 = mean(v0)\n s0 = s3 * s2\n",
             &task, predictions);
    assert_true(predictions[0] == 12.0F && predictions[1] == 13.0F);
}

/* ---- instructions ---- */

/* Predict's text and the s0 it ends with; vectors have three elements. Registers to read from:
 * s2 = 2, s3 = -3, s6 = infinity, s7 = NaN; v1 = (1, -2, 3), v2 = (4, 5, 6); m1 = rows (1, 2, 3),
 * (4, 5, 6), (7, 8, 10), m2 = outer(v1, v2). Elements of v9 are read by dot with v7, v8, v6 = the
 * unit vectors. */
struct instruction_case {
    const char *text;
    float expected;
};

static const char registers[] =
    "# meta: vector_count=20\nsetup:\n"
    " s2 = 2\n s3 = -3\n s6 = 1e39\n s7 = s6 - s6\n"
    " v1[0] = 1\n v1[1] = -2\n v1[2] = 3\n v2[0] = 4\n v2[1] = 5\n v2[2] = 6\n"
    " v6[0] = 1\n v7[1] = 1\n v8[2] = 1\n"
    " v10[0] = 1\n v10[1] = 2\n v10[2] = 3\n v11[0] = 4\n v11[1] = 5\n v11[2] = 6\n"
    " v12[0] = 7\n v12[1] = 8\n v12[2] = 10\n"
    " m1 = outer(v6, v10)\n m2 = outer(v7, v11)\n m1 = m1 + m2\n m2 = outer(v8, v12)\n"
    " m1 = m1 + m2\n m2 = outer(v1, v2)\n"
    "predict:\n";

static void check_instructions(const struct instruction_case *cases, size_t count)
{
    const float features[3] = {0, 0, 0}, labels[1] = {0};
    for (size_t i = 0; i < count; i++) {
        char text[2048];
        float prediction;
        snprintf(text, sizeof text, "%s%s", registers, cases[i].text);
        run_task(text,
                 &(struct pm_task){.input_dim = 3,
                                   .validation_count = 1,
                                   .features = (float *)features,
                                   .labels = (float *)labels},
                 &prediction);
        if (!same_float(prediction, cases[i].expected)) {
            fail_msg("%s\nis %.9g, not %.9g", cases[i].text, (double)prediction,
                     (double)cases[i].expected);
        }
    }
}
#define CHECK_INSTRUCTIONS(table) check_instructions(table, sizeof(table) / sizeof *(table))

static void scalars_are_computed(void **state)
{
    (void)state;
    static const struct instruction_case cases[] = {
        {"s0 = 0.1", 0.1F},
        {"s0 = s3", -3.0F},
        {"s0 = s2 + s3", -1.0F},
        {"s0 = s2 - s3", 5.0F},
        {"s0 = s2 * s3", -6.0F},
        {"s0 = s2 / s3", 2.0F / (-3.0F + 1e-8F)},
        {"s0 = s2 / s9", 2.0F / 1e-8F},
        {"s4 = 1e-8\n s4 = s9 - s4\n s0 = s2 / s4", INFINITY},
        {"s0 = minimum(s2, s3)", -3.0F},
        {"s0 = maximum(s2, s3)", 2.0F},
        {"s0 = abs(s3)", 3.0F},
        {"s0 = heaviside(s2)", 1.0F},
        {"s0 = 5\n s0 = heaviside(s3)", 0.0F},
        {"s0 = 5\n s0 = heaviside(s9)", 0.0F},
        {"s0 = sin(s2)", 0.909297427F},
        {"s0 = cos(s2)", -0.416146837F},
        {"s0 = tan(s2)", -2.18503987F},
        {"s0 = exp(s2)", 7.38905609F},
        {"s0 = log(s2)", 0.693147181F},
        {"s0 = log(s3)", 1.09861229F},
        {"s0 = log(s9)", -18.4206807F}, /* log(1e-8) */
        {"s4 = 10.5\n s0 = exp(s4)", 22026.4658F},
        {"s4 = -11\n s0 = exp(s4)", 4.53999298e-05F},
    };
    CHECK_INSTRUCTIONS(cases);
}

static void infinities_and_nans_flow(void **state)
{
    (void)state;
    static const struct instruction_case cases[] = {
        {"s0 = s6", INFINITY},
        {"s0 = s7", NAN},
        {"s0 = s6 + s3", INFINITY},
        {"s0 = s2 / s6", 0.0F},
        {"s0 = s7 * s9", NAN},
        {"s0 = minimum(s2, s7)", NAN},
        {"s0 = minimum(s7, s2)", NAN},
        {"s0 = maximum(s2, s7)", NAN},
        {"s0 = maximum(s7, s2)", NAN},
        {"s0 = maximum(s6, s2)", INFINITY},
        {"s0 = abs(s7)", NAN},
        {"s0 = exp(s6)", 22026.4658F},
        {"s0 = exp(s7)", NAN},
        {"s0 = log(s6)", INFINITY},
        {"s0 = sin(s6)", NAN},
        {"s0 = cos(s7)", NAN},
        {"s0 = 5\n s0 = heaviside(s7)", 0.0F},
        {"s0 = heaviside(s6)", 1.0F},
        {"v1[1] = 1e39\n s0 = norm(v1)", INFINITY},
        {"v1[1] = 1e39\n s0 = std(v1)", NAN},
        {"m1 = v1 + s7\n s0 = mean(m1)", NAN},
    };
    CHECK_INSTRUCTIONS(cases);
}

/* Of two zeros the second operand is taken. */
static void minimum_of_zeros_is_the_second(void **state)
{
    (void)state;
    static const struct instruction_case cases[] = {
        {"s4 = -0.0\n s0 = minimum(s4, s9)", 0.0F},
        {"s4 = -0.0\n s0 = minimum(s9, s4)", -0.0F},
        {"s4 = -0.0\n s0 = maximum(s4, s9)", 0.0F},
        {"s4 = -0.0\n s0 = maximum(s9, s4)", -0.0F},
    };
    CHECK_INSTRUCTIONS(cases);
}

static void kinds_are_combined(void **state)
{
    (void)state;
    static const struct instruction_case cases[] = {
        {"v9 = v1 * v2\n s0 = dot(v9, v7)", -10.0F},
        {"v9 = v1 - v2\n s0 = dot(v9, v8)", -3.0F},
        {"v9 = s2 - v1\n s0 = dot(v9, v8)", -1.0F},
        {"v9 = v1 - s2\n s0 = dot(v9, v8)", 1.0F},
        {"m3 = m1 * m2\n v9 = dot(m3, v8)\n s0 = dot(v9, v7)", 6.0F * -12.0F},
        {"m3 = s2 - m1\n v9 = dot(m3, v6)\n s0 = dot(v9, v8)", -5.0F},
        {"m3 = m1 - s2\n v9 = dot(m3, v6)\n s0 = dot(v9, v8)", 5.0F},
        /* A vector goes to every row: its index is the column. */
        {"m3 = m1 - v1\n v9 = dot(m3, v6)\n s0 = dot(v9, v8)", 6.0F},
        {"m3 = v1 - m1\n v9 = dot(m3, v8)\n s0 = dot(v9, v7)", -3.0F},
        {"v9 = abs(v1)\n s0 = mean(v9)", 2.0F},
        {"m3 = heaviside(m2)\n s0 = mean(m3)", 6.0F / 9.0F},
        {"s0 = dot(v1, v2)", 12.0F},
        {"m3 = outer(v1, v2)\n v9 = dot(m3, v6)\n s0 = dot(v9, v7)", -8.0F},
        {"v9 = dot(m1, v1)\n s0 = dot(v9, v8)", 21.0F},
        {"m3 = dot(m1, m2)\n v9 = dot(m3, v7)\n s0 = dot(v9, v8)", 7 * 5 - 8 * 10 + 10 * 15},
        {"s0 = mean(m1)", 46.0F / 9.0F},
        {"s0 = norm(v2)", 8.77496439F},
        {"s0 = std(v2)", 0.816496581F},
        {"s0 = std(m1)", 2.76664429F},
        {"s0 = v2", 8.77496439F}, /* a vector into a scalar: its norm */
        {"s0 = m1", 17.4355958F}, /* a matrix likewise */
        {"v9 = v2\n s0 = dot(v9, v7)", 5.0F},
        {"m3 = m1\n s0 = mean(m3)", 46.0F / 9.0F},
    };
    CHECK_INSTRUCTIONS(cases);
}

static void a_destination_may_be_an_operand(void **state)
{
    (void)state;
    static const struct instruction_case cases[] = {
        {"v1 = v1 + v1\n s0 = dot(v1, v8)", 6.0F},
        {"m1 = v1 * m1\n v9 = dot(m1, v7)\n s0 = dot(v9, v8)", -16.0F},
        {"v1 = dot(m1, v1)\n s0 = dot(v1, v8)", 21.0F},
        {"m1 = dot(m1, m2)\n v9 = dot(m1, v7)\n s0 = dot(v9, v8)", 7 * 5 - 8 * 10 + 10 * 15},
        {"m2 = dot(m1, m2)\n v9 = dot(m2, v7)\n s0 = dot(v9, v8)", 7 * 5 - 8 * 10 + 10 * 15},
        {"m1 = dot(m1, m1)\n v9 = dot(m1, v6)\n s0 = dot(v9, v8)", 7 + 32 + 70},
        {"s2 = s2 * s2\n s0 = s2", 4.0F},
    };
    CHECK_INSTRUCTIONS(cases);
}

/* A result of a smaller kind fills a bigger destination. */
static void results_widen(void **state)
{
    (void)state;
    static const struct instruction_case cases[] = {
        {"v9 = 7\n s0 = dot(v9, v7)", 7.0F},
        {"m3 = 7\n v9 = dot(m3, v7)\n s0 = dot(v9, v8)", 7.0F},
        {"v9 = s2\n s0 = dot(v9, v8)", 2.0F},
        {"m3 = v1\n v9 = dot(m3, v7)\n s0 = dot(v9, v8)", -2.0F},
        {"m3 = s2 + s3\n s0 = mean(m3)", -1.0F},
        {"m3 = v1 + v2\n v9 = dot(m3, v8)\n s0 = dot(v9, v7)", 9.0F},
        {"m3 = s2 * v1\n v9 = dot(m3, v8)\n s0 = dot(v9, v6)", 6.0F},
        {"v9 = abs(s3)\n s0 = dot(v9, v8)", 3.0F},
        {"m3 = abs(v1)\n v9 = dot(m3, v7)\n s0 = dot(v9, v8)", 2.0F},
        {"v9 = dot(v1, v2)\n s0 = dot(v9, v7)", 12.0F},
        {"m3 = dot(v1, v2)\n s0 = mean(m3)", 12.0F},
        {"m3 = dot(m1, v1)\n v9 = dot(m3, v8)\n s0 = dot(v9, v6)", 21.0F},
        {"v9 = mean(v2)\n s0 = dot(v9, v7)", 5.0F},
        {"m3 = norm(v2)\n v9 = dot(m3, v7)\n s0 = dot(v9, v8)", 8.77496439F},
        {"v9 = std(m1)\n s0 = dot(v9, v8)", 2.76664429F},
    };
    CHECK_INSTRUCTIONS(cases);
}

/* What cannot be done is not done: the destination keeps what it holds. */
static void inert_instructions_do_nothing(void **state)
{
    (void)state;
    static const struct instruction_case cases[] = {
        {"s0 = 5\n s0 = s20", 5.0F},
        {"s0 = 5\n s20 = s2\n v20 = s2\n m5 = s2", 5.0F},
        {"s0 = 5\n s0 = s2 + s20", 5.0F},
        {"s0 = 5\n s0 = v1 + s2", 5.0F},
        {"s0 = 5\n s0 = abs(v1)", 5.0F},
        {"s0 = 5\n s0 = dot(s2, s3)", 5.0F},
        {"s0 = 5\n s0 = dot(v1, m1)", 5.0F},
        {"s0 = 5\n s0 = outer(v1, v2)", 5.0F},
        {"s0 = 5\n s0 = dot(m1, v1)", 5.0F},
        {"s0 = 5\n s0 = matmul(v1, v2)", 5.0F},
        {"s0 = 5\n s0 = norm(s2)", 5.0F},
        {"v1 = m1\n s0 = dot(v1, v8)", 3.0F},
        {"v1[3] = 9\n s0 = mean(v1)", 2.0F / 3.0F},
    };
    CHECK_INSTRUCTIONS(cases);
}

/* ---- the rest ---- */

static void inputs_must_fit(void **state)
{
    (void)state;
    struct pm_error error = {0};
    const float feature = 0, label = 0;
    const struct pm_task task = {.input_dim = 1,
                                 .validation_count = 1,
                                 .features = (float *)&feature,
                                 .labels = (float *)&label};
    struct pm_algorithm *algorithm = read_program("NoOp()", 2);
    struct pm_executor *executor = pm_executor_create();
    float prediction;
    assert_false(pm_executor_run(executor, algorithm, &task, &prediction, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_string_equal(error.message, "the algorithm takes 2 inputs but the task has 1");
    pm_executor_destroy(executor);
    pm_algorithm_destroy(algorithm);
}

/* One executor for programs of every size, big after small and small after big. */
static void an_executor_can_be_used_again(void **state)
{
    (void)state;
    static const char small[] =
        "# meta: scalar_count=1 vector_count=1 matrix_count=0\npredict:\n s0 = mean(v0)";
    static const char big[] =
        "# meta: scalar_count=64 vector_count=64 matrix_count=64 vector_dim=128\n"
        "predict:\n v63 = 1\n m63 = outer(v63, v63)\n s63 = norm(m63)\n s0 = s63";
    static const char ordinary[] = "predict:\n s0 = s1\n";
    static const char *const texts[] = {small, big, ordinary};
    const float expected[] = {3.0F, 128.0F, 0.0F};
    float feature = 3, label = 0;
    const struct pm_task task = {
        .input_dim = 1, .validation_count = 1, .features = &feature, .labels = &label};
    struct pm_executor *executor = pm_executor_create();
    for (int i = 0; i < 9; i++) {
        struct pm_algorithm *algorithm = read_program(texts[i % 3], 1);
        float prediction;
        assert_true(pm_executor_run(executor, algorithm, &task, &prediction, NULL));
        assert_true(prediction == expected[i % 3]);
        pm_algorithm_destroy(algorithm);
    }
    pm_executor_destroy(executor);
    pm_executor_destroy(NULL);
}

static void accuracy_counts_what_is_right(void **state)
{
    (void)state;
    float labels[] = {1, 1, 1, 0, 1, 0, 1, 0};
    const struct pm_task task = {.train_count = 3, .validation_count = 5, .labels = labels};
    const float predictions[] = {0.5F, 0.5000001F, NAN, INFINITY, -1.0F};
    /* 0.5 and NaN are no 1; infinity is; so right are the 1st, 2nd, 4th and last. */
    const float labels_here[] = {0, 1, 0, 1, 0};
    memcpy(labels + 3, labels_here, sizeof labels_here);
    assert_true(pm_task_accuracy(&task, predictions) == 1.0);
    labels[5] = 1; /* the NaN's */
    labels[6] = 0; /* the infinity's */
    assert_true(pm_task_accuracy(&task, predictions) == 3.0 / 5.0);
    const struct pm_task empty = {.labels = labels};
    assert_true(pm_task_accuracy(&empty, predictions) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_starts_at_zero),
        cmocka_unit_test(phases_run_in_this_order),
        cmocka_unit_test(the_label_is_there_in_learn_only),
        cmocka_unit_test(examples_come_in_order),
        cmocka_unit_test(the_rest_of_v0_keeps_what_it_holds),
        cmocka_unit_test(scalars_are_computed),
        cmocka_unit_test(infinities_and_nans_flow),
        cmocka_unit_test(minimum_of_zeros_is_the_second),
        cmocka_unit_test(kinds_are_combined),
        cmocka_unit_test(a_destination_may_be_an_operand),
        cmocka_unit_test(results_widen),
        cmocka_unit_test(inert_instructions_do_nothing),
        cmocka_unit_test(inputs_must_fit),
        cmocka_unit_test(an_executor_can_be_used_again),
        cmocka_unit_test(accuracy_counts_what_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
