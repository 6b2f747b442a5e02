/* Leases: work handed to one miner for a while. */
#ifndef POOL_LEASE_H
#define POOL_LEASE_H

#include "pool/refusal.h"
#include "pool/rules.h"
#include "pool/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

/* What a miner asks for, and the chance that goes into the answer. */
struct pm_pool_lease_wish {
    const char *hotkey;
    enum pm_pool_lease_kind kind;
    int64_t evaluate_max, seed_max; /* 0..PM_BATCH_MAX */
    uint64_t random;                /* which seeds */
    const char *lease_id;           /* 32 hex digits nobody can guess */
    bool resume; /* an open lease, or task of whichever kind, is to be given again instead of being
                    in the way */
};

struct pm_granted {
    int64_t id;
    int input_dim;
    char *dsl;
    bool agreed;
    double score; /* when agreed */
};

struct pm_grant {
    struct pm_pool_lease lease;
    struct pm_granted evaluate[PM_BATCH_MAX], seeds[PM_BATCH_MAX];
    size_t evaluate_count, seed_count;
};
void pm_grant_clear(struct pm_grant *grant);

/* Grants a lease or refuses it. With wish->resume a miner whose lease is open gets that one again,
 * as it was; nothing new is granted then. A lease is never empty while there is something the miner
 * may do. True with refusal->status 0: granted, *out to be cleared by the caller. True with a
 * status: refused, nothing to clear. */
bool pm_pool_lease_issue(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                         int64_t now_ms, const struct pm_pool_lease_wish *wish,
                         struct pm_grant *out, struct pm_refusal *refusal, struct pm_error *error);

/* How many algorithms the miner could get to judge now. */
bool pm_pool_lease_pending(struct pm_pool_store *store, const char *hotkey, int64_t *count,
                           struct pm_error *error);

#endif
