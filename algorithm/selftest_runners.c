#include <poolminer/executor.h>
#include <poolminer/lanes.h>
#include <poolminer/selftest.h>

enum { CODE_BYTES = 1024 * 1024 };

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

/* Machine code is written for the highest level only, and only where the system lets it be run. */
static bool has_machine_code(enum pm_simd_level level)
{
    struct pm_lane_code *code = level == PM_SIMD_AVX512 ? pm_lane_code_create(CODE_BYTES) : NULL;
    bool has = code != NULL;
    pm_lane_code_destroy(code);
    return has;
}

size_t pm_selftest_ways(struct pm_selftest_way ways[PM_SELFTEST_WAYS_MAX])
{
    size_t count = 0;
    for (int i = 0; i < PM_SIMD_LEVEL_COUNT; i++) {
        enum pm_simd_level level = (enum pm_simd_level)i;
        if (pm_simd_level_available(level)) {
            ways[count++] = (struct pm_selftest_way){.level = level};
        }
        if (pm_simd_level_available(level) && has_machine_code(level)) {
            ways[count++] = (struct pm_selftest_way){.level = level, .machine_code = true};
        }
    }
    return count;
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
    const struct pm_selftest_way *way = context;
    struct pm_lane_program *program = pm_lane_program_create(way->level);
    struct pm_lane_code *code = way->machine_code ? pm_lane_code_create(CODE_BYTES) : NULL;
    bool run = false;
    if (program == NULL || (code == NULL && way->machine_code)) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for the self test");
    } else if (pm_lane_program_compile(program, algorithm, error)) {
        pm_lane_program_translate(program, code);
        run = run_program(program, tasks, count, predictions, error);
    }
    pm_lane_program_destroy(program);
    pm_lane_code_destroy(code);
    return run;
}
