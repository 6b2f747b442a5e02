/* The pool against the model, step by step, over random stories with random rules.
 *
 * POOLMINER_MODEL_STEPS says how many steps; the default is what fits into every test run. */
#include "asked_number.h"
#include "cmocka_include.h"
#include "pool/scenario.h"

enum { STORY_STEPS = 1500, DEFAULT_STEPS = 15000, COMPARE_EVERY = 50 };

static void tell_story(uint64_t seed)
{
    static struct scenario scenario;
    static struct scenario_batch batch;
    struct virtual_pool pool = {0};
    int compared = 0;
    scenario_create(&scenario, seed);
    scenario_prepare(&scenario, &pool);
    virtual_pool_open(&pool, ":memory:");
    virtual_pool_tick(&pool);
    model_apply(&scenario.model, &(struct step){.kind = STEP_ADVANCE});
    while (scenario.steps < STORY_STEPS) {
        scenario_prepare(&scenario, &pool);
        scenario_next_batch(&scenario, &batch);
        scenario_perform_batch(&pool, &batch);
        if (scenario.steps < STORY_STEPS && scenario.steps - compared < COMPARE_EVERY) {
            continue;
        }
        compared = scenario.steps;
        const char *different = scenario_difference(&scenario, &pool);
        if (different != NULL) {
            fail_msg("story %llu, step %d: %s", (unsigned long long)seed, compared, different);
        }
    }
    virtual_pool_close(&pool);
}

static void test_random_stories(void **state)
{
    (void)state;
    const long steps = pm_test_asked_number("POOLMINER_MODEL_STEPS", 1, DEFAULT_STEPS);
    for (long done = 0; done < steps; done += STORY_STEPS) {
        tell_story((uint64_t)(1 + done / STORY_STEPS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_stories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
