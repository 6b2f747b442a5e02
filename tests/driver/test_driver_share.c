/* How the time is divided between evaluating and evolving. */
#include "cmocka_include.h"
#include "driver/share.h"

#include <math.h>

static const struct pm_share_judged nothing = {-1, -1};

enum { SECOND_MS = 1000, HOUR_MS = 3600 * 1000 };

static void each_kind_is_measured_first(void **state)
{
    (void)state;
    struct pm_share share = {0};
    assert_int_equal(pm_share_next(&share, &nothing), PM_LEASE_EVALUATE);
    assert_true(pm_share_per_hour(&share, PM_LEASE_EVALUATE, &nothing) == -1);
    pm_share_note(&share, PM_LEASE_EVALUATE, 36 * SECOND_MS, 8, 8);
    assert_int_equal(pm_share_next(&share, &nothing), PM_LEASE_EVOLVE);
    assert_true(fabs(pm_share_per_hour(&share, PM_LEASE_EVALUATE, &nothing) - 800) < 1e-9);
    assert_true(pm_share_per_hour(&share, PM_LEASE_EVOLVE, &nothing) == -1);
    assert_true(pm_share_of_evaluating(&share, &nothing) == 0.5);
}

/* Runs `tasks` tasks that take and earn as said; the part of the time that went to evaluating. */
static double run(struct pm_share *share, int tasks, double evaluate_s, double evaluate_earns,
                  double evolve_s, double evolve_earns)
{
    double evaluating = 0, all = 0;
    for (int i = 0; i < tasks; i++) {
        enum pm_lease_kind kind = pm_share_next(share, &nothing);
        bool evaluate = kind == PM_LEASE_EVALUATE;
        double seconds = evaluate ? evaluate_s : evolve_s;
        pm_share_note(share, kind, (int64_t)(seconds * 1000), 1,
                      evaluate ? evaluate_earns : evolve_earns);
        evaluating += evaluate ? seconds : 0;
        all += seconds;
    }
    return evaluating / all;
}

static void the_better_one_has_nine_tenths_of_the_time(void **state)
{
    (void)state;
    struct pm_share first = {0}, second = {0};
    assert_true(fabs(run(&first, 3000, 10, 8, 60, 1.6) - 0.9) < 0.02);
    assert_true(fabs(run(&second, 3000, 10, 0.1, 60, 1.6) - 0.1) < 0.02);
}

/* What pays changes: some hours later, by how much it paid, the share turns. */
static void the_share_follows(void **state)
{
    (void)state;
    struct pm_share share = {0};
    run(&share, 500, 10, 8, 60, 1.6);
    assert_true(pm_share_of_evaluating(&share, &nothing) > 0.5);
    int turned = 0;
    while (pm_share_of_evaluating(&share, &nothing) > 0.5) {
        run(&share, 1, 10, 0, 60, 1.6);
        turned++;
        assert_true(turned < 4 * 3600 / 10);
    }
    run(&share, 1000, 10, 0, 60, 1.6);
    assert_true(run(&share, 1000, 10, 0, 60, 1.6) < 0.15);
}

static void what_earned_nothing_cost_its_time(void **state)
{
    (void)state;
    struct pm_share share = {0};
    pm_share_note(&share, PM_LEASE_EVOLVE, HOUR_MS, 1, 1.6);
    pm_share_note(&share, PM_LEASE_EVOLVE, HOUR_MS, 0, 0); /* refused */
    double per_hour = pm_share_per_hour(&share, PM_LEASE_EVOLVE, &nothing);
    assert_true(per_hour > 0.4 && per_hour < 0.5);
    pm_share_note(&share, PM_LEASE_EVALUATE, 0, 1, 1); /* a clock that stood still */
    assert_true(isfinite(pm_share_per_hour(&share, PM_LEASE_EVALUATE, &nothing)));
}

static void an_evolution_is_worth_what_the_rules_say(void **state)
{
    (void)state;
    assert_true(pm_share_evolution_reputation(0.85) == 1.7);
    assert_true(pm_share_evolution_reputation(0.7) == 1.4);
    assert_true(pm_share_evolution_reputation(0.65) == 0);
}

/* ---- what the pool has judged ---- */

static struct pm_share_judged judge(const char *first, const char *last)
{
    cJSON *before = cJSON_Parse(first), *after = cJSON_Parse(last);
    struct pm_share_judged judged = pm_share_judged(before, after);
    cJSON_Delete(before);
    cJSON_Delete(after);
    return judged;
}

static void the_pools_word_counts_where_there_is_enough_of_it(void **state)
{
    (void)state;
    struct pm_share_judged judged = judge(
        "{\"evaluations_finalised\":100,\"evaluations_accurate\":90,\"evolutions_finalised\":10,"
        "\"reputation_total\":100}",
        "{\"evaluations_finalised\":120,\"evaluations_accurate\":100,\"evolutions_finalised\":14,"
        "\"reputation_total\":116}");
    assert_true(judged.evaluation == 0.5); /* 10 of 20 */
    assert_true(judged.evolution == 1.5);  /* 16 less 10, of 4 */
    struct pm_share share = {0};
    pm_share_note(&share, PM_LEASE_EVALUATE, HOUR_MS, 8, 8);
    pm_share_note(&share, PM_LEASE_EVOLVE, HOUR_MS, 4, 6.4);
    assert_true(fabs(pm_share_per_hour(&share, PM_LEASE_EVALUATE, &judged) - 4) < 1e-9);
    assert_true(fabs(pm_share_per_hour(&share, PM_LEASE_EVOLVE, &judged) - 6) < 1e-9);
}

static void too_little_is_no_word(void **state)
{
    (void)state;
    struct pm_share_judged judged = judge(
        "{\"evaluations_finalised\":100,\"evaluations_accurate\":80,\"evolutions_finalised\":10,"
        "\"reputation_total\":100}",
        "{\"evaluations_finalised\":101,\"evaluations_accurate\":80,\"evolutions_finalised\":12,"
        "\"reputation_total\":116}");
    assert_true(fabs(judged.evaluation - 80.0 / 101) < 1e-12); /* of all there ever were */
    assert_true(judged.evolution == -1);
    judged = judge("{}", "{\"evaluations_finalised\":3,\"evaluations_accurate\":0}");
    assert_true(judged.evaluation == -1 && judged.evolution == -1);
    judged = judge("{\"evaluations_finalised\":\"x\"}", "null");
    assert_true(judged.evaluation == -1 && judged.evolution == -1);
    judged = pm_share_judged(NULL, NULL);
    assert_true(judged.evaluation == -1 && judged.evolution == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_measured_first),
        cmocka_unit_test(the_better_one_has_nine_tenths_of_the_time),
        cmocka_unit_test(the_share_follows),
        cmocka_unit_test(what_earned_nothing_cost_its_time),
        cmocka_unit_test(an_evolution_is_worth_what_the_rules_say),
        cmocka_unit_test(the_pools_word_counts_where_there_is_enough_of_it),
        cmocka_unit_test(too_little_is_no_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
