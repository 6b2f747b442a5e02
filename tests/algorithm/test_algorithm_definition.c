/* What makes a score the same bits everywhere: the order of sums, one rounding an operation, and
 * random draws that are a function of text, task and place. docs/algorithm.md, sections 5 and 6. */
#include "tests/algorithm/run.h"
#include "tests/cmocka_include.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/philox.h>

/* ---- sums ---- */

/* Written down once more, for any number of terms, independently of the executor's. */
static float documented_sum(const float *t, int n)
{
    float p0 = n > 0 ? t[0] : 0.0F, p1 = n > 1 ? t[1] : 0.0F;
    float p2 = n > 2 ? t[2] : 0.0F, p3 = n > 3 ? t[3] : 0.0F;
    for (int i = 4; i < n; i += 4) {
        p0 = p0 + t[i];
    }
    for (int i = 5; i < n; i += 4) {
        p1 = p1 + t[i];
    }
    for (int i = 6; i < n; i += 4) {
        p2 = p2 + t[i];
    }
    for (int i = 7; i < n; i += 4) {
        p3 = p3 + t[i];
    }
    return (p0 + p1) + (p2 + p3);
}

enum { N = 7 }; /* not a multiple of four */

/* Values whose sum depends on its order in almost every bit. */
static void fill(float *x, int n, unsigned seed)
{
    for (int i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        x[i] = ldexpf((float)(seed >> 8) * 0x1p-24F - 0.5F, (int)(seed % 9));
    }
}

/* Runs predict with v0 = x, of N elements. */
static float run_on(const char *predict, const float *x)
{
    char text[512];
    float label = 0, prediction;
    snprintf(text, sizeof text, "predict:\n%s", predict);
    run_task(text,
             &(struct pm_task){
                 .input_dim = N, .validation_count = 1, .features = (float *)x, .labels = &label},
             &prediction);
    return prediction;
}

static void sums_have_the_documented_order(void **state)
{
    (void)state;
    int differs_from_index_order = 0;
    for (unsigned seed = 0; seed < 200; seed++) {
        float x[N], t[N], in_order = 0;
        fill(x, N, seed);
        float mean = documented_sum(x, N) / (float)N;
        assert_true(run_on("s0 = mean(v0)", x) == mean);
        for (int i = 0; i < N; i++) {
            t[i] = x[i] * x[i];
        }
        float norm = sqrtf(documented_sum(t, N));
        assert_true(run_on("s0 = norm(v0)", x) == norm);
        assert_true(run_on("s0 = v0", x) == norm);
        assert_true(run_on("s0 = dot(v0, v0)", x) == documented_sum(t, N));
        for (int i = 0; i < N; i++) {
            t[i] = (x[i] - mean) * (x[i] - mean);
        }
        assert_true(run_on("s0 = std(v0)", x) == sqrtf(documented_sum(t, N) / (float)N));
        for (int i = 0; i < N; i++) {
            in_order += x[i];
        }
        differs_from_index_order += in_order != documented_sum(x, N);
    }
    assert_true(differs_from_index_order > 50); /* so the test can tell */
}

/* A matrix is summed in row-major order; a product's elements one by one. */
static void matrices_are_summed_in_row_major_order(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 50; seed++) {
        float x[N], m[N * N], t[N * N], row[N], product[N];
        fill(x, N, seed);
        for (int r = 0; r < N; r++) {
            for (int c = 0; c < N; c++) {
                m[r * N + c] = x[r] * x[c] + x[c];
            }
        }
        static const char make_m[] = "m1 = outer(v0, v0)\nm1 = m1 + v0\n";
        char text[256];
        snprintf(text, sizeof text, "%ss0 = mean(m1)", make_m);
        float mean = documented_sum(m, N * N) / (float)(N * N);
        assert_true(run_on(text, x) == mean);
        for (int i = 0; i < N * N; i++) {
            t[i] = (m[i] - mean) * (m[i] - mean);
        }
        snprintf(text, sizeof text, "%ss0 = std(m1)", make_m);
        assert_true(run_on(text, x) == sqrtf(documented_sum(t, N * N) / (float)(N * N)));
        for (int r = 0; r < N; r++) {
            for (int c = 0; c < N; c++) {
                row[c] = m[r * N + c] * x[c];
            }
            product[r] = documented_sum(row, N);
        }
        snprintf(text, sizeof text, "%sv1 = dot(m1, v0)\ns0 = mean(v1)", make_m);
        assert_true(run_on(text, x) == documented_sum(product, N) / (float)N);
        for (int r = 0; r < N; r++) {
            for (int c = 0; c < N; c++) {
                for (int i = 0; i < N; i++) {
                    row[i] = m[r * N + i] * m[i * N + c];
                }
                t[r * N + c] = documented_sum(row, N);
            }
        }
        snprintf(text, sizeof text, "%sm2 = dot(m1, m1)\ns0 = mean(m2)", make_m);
        assert_true(run_on(text, x) == documented_sum(t, N * N) / (float)(N * N));
    }
}

