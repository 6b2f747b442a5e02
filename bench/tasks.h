/* What benchmarks run on: tasks of one size, whatever dataset there is. */
#ifndef BENCH_TASKS_H
#define BENCH_TASKS_H

#include <poolminer/suite.h>

enum {
    BENCH_TASKS = 128,
    BENCH_TRAIN_EXAMPLES = 200,
    BENCH_VALIDATION_EXAMPLES = 200,
    BENCH_INPUT_DIM = 16,
};

/* Standard normal features; the label says on which side of a plane through 0, another one for each
 * task, an example lies. The caller destroys it with bench_suite_destroy. */
bool bench_suite_create(struct pm_suite *out, struct pm_error *error);
void bench_suite_destroy(struct pm_suite *suite);

#endif
