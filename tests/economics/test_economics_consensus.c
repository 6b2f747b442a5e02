/* Consensus and rewards: the worked examples of docs/pool.md, and what holds for any scores. */
#include "cmocka_include.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/consensus.h>
#include <poolminer/payout.h>

enum { SCORES_MAX = 9, CASES = 20000 };

static const double tolerance = 0.10, base = 2.0, threshold = 0.7;

static void test_three_agree(void **state)
{
    (void)state;
    const double scores[] = {0.92, 0.90, 0.91};
    double median = pm_consensus_median(scores, 3);
    assert_true(median == 0.91);
    for (size_t i = 0; i < 3; i++) {
        assert_true(pm_consensus_accurate(scores[i], median, tolerance));
    }
}

static void test_one_lies(void **state)
{
    (void)state;
    const double scores[] = {0.92, 0.50, 0.91};
    double median = pm_consensus_median(scores, 3);
    assert_true(median == 0.91);
    assert_true(pm_consensus_accurate(0.92, median, tolerance));
    assert_true(pm_consensus_accurate(0.91, median, tolerance));
    assert_false(pm_consensus_accurate(0.50, median, tolerance));
}

static void test_edge_of_tolerance(void **state)
{
    (void)state;
    assert_true(pm_consensus_accurate(0.5625, 0.5, 0.125));
    assert_true(pm_consensus_accurate(0.4375, 0.5, 0.125));
    assert_false(pm_consensus_accurate(nextafter(0.5625, 1), 0.5, 0.125));
    assert_false(pm_consensus_accurate(nextafter(0.4375, 0), 0.5, 0.125));
    assert_true(pm_consensus_accurate(0, 0, tolerance));
    assert_false(pm_consensus_accurate(1e-300, 0, tolerance));
    assert_true(pm_consensus_accurate(-0.95, -1.0, tolerance));
}

static void test_even_count(void **state)
{
    (void)state;
    const double two[] = {0.75, 0.25}, four[] = {0.5, 0.125, 1.0, 0.25};
    assert_true(pm_consensus_median(two, 2) == 0.5);
    assert_true(pm_consensus_median(four, 4) == 0.375);
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void test_median_is_that_of_the_sorted(void **state)
{
    (void)state;
    srand(1);
    for (int i = 0; i < CASES; i++) {
        size_t count = 1 + (size_t)rand() % SCORES_MAX;
        double scores[SCORES_MAX], sorted[SCORES_MAX];
        for (size_t j = 0; j < count; j++) { /* few values, so that ties are common */
            sorted[j] = scores[j] = (rand() % 5) / 4.0;
        }
        double median = pm_consensus_median(scores, count);
        qsort(sorted, count, sizeof *sorted, ascending);
        double expected =
            count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
        assert_true(median == expected);
    }
}

static void test_evolution_reward(void **state)
{
    (void)state;
    assert_true(pm_evolution_reward(0.85, base, threshold) == 1.7);
    assert_true(pm_evolution_reward(0.65, base, threshold) == 0);
    assert_true(pm_evolution_reward(0.7, base, threshold) == 1.4);
    assert_true(pm_evolution_reward(nextafter(0.7, 0), base, threshold) == 0);
}

static void test_an_hour_of_work_earns_13_1(void **state)
{
    (void)state;
    int64_t earned = 10 * pm_reputation_micro(1.0) +
                     pm_reputation_micro(pm_evolution_reward(0.80, base, threshold)) +
                     pm_reputation_micro(pm_evolution_reward(0.75, base, threshold));
    assert_int_equal(earned, 13100000);
}

static void test_micro_points(void **state)
{
    (void)state;
    assert_int_equal(pm_reputation_micro(1.7), 1700000);
    assert_int_equal(pm_reputation_micro(0.0000005), 1);
    assert_int_equal(pm_reputation_micro(-0.0000005), -1);
    assert_int_equal(pm_reputation_micro(0.00000049), 0);
    assert_int_equal(pm_reputation_micro(1e300), INT64_MAX);
    assert_int_equal(pm_reputation_micro(-INFINITY), INT64_MIN);
    assert_int_equal(pm_reputation_micro(NAN), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_agree),
        cmocka_unit_test(test_one_lies),
        cmocka_unit_test(test_edge_of_tolerance),
        cmocka_unit_test(test_even_count),
        cmocka_unit_test(test_median_is_that_of_the_sorted),
        cmocka_unit_test(test_evolution_reward),
        cmocka_unit_test(test_an_hour_of_work_earns_13_1),
        cmocka_unit_test(test_micro_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