/* A partial sum starts as its first term, so a sum of minus zeros is minus zero; one without a term
 * is plus zero. */
static void sums_of_zeros_have_the_documented_sign(void **state)
{
    (void)state;
    const float zeros[N] = {-0.0F, -0.0F, -0.0F, -0.0F, -0.0F, -0.0F, -0.0F};
    assert_true(signbit(run_on("s0 = mean(v0)", zeros)));
    float zero = -0.0F, label = 0, prediction;
    const struct pm_task narrow = {
        .input_dim = 1, .validation_count = 1, .features = &zero, .labels = &label};
    run_task("predict:\n s0 = mean(v0)", &narrow, &prediction);
    assert_false(signbit(prediction));
}

/* Were product and sum fused, the product's rounding error would be left over here. */
static void products_are_rounded_before_they_are_added(void **state)
{
    (void)state;
    assert_run("setup:\n s2 = 1.0001\n s3 = s2 * s2\n s4 = s9 - s3\n"
               "predict:\n s5 = s2 * s2\n s0 = s5 + s4",
               0.0F);
}

/* ---- random draws ---- */

static const char random_text[] =
    "# meta: scalar_count=4 vector_count=3 matrix_count=2 vector_dim=3 setup_max_ops=30 "
    "predict_max_ops=30 learn_max_ops=30\n"
    "def Setup():\n"
    "  s2 = 1.0\n"
    "  m1 = gaussian(0.25, 3.0)\n"
    "def Predict():\n"
    "  v1 = uniform(-1.0, 2.0)\n"
    "  s0 = %s\n"
    "def Learn():\n"
    "  s9 = s1\n"
    "  v2 = gaussian(0.0, 1.0)\n";

/* BLAKE2b-64 of the written form and the task's id. */
static struct pm_philox_key documented_key(const char *text, uint64_t task_id)
{
    unsigned char id[8], digest[8];
    for (int i = 0; i < 8; i++) {
        id[i] = (unsigned char)(task_id >> (8 * i));
    }
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, sizeof digest);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)text, strlen(text));
    crypto_generichash_blake2b_update(&state, id, sizeof id);
    crypto_generichash_blake2b_final(&state, digest, sizeof digest);
    uint64_t key = 0;
    for (int i = 7; i >= 0; i--) {
        key = key << 8 | digest[i];
    }
    return pm_philox_key(key);
}

static float documented_draw(struct pm_philox_key key, uint32_t phase, uint32_t step,
                             uint32_t instruction, uint32_t element,
                             void (*draw_shape)(struct pm_philox_block, float[4]), float offset,
                             float scale)
{
    float numbers[4];
    draw_shape(pm_philox((struct pm_philox_counter){{element / 4, instruction, step, phase}}, key),
               numbers);
    return offset + scale * numbers[element % 4];
}

static void run_random(const char *expression, uint32_t task_id, char text[1024],
                       float predictions[2])
{
    float features[12] = {0}, labels[4] = {0};
    snprintf(text, 1024, random_text, expression);
    run_task(text,
             &(struct pm_task){.id = task_id,
                               .input_dim = 3,
                               .train_count = 2,
                               .validation_count = 2,
                               .features = features,
                               .labels = labels},
             predictions);
}

