/* Which tasks a suite has, before they are built. Private to the room. */
#ifndef POOLMINER_ALGORITHM_SUITE_PLAN_H
#define POOLMINER_ALGORITHM_SUITE_PLAN_H

#include <poolminer/suite.h>

struct pm_suite_plan {
    enum pm_suite_edition edition;
    int input_dim;
    size_t count;
    uint32_t ids[PM_SUITE_EVALUATION_TASKS];
};

/* As pm_suite_evaluation and pm_suite_search. */
bool pm_suite_plan_evaluation(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                              int input_dim, size_t task_limit, struct pm_suite_plan *out,
                              struct pm_error *error);
bool pm_suite_plan_search(enum pm_suite_edition edition, int input_dim, uint64_t seed,
                          size_t task_limit, struct pm_suite_plan *out, struct pm_error *error);

/* A suite of these tasks, which are all empty yet. */
bool pm_suite_plan_allocate(const struct pm_suite_plan *plan, struct pm_suite **out,
                            struct pm_error *error);

/* Builds the tasks. `fingerprint` is the dataset's, of the records that the edition uses. */
bool pm_suite_plan_build(const struct pm_suite_plan *plan, const struct pm_dataset *dataset,
                         const char fingerprint[PM_FINGERPRINT_HEX_SIZE],
                         const struct pm_until *until, struct pm_suite **out,
                         struct pm_error *error);

#endif
