/* A search small enough to be set up for every checkpoint that is tried: what the test of damaged
 * and of kept files and the fuzz target share. */
#ifndef TESTS_ALGORITHM_CHECKPOINT_CASE_H
#define TESTS_ALGORITHM_CHECKPOINT_CASE_H

#include "algorithm/checkpoint.h"

#include <stdbool.h>
#include <stddef.h>

struct checkpoint_case {
    struct pm_dataset *dataset;
    struct pm_suite *suite;
    struct pm_algorithm *seeds[2];
};

/* Ends the program when memory is out. */
struct checkpoint_case *checkpoint_case_create(void);
void checkpoint_case_destroy(struct checkpoint_case *the_case);

struct pm_evolution_config checkpoint_case_config(const char *engine);

/* Reads a checkpoint, writes what was read, reads that and writes it again: both must be the same
 * (the process is aborted otherwise). Then runs a batch and ends the generation, if that is to
 * come. With `own` identity and checksum are put right first. False when the bytes are refused. */
bool checkpoint_case_try(const struct checkpoint_case *the_case, const void *bytes, size_t size,
                         bool own, struct pm_error *error);

#endif
