/* Checkpoints: a search between two batches of candidates, as bytes. Layout: docs/evolution.md. */
#ifndef ALGORITHM_CHECKPOINT_H
#define ALGORITHM_CHECKPOINT_H

#include "algorithm/search.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>

enum {
    PM_CHECKPOINT_VERSION = 1,
    PM_CHECKPOINT_IDENTITY_AT = 28,
    PM_CHECKPOINT_IDENTITY_SIZE = 32,
    PM_CHECKPOINT_CHECKSUM_SIZE = 32, /* the last bytes */
};

/* A run of an engine, as far as it has come. */
struct pm_course {
    struct pm_search *search;
    const struct pm_engine *engine;
    void *state;                                   /* the engine's */
    uint8_t identity[PM_CHECKPOINT_IDENTITY_SIZE]; /* pm_checkpoint_identify */
    uint64_t spent_ms;                             /* on it so far, by whichever machines */
};

/* A hash of all that the outcome of a search depends on: what was asked for, seeds and tasks.
 * PM_ERROR_MEMORY. */
bool pm_checkpoint_identify(const struct pm_search *search, const struct pm_algorithm *const *seeds,
                            size_t seed_count, uint8_t out[PM_CHECKPOINT_IDENTITY_SIZE],
                            struct pm_error *error);

/* *bytes in malloc'd memory. PM_ERROR_MEMORY; the search is as before, either way. */
bool pm_checkpoint_write(struct pm_course *course, void **bytes, size_t *size,
                         struct pm_error *error);
/* Into a search that has just been initialised and a state just created, from the checkpoint of the
 * same search. PM_ERROR_REFUSED: damaged, of another version or another search; search and state
 * are then fit only to be cleared. PM_ERROR_MEMORY: the same. */
bool pm_checkpoint_read(struct pm_course *course, const void *bytes, size_t size,
                        struct pm_error *error);

/* Writes the checksum that belongs to the other bytes over the last ones; for tests. */
void pm_checkpoint_seal(void *bytes, size_t size);

#endif
