/* Which seeds are handed out. */
#include "cmocka_include.h"
#include "pool/assignment.h"

#include <string.h>

enum { WANT_MAX = 64, DRAWS = 4000 };

static void test_seeds_are_different_and_within(void **state)
{
    (void)state;
    for (int64_t count = 0; count < 200; count++) {
        for (size_t want = 0; want <= WANT_MAX; want += 7) {
            int64_t ranks[WANT_MAX];
            size_t chosen =
                pm_assignment_choose_seeds(count, want, (uint64_t)count * 1000 + want, ranks);
            assert_int_equal(chosen, (uint64_t)count < want ? (size_t)count : want);
            for (size_t i = 0; i < chosen; i++) {
                assert_in_range(ranks[i], 0, count - 1);
                for (size_t j = 0; j < i; j++) {
                    assert_int_not_equal(ranks[i], ranks[j]);
                }
            }
        }
    }
}

static void test_same_random_same_seeds(void **state)
{
    (void)state;
    int64_t first[4], second[4];
    assert_int_equal(pm_assignment_choose_seeds(1000, 4, 42, first), 4);
    assert_int_equal(pm_assignment_choose_seeds(1000, 4, 42, second), 4);
    assert_memory_equal(first, second, sizeof first);
}

static void test_mostly_the_best_with_variety(void **state)
{
    (void)state;
    int best = 0, others = 0;
    bool seen[1000] = {false};
    int64_t ranks[2];
    for (uint64_t random = 0; random < DRAWS; random++) {
        pm_assignment_choose_seeds(1000, 2, random, ranks);
        for (size_t i = 0; i < 2; i++) {
            best += ranks[i] < 16;
            others += ranks[i] >= 16;
            seen[ranks[i]] = true;
        }
    }
    assert_in_range(best, DRAWS * 2 * 70 / 100, DRAWS * 2 * 80 / 100);
    int different = 0;
    for (size_t i = 0; i < 1000; i++) {
        different += seen[i];
    }
    assert_true(different > 500);
    assert_true(others > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeds_are_different_and_within),
        cmocka_unit_test(test_same_random_same_seeds),
        cmocka_unit_test(test_mostly_the_best_with_variety),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
