/* Search as fast as it goes: regularised evolution of small programs on few tasks, one thread, with
 * nothing kept but the population. What benchmarks measure; what miners run is evolution.h. Each
 * individual is mutated, looked up by what it means, and only if that is new stripped of dead code,
 * compiled and run. */
#ifndef POOLMINER_LANE_SEARCH_H
#define POOLMINER_LANE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/profile.h>
#include <poolminer/task.h>

struct pm_lane_search_config {
    const struct pm_profile *profile; /* what may be written */
    const struct pm_task *tasks;      /* of one input_dim, all regressions or none; they and the
                                         profile outlive the search */
    size_t task_count;
    size_t population;
    int tournament;
    double mutation_probability; /* else a child is a copy */
    uint64_t seed;
    bool reference; /* score with the reference executor: the same search, later */
};

struct pm_lane_search_counts {
    uint64_t individuals;         /* bred */
    uint64_t known;               /* of those: what they mean had been scored before */
    uint64_t run;                 /* the others */
    uint64_t instructions, alive; /* of those run; alive: that can change a prediction */
    double best;                  /* mean score over the tasks */
};

struct pm_lane_search;

/* A population of empty programs. NULL with the error set. */
struct pm_lane_search *pm_lane_search_create(const struct pm_lane_search_config *config,
                                             struct pm_error *error);
void pm_lane_search_destroy(struct pm_lane_search *search);

/* Breeds `individuals` more. PM_ERROR_MEMORY. */
bool pm_lane_search_run(struct pm_lane_search *search, uint64_t individuals,
                        struct pm_error *error);
struct pm_lane_search_counts pm_lane_search_counts(const struct pm_lane_search *search);

#endif
