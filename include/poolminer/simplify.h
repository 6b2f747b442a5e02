/* Simplification: a program without what cannot reach a prediction. */
#ifndef POOLMINER_SIMPLIFY_H
#define POOLMINER_SIMPLIFY_H

#include <stdbool.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>

/* A copy without inert instructions and without those that liveness.h finds dead. It predicts the
 * same bit for bit, unless a random instruction is alive: random draws are keyed by the written
 * form, and that has changed. Such a program has to be scored again. The caller destroys the copy;
 * NULL with the error set when memory is out. */
struct pm_algorithm *pm_simplify(const struct pm_algorithm *algorithm, struct pm_error *error);

/* True when neither predict nor learn reads v0: such a program predicts without looking at its
 * input. Meant for simplified programs. */
bool pm_algorithm_blind(const struct pm_algorithm *algorithm);

#endif
