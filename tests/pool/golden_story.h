/* What happened in the stores tests/data/pool/story_N.sql before they were left: the same story,
 * told by the programs that made them, each to the pool of its time. */
#ifndef TESTS_POOL_GOLDEN_STORY_H
#define TESTS_POOL_GOLDEN_STORY_H

#include "pool/virtual_pool.h"

/* The leases that are open at its end, by their numbers, and how many were asked for. */
enum { STORY_LEASE_A = 14, STORY_LEASE_C = 11, STORY_LEASE_D = 12, STORY_LEASE_E = 13 };
enum { STORY_LEASES = 14 };

/* When it begins, and a moment after its end. */
#define STORY_BEGIN_MS INT64_C(1795200000000)
#define STORY_END_MS (STORY_BEGIN_MS + 3660000)

/* `rules` as they are by default; the story's own differ in some. */
void story_set_rules(struct pm_pool_rules *rules);

/* Five miners, an epoch and the beginning of the next one: on a pool that has opened an empty store
 * by the story's rules. */
void story_tell(struct virtual_pool *pool);

/* What comes after it, from the same pool or from one that has opened the store anew: replays
 * first, which change nothing, then the rest of the second epoch, with its payouts. */
void story_replay(struct virtual_pool *pool);
void story_go_on(struct virtual_pool *pool);

#endif
