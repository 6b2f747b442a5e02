/* The ledger: consensus to reputation, reputation to epochs, epochs to money. Time comes in as an
 * argument; everything happens inside the caller's transaction. */
#ifndef POOL_LEDGER_H
#define POOL_LEDGER_H

#include "pool/rules.h"
#include "pool/store.h"

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

/* The epoch that `now_ms` falls into. When the last one has ended, it is settled (paid out, for
 * good) and the next one opened first; epochs nobody was there for are skipped, their numbers too.
 * A clock that went backwards stays in the latest epoch. Call it before anything else in work that
 * rewards or reads reputation. */
bool pm_ledger_epoch(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t now_ms,
                     struct pm_pool_epoch *out, struct pm_error *error);

/* The same for work that only reads: nothing is settled or opened, but the epoch is the one that
 * would be. */
bool pm_ledger_epoch_seen(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                          int64_t now_ms, struct pm_pool_epoch *out, struct pm_error *error);

/* Records what `hotkey` judges of an algorithm in its hands. When that makes the quorum, the median
 * becomes its score and the accurate judges and the author are rewarded, in `epoch`: *agreed is
 * true. A judgement that comes after the consensus is measured against it. */
bool pm_ledger_judge(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t epoch,
                     int64_t algorithm_id, const char *hotkey, double score, int64_t now_ms,
                     bool *agreed, struct pm_error *error);

/* Finds the consensus of algorithms that have the quorum without having been agreed on: those for
 * which the operator has lowered it. For the start of a pool. */
bool pm_ledger_agree_due(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                         int64_t now_ms, struct pm_error *error);

/* What the miner may withdraw: lifetime less withdrawn and less what waits for the operator. */
int64_t pm_ledger_available_rao(const struct pm_pool_balance *balance);

#endif
