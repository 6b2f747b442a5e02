/* What programs cost, counted from their text. */
#include "tests/cmocka_include.h"
#include "tests/common/vectors.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/cost.h>
#include <poolminer/text.h>

enum { INPUT_DIM = 16 };

static struct pm_cost cost_of(const char *text)
{
    struct pm_algorithm *algorithm;
    struct pm_error error = {0};
    if (!pm_algorithm_parse(text, strlen(text), INPUT_DIM, PM_PARSE_LENIENT, NULL, NULL, &algorithm,
                            &error)) {
        fail_msg("%s: %s", text, error.message);
    }
    struct pm_cost cost = pm_algorithm_cost(algorithm);
    pm_algorithm_destroy(algorithm);
    return cost;
}

static void test_each_statement(void **state)
{
    (void)state;
    static const struct {
        const char *statement;
        int64_t cost;
    } cases[] = {
        {"s2 = 0.5", 1},
        {"v2 = 0.5", 16},
        {"m2 = 0.5", 256},
        {"v2[3] = 0.5", 1},
        {"v2[99] = 0.5", 0}, /* outside of the vector */
        {"v99 = v0 + v1", 0},
        {"NoOp()", 0},
        {"v1 = v0", 16},
        {"s2 = norm(m0)", 256},
        {"s2 = s3 + s4", 1},
        {"v2 = s3 * v0", 16},
        {"m2 = s3 * m0", 256},
        {"m2 = s3 + s4", 256}, /* fills it */
        {"v2 = abs(v0)", 16},
        {"v2 = exp(v0)", 16 * 16},
        {"s2 = sin(s3)", 16},
        {"s2 = dot(v0, v1)", 16},
        {"v2 = matmul(m0, v0)", 256},
        {"m2 = matmul(m0, m1)", 4096},
        {"m2 = dot(m0, m1)", 4096},
        {"m2 = outer(v0, v1)", 256},
        {"s2 = mean(v0)", 16},
        {"v2 = gaussian(0, 1)", 16 * 32},
        {"m2 = uniform(0, 1)", 256 * 32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "def Predict():\n  %s\n  NoOp()\n", cases[i].statement);
        struct pm_cost cost = cost_of(text);
        if (cost.phase[PM_PHASE_PREDICT] != cases[i].cost) {
            fail_msg("%s: %lld", text, (long long)cost.phase[PM_PHASE_PREDICT]);
        }
        assert_int_equal(pm_cost_total(&cost), cases[i].cost);
    }
}

static void test_phases_add_up(void **state)
{
    (void)state;
    struct pm_cost cost = cost_of("def Setup():\n  m0 = 1\ndef Predict():\n  s0 = dot(v0, v1)\n"
                                  "  s0 = s0 + s2\ndef Learn():\n  v1 = s1 * v0\n");
    assert_int_equal(cost.phase[PM_PHASE_SETUP], 256);
    assert_int_equal(cost.phase[PM_PHASE_PREDICT], 17);
    assert_int_equal(cost.phase[PM_PHASE_LEARN], 16);
    assert_int_equal(pm_cost_total(&cost), 289);
}

/* Nothing the language allows overflows. */
static void test_the_most_expensive_program(void **state)
{
    (void)state;
    static const char *const phases[] = {"Setup", "Predict", "Learn"};
    struct pm_text text = {0};
    pm_text_append(&text, "# meta: scalar_count=20 vector_count=10 matrix_count=64 vector_dim=128"
                          " setup_max_ops=512 predict_max_ops=512 learn_max_ops=512\n");
    for (size_t phase = 0; phase < 3; phase++) {
        pm_text_append(&text, "def %s():\n", phases[phase]);
        for (int i = 0; i < PM_PHASE_LENGTH_MAX; i++) {
            pm_text_append(&text, "  m0 = dot(m0, m1)\n");
        }
    }
    struct pm_cost cost = cost_of(text.data);
    pm_text_clear(&text);
    assert_true(pm_cost_total(&cost) == INT64_C(3) * 512 * 128 * 128 * 128);
}

/* The programs that the network's own miner was measured on are nowhere near what a pool refuses:
 * the dearest of them costs 63,404. */
static void test_what_people_write(void **state)
{
    (void)state;
    static const char *const lists[] = {"algorithms", "resampled"};
    cJSON *file = vectors_load("scores.json");
    int64_t most = 0;
    for (size_t i = 0; i < 2; i++) {
        const cJSON *list = vectors_at(file, lists[i]), *vector;
        list = cJSON_IsArray(list) ? list : vectors_at(list, "algorithms");
        cJSON_ArrayForEach(vector, list)
        {
            struct pm_cost cost = cost_of(vectors_text(vector, "algorithm_dsl"));
            int64_t total = pm_cost_total(&cost);
            most = total > most ? total : most;
        }
    }
    cJSON_Delete(file);
    assert_int_equal(most, 63404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_statement),
        cmocka_unit_test(test_phases_add_up),
        cmocka_unit_test(test_the_most_expensive_program),
        cmocka_unit_test(test_what_people_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
