/* Which seeds are handed out. */
#include "cmocka_include.h"

#include <string.h>

#include <poolminer/seed_choice.h>

enum { WANT_MAX = 64, DRAWS = 4000 };

static void test_seeds_are_different_and_within(void **state)
{
    (void)state;
    for (int64_t count = 0; count < 200; count++) {
        for (size_t want = 0; want <= WANT_MAX; want += 7) {
            struct pm_seed_choice seeds[WANT_MAX];
            size_t chosen = pm_seed_choose(count, want, (uint64_t)count * 1000 + want, seeds);
            assert_int_equal(chosen, (uint64_t)count < want ? (size_t)count : want);
            for (size_t i = 0; i < chosen; i++) {
                assert_in_range(seeds[i].at, 0, count - 1);
                for (size_t j = 0; j < i; j++) {
                    assert_true(seeds[i].by_place != seeds[j].by_place ||
                                seeds[i].at != seeds[j].at);
                }
            }
        }
    }
}

static void test_same_random_same_seeds(void **state)
{
    (void)state;
    struct pm_seed_choice first[4], second[4];
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    assert_int_equal(pm_seed_choose(1000, 4, 42, first), 4);
    assert_int_equal(pm_seed_choose(1000, 4, 42, second), 4);
    assert_memory_equal(first, second, sizeof first);
}

static void test_mostly_the_best_with_variety(void **state)
{
    (void)state;
    int best = 0, others = 0;
    bool seen[1000] = {false};
    struct pm_seed_choice seeds[2];
    for (uint64_t random = 0; random < DRAWS; random++) {
        pm_seed_choose(1000, 2, random, seeds);
        for (size_t i = 0; i < 2; i++) {
            best += !seeds[i].by_place;
            others += seeds[i].by_place;
            assert_true(seeds[i].by_place || seeds[i].at < 16);
            seen[seeds[i].at] = true;
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
