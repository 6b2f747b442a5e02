/* The pool against the model, step by step, over random stories with random rules.
 *
 * POOLMINER_MODEL_STEPS says how many steps; the default is what fits into every test run. */
#include "cmocka_include.h"
#include "pool/scenario.h"

#include <stdlib.h>

enum { STORY_STEPS = 1500, DEFAULT_STEPS = 15000, COMPARE_EVERY = 50 };

static void tell_story(uint64_t seed)
{
    static struct scenario scenario;
    struct virtual_pool pool = {0};
    struct step step;
    scenario_create(&scenario, seed);
    scenario_prepare(&scenario, &pool);
    virtual_pool_open(&pool, ":memory:");
    virtual_pool_tick(&pool);
    model_apply(&scenario.model, &(struct step){.kind = STEP_ADVANCE});
    for (int i = 1; i <= STORY_STEPS; i++) {
        scenario_next(&scenario, &step);
        scenario_prepare(&scenario, &pool);
        struct expectation expected = model_apply(&scenario.model, &step);
        scenario_perform(&pool, &step, &expected);
        const char *different =
            i % COMPARE_EVERY == 0 ? scenario_difference(&scenario, &pool) : NULL;
        if (different != NULL) {
            fail_msg("story %llu, step %d: %s", (unsigned long long)seed, i, different);
        }
    }
    virtual_pool_close(&pool);
}

static void test_random_stories(void **state)
{
    (void)state;
    const char *wanted = getenv("POOLMINER_MODEL_STEPS");
    long steps = wanted != NULL ? strtol(wanted, NULL, 10) : DEFAULT_STEPS;
    for (long done = 0; done < steps; done += STORY_STEPS) {
        tell_story((uint64_t)(1 + done / STORY_STEPS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_stories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
