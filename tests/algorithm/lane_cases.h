/* Random programs and tasks on which two executors are compared. */
#ifndef POOLMINER_TESTS_LANE_CASES_H
#define POOLMINER_TESTS_LANE_CASES_H

#include <stddef.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/random.h>
#include <poolminer/task.h>

struct lane_case {
    struct pm_algorithm *algorithm;
    struct pm_task *tasks;
    size_t task_count;
};

/* Case `seed`: a program of random instructions over few registers, so that they meet, and tasks of
 * unequal length whose features hold infinities, NaNs, zeros of both signs and denormals. */
struct lane_case lane_case_create(uint64_t seed);
void lane_case_clear(struct lane_case *c);

/* A float as random bits, or one of those that arithmetic treats specially, or an ordinary one. */
float lane_case_float(struct pm_random *random);

#endif
