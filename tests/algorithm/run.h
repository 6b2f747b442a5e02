/* Running a program's text on a task made by hand. */
#ifndef TESTS_ALGORITHM_RUN_H
#define TESTS_ALGORITHM_RUN_H

#include <stdbool.h>

#include <poolminer/executor.h>

/* Reads the text leniently; the test fails when that fails. The caller destroys it. */
struct pm_algorithm *read_program(const char *text, int input_dim);

/* Writes the predictions of the task's validation examples. */
void run_task(const char *text, const struct pm_task *task, float *predictions);

/* Runs the text on a task of one input, which is 0, and one validation example. */
void assert_run(const char *text, float prediction);

/* The same bits; any NaN is like any other. */
bool same_float(float a, float b);

#endif
