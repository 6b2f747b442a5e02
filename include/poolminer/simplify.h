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

/* The simplified form with constants folded: an instruction that computes the same number every
 * time it runs, in all elements of its destination, becomes that number. What was said above of
 * predictions holds here too. */
struct pm_algorithm *pm_fold(const struct pm_algorithm *algorithm, struct pm_error *error);

/* What a program's predictions can depend on. Tasks differ in everything that a program could know
 * beforehand, so one that does not learn scores no better than chance. */
enum pm_insight {
    PM_INSIGHT_NONE,   /* validation's predictions do not look at the input */
    PM_INSIGHT_LOOKS,  /* they do, but nothing that reaches them ever looked at a label */
    PM_INSIGHT_LEARNS, /* they do, and learn looks at the label */
};
enum pm_insight pm_algorithm_insight(const struct pm_algorithm *algorithm);

#endif
