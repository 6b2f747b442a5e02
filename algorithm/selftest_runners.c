#include <poolminer/executor.h>
#include <poolminer/lanes.h>
#include <poolminer/selftest.h>

bool pm_selftest_reference(void *context, const struct pm_algorithm *algorithm,
                           const struct pm_task *tasks, size_t count, float *const *predictions,
                           struct pm_error *error)
{
    (void)context;
    struct pm_executor *executor = pm_executor_create();
    if (executor == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the self test");
    }
    bool run = true;
    for (size_t i = 0; i < count && run; i++) {
        run = pm_executor_run(executor, algorithm, &tasks[i], predictions[i], error);
    }
    pm_executor_destroy(executor);
    return run;
}

static bool run_program(const struct pm_lane_program *program, const struct pm_task *tasks,
                        size_t count, float *const *predictions, struct pm_error *error)
{
    struct pm_lanes *lanes = pm_lanes_create();
    struct pm_lane_tasks *lane_tasks = NULL;
    const struct pm_lane_request request = {.predictions = predictions};
    bool run = lanes != NULL || pm_fail(error, PM_ERROR_MEMORY, "out of memory for the self test");
    run = run && pm_lane_tasks_create(tasks, count, &lane_tasks, error) &&
          pm_lanes_run(lanes, program, lane_tasks, 0, lane_tasks->group_count, &request, error);
    pm_lane_tasks_destroy(lane_tasks);
    pm_lanes_destroy(lanes);
    return run;
}

bool pm_selftest_lanes(void *context, const struct pm_algorithm *algorithm,
                       const struct pm_task *tasks, size_t count, float *const *predictions,
                       struct pm_error *error)
{
    const enum pm_simd_level *level = context;
    struct pm_lane_program *program = pm_lane_program_create(*level);
    if (program == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the self test");
    }
    bool run = pm_lane_program_compile(program, algorithm, error) &&
               run_program(program, tasks, count, predictions, error);
    pm_lane_program_destroy(program);
    return run;
}
