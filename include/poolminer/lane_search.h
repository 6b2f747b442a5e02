/* The simplest search there is, for benchmarks: regularised evolution of small programs on a few
 * tasks, on one thread, with nothing kept but the population. It shows how many programs a second
 * can be searched at most; miners run the engines of evolution.h. Each new individual is a mutated
 * copy. If a program that behaves the same has been scored before, it gets that score; otherwise it
 * is stripped of dead code, compiled and run. */
#ifndef POOLMINER_LANE_SEARCH_H
#define POOLMINER_LANE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/profile.h>
#include <poolminer/task.h>

struct pm_lane_search_config {
    const struct pm_profile *profile; /* what programs may contain; must outlive the search */
    const struct pm_task *tasks;      /* of one input_dim; all of them regressions, or none; must
                                         outlive the search */
    size_t task_count;
    size_t population;
    int tournament;
    double mutation_probability; /* otherwise a child is a copy of its parent */
    uint64_t seed;
    bool reference; /* score with the reference executor: the same search, only slower */
};

struct pm_lane_search_counts {
    uint64_t individuals;  /* how many were bred */
    uint64_t known;        /* of these, not run because an equivalent one had been scored */
    uint64_t run;          /* the others */
    uint64_t instructions; /* of all programs that were run */
    uint64_t alive;        /* of these, instructions that can change a prediction */
    double best;           /* the best mean score over the tasks so far */
};

struct pm_lane_search;

/* Makes a search whose population consists of empty programs. NULL with the error set. */
struct pm_lane_search *pm_lane_search_create(const struct pm_lane_search_config *config,
                                             struct pm_error *error);
void pm_lane_search_destroy(struct pm_lane_search *search);

/* Breeds `individuals` more. The only error is PM_ERROR_MEMORY. */
bool pm_lane_search_run(struct pm_lane_search *search, uint64_t individuals,
                        struct pm_error *error);
struct pm_lane_search_counts pm_lane_search_counts(const struct pm_lane_search *search);

#endif
