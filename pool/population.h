/* The population: how an algorithm comes in. */
#ifndef POOL_POPULATION_H
#define POOL_POPULATION_H

#include "pool/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { PM_POOL_INPUT_DIM = 16 }; /* of every algorithm in the pool */

/* An algorithm as the pool keeps it. */
struct pm_pool_program {
    char *dsl; /* the written form of what was submitted */
    char digest[PM_DIGEST_SIZE];
    int64_t cost; /* pm_cost_total */
};

/* Reads strictly. Errors name line and reason. */
bool pm_pool_program_read(const char *text, size_t length, struct pm_pool_program *out,
                          struct pm_error *error);
void pm_pool_program_clear(struct pm_pool_program *program);

/* Where a program comes from. */
struct pm_pool_descent {
    const char *author; /* NULL: the pool itself; then it is at once in the population */
    const int64_t *parents;
    size_t parent_count;
};

/* Adds a program. One that is there already is not added again: *known is true and *id the first
 * one's. */
bool pm_population_add(struct pm_pool_store *store, const struct pm_pool_program *program,
                       const struct pm_pool_descent *descent, int64_t now_ms, int64_t *id,
                       bool *known, struct pm_error *error);

/* Adds the built-in seeds (pool/seeds) that are not there yet. */
bool pm_population_add_seeds(struct pm_pool_store *store, int64_t now_ms, struct pm_error *error);

#endif
