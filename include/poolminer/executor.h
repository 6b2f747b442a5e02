/* The reference executor: one algorithm on one task, written to be read. It is the definition that
 * any faster executor has to match bit for bit. Semantics: docs/algorithm.md sections 3 to 6. */
#ifndef POOLMINER_EXECUTOR_H
#define POOLMINER_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/task.h>
#include <poolminer/until.h>

struct pm_executor; /* the registers of one run; one per thread, reused */

/* Room for any algorithm within the limits is made on first need and kept. NULL when memory is out.
 */
struct pm_executor *pm_executor_create(void);
void pm_executor_destroy(struct pm_executor *executor);

/* Later runs end with PM_ERROR_INTERRUPTED when the time is over, which they look at every few
 * milliseconds, also within an example. NULL: they run to their end. Borrowed. */
void pm_executor_set_until(struct pm_executor *executor, const struct pm_until *until);

/* Zeroes memory, runs setup, trains, and writes the predictions (s0) of the validation examples to
 * predictions[task->validation_count]. False when the algorithm's input_dim is not the task's,
 * memory runs out, or an algorithm that draws random numbers is not in normal form (algorithm.h).
 */
bool pm_executor_run(struct pm_executor *executor, const struct pm_algorithm *algorithm,
                     const struct pm_task *task, float *predictions, struct pm_error *error);

/* Share of validation examples with (prediction > 0.5) == label; a NaN is not > 0.5. */
double pm_task_accuracy(const struct pm_task *task, const float *predictions);

#endif
