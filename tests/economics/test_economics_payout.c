/* Payouts: the worked examples of docs/pool.md, and over random cases the promises of payout.h. */
#include "cmocka_include.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/payout.h>

enum { MINERS_MAX = 40, CASES = 20000 };

__extension__ typedef __int128 wide;

static const int64_t billion = 1000000000;

/* What the first of two miners gets who hold `own` of `total` points. */
static int64_t paid_to_first(struct pm_payout_rules rules, int64_t own, int64_t total)
{
    const int64_t reputation[] = {own * PM_REPUTATION_UNIT / 10,
                                  (total - own) * PM_REPUTATION_UNIT / 10};
    int64_t paid[2], pool;
    assert_true(pm_payout_divide(&rules, reputation, 2, paid, &pool, NULL));
    assert_int_equal(paid[0] + paid[1] + pool, rules.budget_rao);
    return paid[0];
}

static void test_worked_examples(void **state)
{
    (void)state;
    const struct pm_payout_rules free = {.budget_rao = billion, .cap_ppm = PM_PPM};
    const struct pm_payout_rules fee = {.budget_rao = billion, .fee_ppm = 50000, .cap_ppm = PM_PPM};
    /* in tenths of a point */
    assert_int_equal(paid_to_first(free, 131, 10000), 13100000);
    assert_int_equal(paid_to_first(fee, 500, 50000), 9500000);
    assert_int_equal(paid_to_first(fee, 210, 50000), 3990000);
}

static void test_three_miners_under_the_default_cap(void **state)
{
    (void)state;
    const struct pm_payout_rules rules = {
        .budget_rao = billion, .fee_ppm = 50000, .cap_ppm = 50000};
    const int64_t reputation[] = {5, 900000000, 1};
    int64_t paid[3], pool;
    assert_true(pm_payout_divide(&rules, reputation, 3, paid, &pool, NULL));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(paid[i], 50000000);
    }
    assert_int_equal(pool, 850000000);
}

static void test_excess_goes_to_the_others_in_proportion(void **state)
{
    (void)state;
    /* 1000 to divide, cap 400: the first would get 600 and leaves 200; the others hold 3 : 1. */
    const struct pm_payout_rules rules = {.budget_rao = 1000, .cap_ppm = 400000};
    const int64_t reputation[] = {600, 300, 100};
    int64_t paid[3], pool;
    assert_true(pm_payout_divide(&rules, reputation, 3, paid, &pool, NULL));
    assert_int_equal(paid[0], 400);
    assert_int_equal(paid[1], 400); /* 450 by proportion: redistribution itself meets the cap */
    assert_int_equal(paid[2], 200); /* and what it leaves goes on */
    assert_int_equal(pool, 0);
}

static void test_nobody_to_pay(void **state)
{
    (void)state;
    const struct pm_payout_rules rules = {
        .budget_rao = billion, .fee_ppm = 50000, .cap_ppm = 50000};
    const int64_t reputation[] = {0, 0};
    int64_t paid[] = {7, 7}, pool;
    assert_true(pm_payout_divide(&rules, reputation, 2, paid, &pool, NULL));
    assert_int_equal(paid[0], 0);
    assert_int_equal(paid[1], 0);
    assert_int_equal(pool, billion);
    assert_true(pm_payout_divide(&rules, NULL, 0, NULL, &pool, NULL));
    assert_int_equal(pool, billion);
}

static void test_refusals(void **state)
{
    (void)state;
    struct pm_payout_rules rules = {.budget_rao = billion, .fee_ppm = 50000, .cap_ppm = 50000};
    const int64_t negative[] = {1, -1}, too_many[] = {INT64_MAX, 1};
    int64_t paid[] = {7, 7}, pool = 7;
    struct pm_error error = {0};
    assert_false(pm_payout_divide(&rules, negative, 2, paid, &pool, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_false(pm_payout_divide(&rules, too_many, 2, paid, &pool, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    rules.fee_ppm = PM_PPM + 1;
    assert_false(pm_payout_divide(&rules, negative, 1, paid, &pool, &error));
    rules.fee_ppm = 0;
    rules.cap_ppm = -1;
    assert_false(pm_payout_divide(&rules, negative, 1, paid, &pool, &error));
    rules.cap_ppm = 0;
    rules.budget_rao = -1;
    assert_false(pm_payout_divide(&rules, negative, 1, paid, &pool, &error));
    assert_int_equal(paid[0], 7);
    assert_int_equal(pool, 7);
}

static void test_largest_figures(void **state)
{
    (void)state;
    const struct pm_payout_rules rules = {.budget_rao = INT64_MAX, .cap_ppm = PM_PPM};
    const int64_t reputation[] = {INT64_MAX - 1, 1};
    int64_t paid[2], pool;
    assert_true(pm_payout_divide(&rules, reputation, 2, paid, &pool, NULL));
    assert_int_equal(paid[0], INT64_MAX - 1);
    assert_int_equal(paid[1], 1);
    assert_int_equal(pool, 0);
}

static int64_t random_below(int64_t limit)
{
    return (((int64_t)rand() << 31) | rand()) % limit;
}

static struct pm_payout_rules random_rules(void)
{
    return (struct pm_payout_rules){
        .budget_rao = rand() % 4 ? random_below(2 * billion) : random_below(100),
        .fee_ppm = rand() % 3 ? random_below(PM_PPM + 1) : 0,
        .cap_ppm = rand() % 3 ? random_below(PM_PPM / (1 + rand() % 30) + 1) : PM_PPM,
    };
}

/* For any two miners below the cap, paid / reputation is the same to within rounding 1 RAO down. */
static void assert_proportional(const int64_t *reputation, const int64_t *paid, size_t count,
                                int64_t cap)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (paid[i] == cap || paid[j] == cap) {
                continue;
            }
            assert_true((wide)paid[i] * reputation[j] < ((wide)paid[j] + 1) * reputation[i] ||
                        reputation[i] == 0);
        }
    }
}

static void test_promises_over_random_cases(void **state)
{
    (void)state;
    srand(2);
    for (int i = 0; i < CASES; i++) {
        struct pm_payout_rules rules = random_rules();
        size_t count = (size_t)rand() % MINERS_MAX;
        int64_t reputation[MINERS_MAX], paid[MINERS_MAX], pool, sum = 0, total = 0, below_cap = 0;
        for (size_t j = 0; j < count; j++) {
            reputation[j] = rand() % 5 ? random_below(1000) * 100000 : random_below(1 << 30);
            total += reputation[j];
        }
        assert_true(pm_payout_divide(&rules, reputation, count, paid, &pool, NULL));
        int64_t cap = pm_payout_cap(&rules);
        for (size_t j = 0; j < count; j++) {
            assert_in_range(paid[j], 0, cap);
            assert_true(paid[j] >= pm_payout_estimate(&rules, reputation[j], total));
            assert_true(reputation[j] > 0 || paid[j] == 0);
            below_cap += paid[j] < cap && reputation[j] > 0;
            sum += paid[j];
        }
        assert_int_equal(sum + pool, rules.budget_rao);
        assert_true(sum <= pm_payout_distributable(&rules));
        /* While somebody has room left under the cap, only rounding stays with the pool. */
        if (below_cap) {
            assert_true(pm_payout_distributable(&rules) - sum <= below_cap);
        }
        assert_proportional(reputation, paid, count, cap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_examples),
        cmocka_unit_test(test_three_miners_under_the_default_cap),
        cmocka_unit_test(test_excess_goes_to_the_others_in_proportion),
        cmocka_unit_test(test_nobody_to_pay),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_largest_figures),
        cmocka_unit_test(test_promises_over_random_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
