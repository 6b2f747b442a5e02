#include "algorithm/functional_cache.h"

#include <stdlib.h>

enum { ENTRY_COUNT = 1 << 14 };

struct entry {
    uint64_t hash;
    struct pm_fitness fitness; /* PM_SCORED_NOTHING: the entry is free */
};

struct pm_functional_cache {
    struct entry entries[ENTRY_COUNT];
};

struct pm_functional_cache *pm_functional_cache_create(void)
{
    return calloc(1, sizeof(struct pm_functional_cache));
}

void pm_functional_cache_destroy(struct pm_functional_cache *cache)
{
    free(cache);
}

bool pm_functional_cache_find(const struct pm_functional_cache *cache, uint64_t hash,
                              struct pm_fitness *out)
{
    const struct entry *entry = &cache->entries[hash % ENTRY_COUNT];
    if (entry->fitness.scored == PM_SCORED_NOTHING || entry->hash != hash) {
        return false;
    }
    *out = entry->fitness;
    return true;
}

void pm_functional_cache_store(struct pm_functional_cache *cache, uint64_t hash,
                               const struct pm_fitness *fitness)
{
    cache->entries[hash % ENTRY_COUNT] = (struct entry){.hash = hash, .fitness = *fitness};
}
