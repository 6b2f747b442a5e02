/* What `evaluate`, `evolve`, `check` and `explain` have in common: algorithm files, the dataset,
 * the suite, threads. */
#ifndef CLI_SCORE_INPUT_H
#define CLI_SCORE_INPUT_H

#include <stdbool.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/options.h>
#include <poolminer/suite.h>

/* `input_dim` below. */
#define INPUT_DIM_OPTION                                                                           \
    {                                                                                              \
        .name = "input-dim", .type = PM_OPTION_INTEGER, .default_value = "16", .minimum = 1,       \
        .maximum = PM_DIM_MAX, .argument = "N", .help = "Elements of the input vector."            \
    }

/* The bytes of file `name` ("-": standard input), at most an algorithm's; the caller frees them. */
bool read_algorithm_text(const char *name, char **text, size_t *length, struct pm_error *error);

/* Reads the algorithm in file `name` ("-": standard input), leniently; warnings go to standard
 * error as "name:line: reason". */
bool read_algorithm(const char *name, int input_dim, struct pm_algorithm **out,
                    struct pm_error *error);

/* Opens the dataset and builds the evaluation suite that the settings name, its first `task_limit`
 * tasks (0: all), after --threads was obeyed. The caller destroys the suite, and the dataset unless
 * `dataset` is NULL. PM_ERROR_INTERRUPTED: `until` (may be NULL) was over meanwhile. */
bool open_suite(const struct pm_options *options, int input_dim, size_t task_limit,
                const struct pm_until *until, struct pm_dataset **dataset, struct pm_suite **suite,
                struct pm_error *error);

#endif
