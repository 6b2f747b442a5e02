#include "algorithm/score_desk.h"

#include <stdlib.h>

#include <poolminer/executor.h>

enum {
    CODE_BYTES = 4 << 20,  /* of machine code that a thread may write */
    NATIVE_CYCLES = 40000, /* of interpretation, from which on machine code pays */
};

/* Of a training and a validation example, up to which machine code pays: beyond, it saves nothing
 * worth mentioning, and could not be interrupted for too long. */
static const double NATIVE_EXAMPLE_CYCLES_MAX = 5e7;

void pm_score_desk_clear(struct pm_score_desk *desk)
{
    pm_lanes_destroy(desk->lanes);
    pm_executor_destroy(desk->executor);
    pm_lane_code_destroy(desk->code);
    free(desk->predictions);
    *desk = (struct pm_score_desk){0};
}

static bool fail_memory(struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_MEMORY, "out of memory for scoring");
}

/* ---- predictions ---- */

static size_t most_validation_examples(const struct pm_suite *suite)
{
    return suite->lanes->validation_capacity > 0 ? suite->lanes->validation_capacity : 1;
}

static bool make_room_for_predictions(struct pm_score_desk *desk, const struct pm_suite *suite,
                                      struct pm_error *error)
{
    const size_t count = most_validation_examples(suite);
    if (count > desk->predictions_room) {
        free(desk->predictions);
        desk->predictions = calloc(count, sizeof *desk->predictions);
        desk->predictions_room = desk->predictions != NULL ? count : 0;
    }
    return desk->predictions != NULL || fail_memory(error);
}

/* ---- the reference executor ---- */

static bool prepare_reference(struct pm_score_desk *desk, const struct pm_suite *suite,
                              const struct pm_until *until, struct pm_error *error)
{
    if (desk->executor == NULL) {
        desk->executor = pm_executor_create();
    }
    if (desk->executor == NULL) {
        return fail_memory(error);
    }
    pm_executor_set_until(desk->executor, until);
    return make_room_for_predictions(desk, suite, error);
}

static bool run_reference(struct pm_score_desk *desk, const struct pm_suite *suite,
                          const struct pm_algorithm *algorithm, uint32_t group,
                          const struct pm_until *until, double *task_scores, struct pm_error *error)
{
    if (!prepare_reference(desk, suite, until, error)) {
        return false;
    }
    for (size_t lane = 0; lane < PM_LANES; lane++) {
        uint32_t task = suite->lanes->groups[group].task[lane];
        if (task == UINT32_MAX) {
            continue;
        }
        if (pm_until_over(until)) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "scoring was interrupted");
        }
        if (!pm_executor_run(desk->executor, algorithm, &suite->tasks[task], desk->predictions,
                             error)) {
            return false;
        }
        task_scores[task] = pm_task_score(&suite->tasks[task], desk->predictions);
    }
    return true;
}

/* ---- the fast executor ---- */

static bool prepare_lanes(struct pm_score_desk *desk, struct pm_error *error)
{
    if (desk->lanes == NULL) {
        desk->lanes = pm_lanes_create();
    }
    return desk->lanes != NULL || fail_memory(error);
}

bool pm_score_desk_run(struct pm_score_desk *desk, const struct pm_suite *suite,
                       const struct pm_algorithm *algorithm, const struct pm_lane_program *program,
                       uint32_t first, uint32_t count, const struct pm_until *until,
                       double *task_scores, struct pm_error *error)
{
    if (pm_until_over(until)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "scoring was interrupted");
    }
    if (!prepare_lanes(desk, error)) {
        return false;
    }
    if (program != NULL) {
        struct pm_lane_request request = {.until = until};
        *(suite->tasks[0].regression ? &request.fitness : &request.accuracy) = task_scores;
        return pm_lanes_run(desk->lanes, program, suite->lanes, first, count, &request, error);
    }
    for (uint32_t group = first; group < first + count; group++) {
        if (!run_reference(desk, suite, algorithm, group, until, task_scores, error)) {
            return false;
        }
    }
    return true;
}

void pm_score_desk_translate(struct pm_score_desk *desk, const struct pm_suite *suite,
                             struct pm_lane_program *program)
{
    const struct pm_lane_tasks *lanes = suite->lanes;
    const double example_cycles = pm_lane_program_info(program).cost;
    const double cycles = example_cycles * lanes->train_capacity * lanes->group_count;
    if (suite->simd_level != PM_SIMD_AVX512 || suite->interpret || cycles < NATIVE_CYCLES ||
        example_cycles > NATIVE_EXAMPLE_CYCLES_MAX) {
        return;
    }
    if (desk->code == NULL && !desk->code_refused) {
        desk->code = pm_lane_code_create(CODE_BYTES);
        desk->code_refused = desk->code == NULL;
    }
    pm_lane_program_translate(program, desk->code);
}