static float mean_of_draws(struct pm_philox_key key, uint32_t phase, uint32_t step,
                           uint32_t instruction, uint32_t count,
                           void (*draw_shape)(struct pm_philox_block, float[4]), float offset,
                           float scale)
{
    float x[9];
    for (uint32_t i = 0; i < count; i++) {
        x[i] = documented_draw(key, phase, step, instruction, i, draw_shape, offset, scale);
    }
    return documented_sum(x, (int)count) / (float)count;
}

static void draws_are_a_function_of_text_task_and_place(void **state)
{
    (void)state;
    static const uint32_t tasks[] = {0, 1, 4499};
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        char text[1024];
        float predictions[2];
        run_random("mean(v1)", tasks[i], text, predictions);
        struct pm_philox_key key = documented_key(text, tasks[i]);
        for (uint32_t v = 0; v < 2; v++) { /* two examples were learned from before */
            assert_true(predictions[v] ==
                        mean_of_draws(key, 1, 2 + v, 0, 3, pm_philox_uniform, -1.0F, 3.0F));
        }
        run_random("mean(m1)", tasks[i], text, predictions);
        key = documented_key(text, tasks[i]);
        assert_true(predictions[0] ==
                    mean_of_draws(key, 0, 0, 1, 9, pm_philox_normal, 0.25F, 3.0F));
        run_random("mean(v2)", tasks[i], text, predictions);
        key = documented_key(text, tasks[i]);
        /* The last example learned from had number 1; instruction 0 is inert, but has its place. */
        assert_true(predictions[0] == mean_of_draws(key, 2, 1, 1, 3, pm_philox_normal, 0.0F, 1.0F));
    }
}

static void draws_can_be_repeated_and_differ_between_tasks(void **state)
{
    (void)state;
    char text[1024];
    float a[2], b[2], c[2];
    run_random("mean(v1)", 7, text, a);
    run_random("mean(v1)", 7, text, b);
    run_random("mean(v1)", 8, text, c);
    assert_memory_equal(a, b, sizeof a);
    assert_true(a[0] != a[1]);
    assert_true(a[0] != c[0]);
}

/* Draws belong to the written form: another way of writing the same program changes nothing. */
static void draws_do_not_depend_on_how_the_text_was_written(void **state)
{
    (void)state;
    float feature = 0, label = 0, a, b, c;
    const struct pm_task task = {
        .id = 3, .input_dim = 1, .validation_count = 1, .features = &feature, .labels = &label};
    run_task("predict:\n s0 = gaussian(0, 1)\n", &task, &a);
    run_task("# a comment\nnonsense\ns0=GAUSSIAN( 0.0 )  # the same", &task, &b);
    run_task("predict:\n s0 = gaussian(0, 1)\nlearn:\n s2 = 1\n", &task, &c);
    assert_true(a == b);
    assert_true(a != c);
}

/* Widening draws for every element of the destination. */
static void a_random_destination_is_filled_element_by_element(void **state)
{
    (void)state;
    float feature = 0, label = 0, deviation;
    const struct pm_task task = {
        .input_dim = 1, .validation_count = 1, .features = &feature, .labels = &label};
    run_task("# meta: vector_dim=100\npredict:\n m1 = gaussian(5, 2)\n s0 = std(m1)\n", &task,
             &deviation);
    assert_true(fabsf(deviation - 2.0F) < 0.05F);
    run_task("# meta: vector_dim=100\npredict:\n m1 = gaussian(5, 2)\n s0 = mean(m1)\n", &task,
             &deviation);
    assert_true(fabsf(deviation - 5.0F) < 0.07F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_have_the_documented_order),
        cmocka_unit_test(matrices_are_summed_in_row_major_order),
        cmocka_unit_test(sums_of_zeros_have_the_documented_sign),
        cmocka_unit_test(products_are_rounded_before_they_are_added),
        cmocka_unit_test(draws_are_a_function_of_text_task_and_place),
        cmocka_unit_test(draws_can_be_repeated_and_differ_between_tasks),
        cmocka_unit_test(draws_do_not_depend_on_how_the_text_was_written),
        cmocka_unit_test(a_random_destination_is_filled_element_by_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
