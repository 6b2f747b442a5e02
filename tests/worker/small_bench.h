/* A bench with few and small tasks, as the state of a group of tests. */
#ifndef TESTS_WORKER_SMALL_BENCH_H
#define TESTS_WORKER_SMALL_BENCH_H

#include "worker/workbench.h"

struct small_bench {
    struct pm_dataset *dataset;
    struct pm_workbench *bench;
};

int small_bench_set_up(void **state);
int small_bench_tear_down(void **state);

#endif
