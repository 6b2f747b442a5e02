/* Gini's coefficient, by hand and by its definition. */
#include "cmocka_include.h"

#include <math.h>

#include <poolminer/inequality.h>

static double gini(const int64_t *amounts, size_t count)
{
    double value = -1;
    assert_true(pm_inequality_gini(amounts, count, &value, NULL));
    return value;
}

static void test_by_hand(void **state)
{
    (void)state;
    assert_true(gini(NULL, 0) == 0);
    assert_true(gini((const int64_t[]){7}, 1) == 0);
    assert_true(gini((const int64_t[]){0, 0, 0}, 3) == 0);
    assert_true(gini((const int64_t[]){5, 5, 5, 5}, 4) == 0);
    assert_true(fabs(gini((const int64_t[]){0, 0, 0, 9}, 4) - 0.75) < 1e-12);
    assert_true(fabs(gini((const int64_t[]){3, 1}, 2) - 0.25) < 1e-12);
    assert_true(fabs(gini((const int64_t[]){4, 1, 2, 3}, 4) - 0.25) < 1e-12);
}

/* Half of the mean difference of all pairs, in units of the mean. */
static void test_by_definition(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    int64_t amounts[COUNT];
    double differences = 0, sum = 0;
    for (int64_t i = 0; i < COUNT; i++) {
        amounts[i] = i * i * 7919 % 1000003;
        sum += (double)amounts[i];
    }
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            differences += fabs((double)(amounts[i] - amounts[j]));
        }
    }
    assert_true(fabs(gini(amounts, COUNT) - differences / (2.0 * COUNT * sum)) < 1e-12);
}

static void test_debts_are_refused(void **state)
{
    (void)state;
    struct pm_error error = {0};
    double value;
    assert_false(pm_inequality_gini((const int64_t[]){1, -1}, 2, &value, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_by_definition),
        cmocka_unit_test(test_debts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
