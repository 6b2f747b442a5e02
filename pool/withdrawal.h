/* Withdrawals: a miner asks, the operator approves or rejects by hand. */
#ifndef POOL_WITHDRAWAL_H
#define POOL_WITHDRAWAL_H

#include "pool/refusal.h"
#include "pool/rules.h"
#include "pool/store.h"

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

/* Asks for `amount_rao` (0: all there is) to go to the miner's recipient coldkey. What is asked for
 * leaves the balance at once. True with refusal->status 0: *out waits for the operator. */
bool pm_withdrawal_request(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                           int64_t now_ms, const char *hotkey, int64_t amount_rao,
                           struct pm_pool_withdrawal *out, struct pm_refusal *refusal,
                           struct pm_error *error);

/* The operator's word, for good: approved ones have left the pool, rejected ones are back in the
 * balance. Refused when there is no such withdrawal or it was decided before. */
bool pm_withdrawal_decide(struct pm_pool_store *store, int64_t now_ms, int64_t id, bool approve,
                          struct pm_refusal *refusal, struct pm_error *error);

#endif
