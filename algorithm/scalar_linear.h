/* Tasks of scalar_linear: regression on numbers that are drawn, not read. Private to algorithm/. */
#ifndef POOLMINER_SCALAR_LINEAR_H
#define POOLMINER_SCALAR_LINEAR_H

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/task.h>

/* Fills in everything of a task but its id and input_dim, which are set. */
bool pm_scalar_linear_build(struct pm_task *task, struct pm_error *error);

#endif
