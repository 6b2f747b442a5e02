/* What is known of programs already scored, by the key of their meaning: programs that differ
 * in dead code or in the names of registers share an entry. A memo and nothing more: forgetting an
 * entry costs time and never changes a result, so it has a fixed size and an entry makes room for
 * the next one that falls on its place. */
#ifndef ALGORITHM_FUNCTIONAL_CACHE_H
#define ALGORITHM_FUNCTIONAL_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/liveness.h>

enum { PM_QUICK_TASKS_MAX = 16 };

/* How much of the suite a program has been scored on. */
enum pm_scored { PM_SCORED_NOTHING, PM_SCORED_QUICK, PM_SCORED_ALL };

struct pm_fitness {
    enum pm_scored scored;
    double first[PM_QUICK_TASKS_MAX]; /* accuracies on the first tasks */
    double quick;                     /* their mean */
    double score, mean;               /* median and mean over all tasks, once scored on all */
    uint64_t behaviour;               /* hash of all task scores, once scored on all */
};

/* What a program means, in 64 bits: a hash of what its predictions are made of, whatever the names
 * of registers, the order of instructions that do not depend on each other, dead code, and the way
 * that setup comes to its numbers. Programs of one key predict the same bits; those that draw
 * random numbers have one key only if they are equal but for dead code, and predict the same as
 * long as they are run without it, since draws depend on the text. */
uint64_t pm_functional_key(const struct pm_algorithm *algorithm);
/* The same for whom has analysed it. */
uint64_t pm_functional_key_of(const struct pm_algorithm *algorithm,
                              const struct pm_liveness *liveness);

/* A hash of what is alive as it is written: had much sooner. Programs of one written key are of one
 * functional key, though not the other way round. */
uint64_t pm_written_key(const struct pm_algorithm *algorithm, const struct pm_liveness *liveness);

struct pm_functional_cache;

/* NULL when memory is out. */
struct pm_functional_cache *pm_functional_cache_create(void);
void pm_functional_cache_destroy(struct pm_functional_cache *cache);

bool pm_functional_cache_find(const struct pm_functional_cache *cache, uint64_t hash,
                              struct pm_fitness *out);
void pm_functional_cache_store(struct pm_functional_cache *cache, uint64_t hash,
                               const struct pm_fitness *fitness);

#endif
