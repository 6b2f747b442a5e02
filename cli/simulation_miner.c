#include "cli/simulation_miner.h"

#include <math.h>

static const double SPEED_MAX = 50;
static const double BEST_THERE_IS = 0.98; /* of qualities */

const char *simulation_strategy_name(enum simulation_strategy strategy)
{
    static const char *const names[SIMULATION_STRATEGIES] = {"honest", "liar", "lazy", "colluder",
                                                             "selective"};
    return names[strategy];
}

/* The first are liars, then come the lazy, the colluders of both kinds and the honest; their speeds
 * have nothing to do with it. */
static enum simulation_strategy strategy_of(const struct simulation_config *config, uint32_t index)
{
    static const enum simulation_strategy order[] = {SIMULATION_LIAR, SIMULATION_LAZY,
                                                     SIMULATION_COLLUDER, SIMULATION_SELECTIVE};
    double until = 0;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        until += config->shares[order[i]];
        if (index < floor(until * (double)config->miners + 0.5)) {
            return order[i];
        }
    }
    return SIMULATION_HONEST;
}

void simulation_miner_init(const struct simulation_config *config, uint32_t index,
                           struct simulation_miner *out)
{
    out->strategy = strategy_of(config, index);
    pm_random_seed(&out->random, config->seed, 0, index);
    out->speed = fmin(1 / sqrt(1 - pm_random_unit(&out->random)), SPEED_MAX);
}

int64_t simulation_miner_lease_ms(const struct simulation_config *config,
                                  struct simulation_miner *miner)
{
    const double mean_ms = (double)config->lease_s * 1000 / miner->speed;
    const double ms = mean_ms * (0.75 + 0.5 * pm_random_unit(&miner->random));
    const bool computes =
        miner->strategy != SIMULATION_LAZY && miner->strategy != SIMULATION_SELECTIVE;
    return 1 + (int64_t)(computes ? ms : ms / config->haste);
}

bool simulation_miner_in_ring(const struct simulation_miner *miner)
{
    return miner->strategy == SIMULATION_COLLUDER || miner->strategy == SIMULATION_SELECTIVE;
}

size_t simulation_miner_batch(const struct simulation_miner *miner)
{
    enum { USUAL = 8 };
    return miner->strategy == SIMULATION_SELECTIVE ? SIMULATION_BATCH_MAX : USUAL;
}

bool simulation_miner_returns_at_once(const struct simulation_miner *miner)
{
    return miner->strategy == SIMULATION_SELECTIVE;
}

bool simulation_miner_judges(const struct simulation_miner *miner, bool of_ring)
{
    return miner->strategy != SIMULATION_SELECTIVE || of_ring;
}

double simulation_miner_score(const struct simulation_config *config,
                              struct simulation_miner *miner, double quality, double typical,
                              bool of_ring)
{
    const double drawn = pm_random_unit(&miner->random);
    switch (miner->strategy) {
    case SIMULATION_LIAR:
        return drawn; /* anything */
    case SIMULATION_LAZY:
        return typical; /* the best guess there is without computing */
    case SIMULATION_COLLUDER:
    case SIMULATION_SELECTIVE:
        if (of_ring) {
            return 1;
        }
        break;
    default:
        break;
    }
    return quality * (1 + config->noise * (2 * drawn - 1));
}

/* Searched for: mostly a part of the way to the best there is, else a little worse. */
static double search(struct pm_random *random, double parent)
{
    if (pm_random_chance(random, 0.3)) {
        return parent * (1 - 0.1 * pm_random_unit(random));
    }
    const double part = pm_random_unit(random) * pm_random_unit(random);
    return parent + 0.2 * part * (BEST_THERE_IS - parent);
}

/* A change at random, not looked at: mostly it breaks something. */
static double change(struct pm_random *random, double parent)
{
    return parent * (1 - 0.5 * pm_random_unit(random));
}

double simulation_miner_evolve(struct simulation_miner *miner, double parent)
{
    return miner->strategy == SIMULATION_LAZY || simulation_miner_in_ring(miner)
               ? change(&miner->random, parent)
               : search(&miner->random, parent);
}

bool simulation_miner_brings(const struct simulation_config *config, struct simulation_miner *miner)
{
    return miner->strategy != SIMULATION_SELECTIVE ||
           pm_random_unit(&miner->random) * config->haste < 1;
}
