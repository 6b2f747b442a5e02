#include "tests/worker/small_bench.h"

#include <stddef.h>

int small_bench_set_up(void **state)
{
    static struct small_bench fixture;
    const struct pm_workbench_config config = {.task_limit = 4};
    if (!pm_dataset_synthetic(1, 400, &fixture.dataset, NULL) ||
        !pm_workbench_create(fixture.dataset, &config, &fixture.bench, NULL)) {
        return -1;
    }
    *state = &fixture;
    return 0;
}

int small_bench_tear_down(void **state)
{
    struct small_bench *fixture = *state;
    pm_workbench_destroy(fixture->bench);
    pm_dataset_destroy(fixture->dataset);
    return 0;
}
