/* What the miners of a simulation do: the one place where the strategies differ. */
#ifndef CLI_SIMULATION_MINER_H
#define CLI_SIMULATION_MINER_H

#include "cli/simulation.h"

#include <poolminer/random.h>

struct simulation_miner {
    enum simulation_strategy strategy;
    double speed; /* leases in the time of one of a miner of speed 1 */
    struct pm_random random;
};

/* Speeds are spread as incomes are: most near the least, 1, few far above it (Pareto's law with
 * exponent 2, cut at 50). */
void simulation_miner_init(const struct simulation_config *config, uint32_t index,
                           struct simulation_miner *out);

int64_t simulation_miner_lease_ms(const struct simulation_config *config,
                                  struct simulation_miner *miner);

/* The score it reports for an algorithm of this quality; `typical` is the median of the scores that
 * everybody can see, `of_ring` says that the author colludes. */
double simulation_miner_score(const struct simulation_config *config,
                              struct simulation_miner *miner, double quality, double typical,
                              bool of_ring);

/* The quality of what it evolves from a parent of this one. */
double simulation_miner_evolve(struct simulation_miner *miner, double parent);

#endif
