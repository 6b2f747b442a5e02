#include "cli/simulation_population.h"

#include "cli/simulation.h"

#include <stdlib.h>

#include <poolminer/seed_choice.h>

static const double TYPICAL_STEP = 0.002;

/* Inserts it by rank; the last falls out. */
static void rank(struct simulation_population *population, uint32_t index)
{
    const double score = population->members[index].score;
    size_t at = population->best_count;
    while (at > 0 && population->members[population->best[at - 1]].score < score) {
        at--;
    }
    if (at == SIMULATION_BEST_MAX) {
        return;
    }
    if (population->best_count < SIMULATION_BEST_MAX) {
        population->best_count++;
    }
    for (size_t i = population->best_count - 1; i > at; i--) {
        population->best[i] = population->best[i - 1];
    }
    population->best[at] = index;
}

bool simulation_population_join(struct simulation_population *population, double score,
                                double quality, struct pm_error *error)
{
    if (population->count == population->capacity) {
        size_t capacity = population->capacity > 0 ? 2 * population->capacity : 256;
        struct simulation_member *more = realloc(population->members, capacity * sizeof *more);
        if (more == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "simulation: out of memory for a population");
        }
        population->members = more;
        population->capacity = capacity;
    }
    population->members[population->count] = (struct simulation_member){score, quality};
    rank(population, (uint32_t)population->count++);
    /* Steps up and down alike come to rest where as many are above as below. */
    population->typical += score > population->typical ? TYPICAL_STEP : -TYPICAL_STEP;
    return true;
}

bool simulation_population_init(struct simulation_population *population, struct pm_error *error)
{
    *population = (struct simulation_population){.typical = 0.75};
    return simulation_population_join(population, 0.70, 0.70, error) &&
           simulation_population_join(population, 0.75, 0.75, error) &&
           simulation_population_join(population, 0.80, 0.80, error);
}

void simulation_population_clear(struct simulation_population *population)
{
    free(population->members);
    *population = (struct simulation_population){0};
}

double simulation_population_parent(const struct simulation_population *population, size_t want,
                                    uint64_t random)
{
    struct pm_seed_choice choices[SIMULATION_SEEDS_MAX];
    if (population->members == NULL) {
        return 0;
    }
    const size_t count = pm_seed_choose((int64_t)population->count, want, random, choices);
    const struct simulation_member *parent = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct simulation_member *seed =
            &population
                 ->members[choices[i].by_place ? choices[i].at : population->best[choices[i].at]];
        if (parent == NULL || seed->score > parent->score) {
            parent = seed;
        }
    }
    return parent != NULL ? parent->quality : 0;
}
