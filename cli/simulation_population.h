/* The algorithms from which a simulated pool hands out seeds. */
#ifndef CLI_SIMULATION_POPULATION_H
#define CLI_SIMULATION_POPULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { SIMULATION_BEST_MAX = 32 }; /* ranks that pm_seed_choose asks for are below */

struct simulation_member {
    double score;   /* by consensus, which the pool goes by */
    double quality; /* truly */
};

struct simulation_population {
    struct simulation_member *members; /* in the order of joining */
    size_t count, capacity;
    uint32_t best[SIMULATION_BEST_MAX]; /* by rank */
    size_t best_count;
    double typical; /* about the median of the scores of late */
};

/* It begins with a few of a quality that a pool has soon. */
bool simulation_population_init(struct simulation_population *population, struct pm_error *error);
void simulation_population_clear(struct simulation_population *population);

bool simulation_population_join(struct simulation_population *population, double score,
                                double quality, struct pm_error *error);

/* The quality of the best of `want` seeds, at most SIMULATION_SEEDS_MAX, by score, chosen as the
 * pool does. */
double simulation_population_parent(const struct simulation_population *population, size_t want,
                                    uint64_t random);

#endif
