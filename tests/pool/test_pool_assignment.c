/* Who may judge what, and which seeds are handed out. */
#include "cmocka_include.h"
#include "pool/assignment.h"

#include <string.h>

enum { QUORUM = 3, WANT_MAX = 64, DRAWS = 4000 };

static void test_a_stranger_may_judge(void **state)
{
    (void)state;
    const struct pm_pool_candidate fresh = {.algorithm_id = 1};
    assert_true(pm_assignment_may_judge(&fresh, QUORUM));
    assert_true(pm_assignment_may_judge(&fresh, 1));
}

static void test_author_and_judges_may_not(void **state)
{
    (void)state;
    const struct pm_pool_candidate own = {.own = true};
    const struct pm_pool_candidate judged = {.judged_count = 1, .judged = true};
    const struct pm_pool_candidate assigned = {.assigned_count = 1, .assigned = true};
    assert_false(pm_assignment_may_judge(&own, QUORUM));
    assert_false(pm_assignment_may_judge(&judged, QUORUM));
    assert_false(pm_assignment_may_judge(&assigned, QUORUM));
}

static void test_no_more_judges_than_the_quorum(void **state)
{
    (void)state;
    for (int64_t judged = 0; judged <= QUORUM; judged++) {
        for (int64_t assigned = 0; assigned <= QUORUM; assigned++) {
            const struct pm_pool_candidate candidate = {.judged_count = judged,
                                                        .assigned_count = assigned};
            assert_int_equal(pm_assignment_may_judge(&candidate, QUORUM),
                             judged + assigned < QUORUM);
        }
    }
}

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
        cmocka_unit_test(test_a_stranger_may_judge),
        cmocka_unit_test(test_author_and_judges_may_not),
        cmocka_unit_test(test_no_more_judges_than_the_quorum),
        cmocka_unit_test(test_seeds_are_different_and_within),
        cmocka_unit_test(test_same_random_same_seeds),
        cmocka_unit_test(test_mostly_the_best_with_variety),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
