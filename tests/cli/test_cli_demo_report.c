/* The demo's verdict: each part on its own decides. */
#include "cli/demo.h"
#include "cmocka_include.h"

#include <string.h>

static const struct figures WORKED[DEMO_MINERS] = {
    {.evaluations = 5, .evaluations_accurate = 4, .evolutions = 2, .evolutions_finalised = 1},
    {.evaluations = 3, .evaluations_accurate = 3, .paid_rao = 100},
    {.evolutions = 1},
};

static void all_parts_together_succeed(void **state)
{
    (void)state;
    struct demo_verdict verdict = demo_judge(WORKED);
    assert_true(verdict.evaluated && verdict.evolved && verdict.agreed && verdict.paid);
    assert_true(demo_succeeded(&verdict));
}

static void each_part_alone_fails(void **state)
{
    (void)state;
    struct figures figures[DEMO_MINERS];
    struct demo_verdict verdict;

    memcpy(figures, WORKED, sizeof figures);
    figures[0].evaluations = figures[1].evaluations = 0;
    verdict = demo_judge(figures);
    assert_false(verdict.evaluated || demo_succeeded(&verdict));

    memcpy(figures, WORKED, sizeof figures);
    figures[0].evolutions = figures[2].evolutions = 0;
    verdict = demo_judge(figures);
    assert_false(verdict.evolved || demo_succeeded(&verdict));

    memcpy(figures, WORKED, sizeof figures);
    figures[0].evolutions_finalised = 0;
    verdict = demo_judge(figures);
    assert_false(verdict.agreed || demo_succeeded(&verdict));

    memcpy(figures, WORKED, sizeof figures);
    figures[0].evaluations_accurate = figures[1].evaluations_accurate = 0;
    verdict = demo_judge(figures);
    assert_false(verdict.agreed || demo_succeeded(&verdict));

    memcpy(figures, WORKED, sizeof figures);
    figures[1].paid_rao = 0;
    verdict = demo_judge(figures);
    assert_false(verdict.paid || demo_succeeded(&verdict));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts_together_succeed),
        cmocka_unit_test(each_part_alone_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
