/* Submissions: what a miner brings back for a lease. */
#ifndef POOL_SUBMISSION_H
#define POOL_SUBMISSION_H

#include "pool/refusal.h"
#include "pool/rules.h"
#include "pool/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_pool_submitted_evaluation {
    int64_t algorithm_id;
    double score; /* 0..1 */
};

enum { PM_PARENTS_MAX = 64 };

struct pm_pool_submitted_evolution {
    const char *dsl; /* UTF-8, NUL-terminated */
    int64_t parents[PM_PARENTS_MAX];
    size_t parent_count;
};

/* A submission as it was read from its body; texts belong to whoever read them. */
struct pm_pool_submission {
    enum pm_pool_lease_kind kind; /* by the call it came with */
    struct pm_pool_submitted_evaluation evaluations[PM_BATCH_MAX];
    size_t evaluation_count;
    struct pm_pool_submitted_evolution evolutions[PM_EVOLVE_BUDGET_MAX];
    size_t evolution_count;
    int64_t iterations; /* 0 when not said */
};

/* Takes a submission for `lease_id` from `hotkey`: checks all of it first, then records all of it,
 * finds what consensus it makes, and ends the lease. The same submission again gets the same answer
 * and changes nothing. True with refusal->status 0: *answer is the JSON to answer with (the caller
 * frees). True with a status: refused, and nothing of it recorded. */
bool pm_pool_submission_take(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                             int64_t now_ms, const char *hotkey, const char *lease_id,
                             const struct pm_pool_submission *submission, char **answer,
                             struct pm_refusal *refusal, struct pm_error *error);

/* A submission for `lease_id` from `hotkey` whose body says nothing that could be taken: the lease,
 * if it is this miner's and live, stays open for a mended one, and does not stand in the way of
 * another lease. */
bool pm_pool_submission_unreadable(struct pm_pool_store *store, int64_t now_ms, const char *hotkey,
                                   const char *lease_id, struct pm_error *error);

#endif
