/* The algorithms of pool/seeds, built into the program. */
#ifndef POOL_SEEDS_H
#define POOL_SEEDS_H

#include <stddef.h>

struct pm_seed {
    const char *name; /* the file's, without .txt */
    const char *dsl;
};
extern const struct pm_seed pm_seeds[];
extern const size_t pm_seed_count;

#endif
