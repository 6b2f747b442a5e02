/* A small search, and what the tests of evolutions and of candidates start it from. */
#ifndef TESTS_ALGORITHM_EVOLUTION_CASE_H
#define TESTS_ALGORITHM_EVOLUTION_CASE_H

#include <stddef.h>

#include <poolminer/evolution.h>
#include <poolminer/suite.h>

enum { CASE_DIM = 16, CASE_TASKS = 8, CASE_SEEDS = 2 };

extern const char EVOLUTION_CASE_LINEAR[], EVOLUTION_CASE_CONSTANT[], EVOLUTION_CASE_EMPTY[];

struct evolution_case {
    struct pm_dataset *dataset;
    struct pm_suite *suite;
    struct pm_algorithm *nothing[CASE_SEEDS], *linear;
};

/* For cmocka_run_group_tests: *state is a struct evolution_case. */
int evolution_case_set_up(void **state);
int evolution_case_tear_down(void **state);

/* The test fails when the text cannot be read. */
struct pm_algorithm *evolution_case_parse(const char *text, int input_dim);

/* A population of 40, at most 6 results. */
struct pm_evolution_config evolution_case_config(int generations);

/* Without an observer; the test fails when the search does. */
struct pm_evolution_result evolution_case_run(const struct evolution_case *the_case,
                                              const struct pm_evolution_config *config,
                                              struct pm_algorithm *const *seeds, size_t seed_count);

#endif
