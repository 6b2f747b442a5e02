/* /api/v1/miners: who mines, with what success, and where the money goes. */
#include "pool/api_call.h"
#include "pool/ledger.h"

#include <string.h>

#include <poolminer/ss58.h>

enum {
    LEADERBOARD_DEFAULT = 10,
    LEADERBOARD_MAX = 1000,
};

/* The caller's record; refused with 404 when it never registered. */
static bool caller(struct pm_pool_store *store, struct pm_api_call *call,
                   struct pm_pool_miner *miner, struct pm_error *error)
{
    bool found;
    if (!pm_store_miner_get(store, call->hotkey, miner, &found, error)) {
        return false;
    }
    if (!found) {
        pm_refuse(&call->refusal, 404, "Miner not registered");
    }
    return true;
}

bool pm_api_register(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_miner miner;
    struct pm_pool_epoch epoch;
    int64_t reputation;
    if (!pm_ledger_epoch(store, &call->pool->rules, call->now_ms, &epoch, error) ||
        !pm_store_miner_touch(store, call->hotkey, call->now_ms, error) ||
        !caller(store, call, &miner, error) ||
        !pm_store_reputation(store, epoch.number, call->hotkey, &reputation, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "hotkey", miner.hotkey);
    pm_api_add_reputation(call, json, "reputation", reputation);
    pm_api_add_time(call, json, "registered_at", miner.registered_ms);
    pm_api_add_time(call, json, "last_seen_at", miner.last_seen_ms);
    return true;
}

static void add_rate(struct pm_api_call *call, cJSON *json, const char *name, int64_t part,
                     int64_t whole)
{
    pm_api_add_number(call, json, name, whole ? (double)part / (double)whole : 0);
}

static void add_counts(struct pm_api_call *call, cJSON *json, const struct pm_pool_miner *miner)
{
    const struct pm_pool_counts *counts = &miner->counts;
    pm_api_add_integer(call, json, "evaluations_submitted", counts->evaluations_submitted);
    pm_api_add_integer(call, json, "evaluations_finalised", counts->evaluations_finalised);
    pm_api_add_integer(call, json, "evaluations_accurate", counts->evaluations_accurate);
    add_rate(call, json, "accuracy_rate", counts->evaluations_accurate,
             counts->evaluations_finalised);
    pm_api_add_integer(call, json, "evolutions_submitted", counts->evolutions_submitted);
    pm_api_add_integer(call, json, "evolutions_finalised", counts->evolutions_finalised);
    pm_api_add_integer(call, json, "evolutions_over_threshold", counts->evolutions_over_threshold);
    add_rate(call, json, "success_rate", counts->evolutions_over_threshold,
             counts->evolutions_finalised);
    pm_api_add_number(call, json, "best_score", miner->best_score);
}

/* What a miner needs to reckon what its reputation is worth. An epoch keeps the length it was begun
 * with, whatever the rules say since. */
static void add_rules(struct pm_api_call *call, const struct pm_pool_epoch *epoch, cJSON *pool)
{
    const struct pm_payout_rules *payout = &call->pool->rules.payout;
    pm_api_add_number(call, pool, "epoch_s", (double)(epoch->end_ms - epoch->start_ms) / 1000);
    pm_api_add_integer(call, pool, "budget_rao", payout->budget_rao);
    pm_api_add_number(call, pool, "fee", (double)payout->fee_ppm / PM_PPM);
    pm_api_add_number(call, pool, "cap", (double)payout->cap_ppm / PM_PPM);
}

static bool add_pool_summary(struct pm_pool_store *store, struct pm_api_call *call,
                             const struct pm_pool_epoch *epoch, cJSON *json, struct pm_error *error)
{
    int64_t active, total, rewarded, waiting, best_id;
    double best = 0;
    bool any;
    if (!pm_store_miners_active(store, call->now_ms - call->pool->rules.epoch_ms, &active, error) ||
        !pm_store_reputation_sum(store, epoch->number, &total, &rewarded, error) ||
        !pm_store_algorithms_summary(store, &waiting, &best, &best_id, &any, error)) {
        return false;
    }
    cJSON *pool = pm_api_add_object(call, json, "pool");
    pm_api_add_integer(call, pool, "miners_active", active);
    pm_api_add_reputation(call, pool, "total_reputation", total);
    pm_api_add_integer(call, pool, "epoch", epoch->number);
    pm_api_add_integer(call, pool, "epoch_seconds_left", pm_api_seconds_left(epoch, call->now_ms));
    pm_api_add_integer(call, pool, "algorithms_waiting", waiting);
    pm_api_add_number(call, pool, "best_score", best);
    add_rules(call, epoch, pool);
    return true;
}

/* Over the current epoch, or over the miner's part of it when it came later; a first second counts
 * as a whole one. */
static double reputation_per_hour(const struct pm_pool_epoch *epoch,
                                  const struct pm_pool_miner *miner, int64_t reputation,
                                  int64_t now_ms)
{
    int64_t start_ms =
        epoch->start_ms > miner->registered_ms ? epoch->start_ms : miner->registered_ms;
    int64_t elapsed_ms = now_ms - start_ms > 1000 ? now_ms - start_ms : 1000;
    return (double)reputation / PM_REPUTATION_UNIT * 3600000.0 / (double)elapsed_ms;
}

bool pm_api_stats(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_miner miner;
    struct pm_pool_epoch epoch;
    struct pm_pool_balance balance;
    int64_t reputation, rank;
    if (!pm_ledger_epoch(store, &call->pool->rules, call->now_ms, &epoch, error) ||
        !caller(store, call, &miner, error)) {
        return false;
    }
    if (call->refusal.status) {
        return true;
    }
    if (!pm_store_reputation(store, epoch.number, call->hotkey, &reputation, error) ||
        !pm_store_rank(store, epoch.number, reputation, &rank, error) ||
        !pm_store_balance(store, call->hotkey, &balance, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "hotkey", miner.hotkey);
    pm_api_add_reputation(call, json, "reputation", reputation);
    pm_api_add_reputation(call, json, "reputation_total", miner.reputation_total);
    pm_api_add_number(call, json, "reputation_per_hour",
                      reputation_per_hour(&epoch, &miner, reputation, call->now_ms));
    pm_api_add_integer(call, json, "rank", rank);
    pm_api_add_integer(call, json, "balance_rao", pm_ledger_available_rao(&balance));
    pm_api_add_integer(call, json, "lifetime_rao", balance.lifetime_rao);
    add_counts(call, json, &miner);
    pm_api_add_time(call, json, "registered_at", miner.registered_ms);
    pm_api_add_time(call, json, "last_seen_at", miner.last_seen_ms);
    return add_pool_summary(store, call, &epoch, json, error);
}

struct ranking {
    struct pm_api_list list;
    int64_t rank;
};

static bool add_rank(void *context, const struct pm_pool_rank *rank)
{
    struct ranking *ranking = context;
    struct pm_api_call *call = ranking->list.call;
    cJSON *item = pm_api_add_item(call, ranking->list.array);
    pm_api_add_integer(call, item, "rank", ++ranking->rank);
    pm_api_add_text(call, item, "hotkey", rank->miner.hotkey);
    pm_api_add_reputation(call, item, "reputation", rank->reputation);
    pm_api_add_reputation(call, item, "reputation_total", rank->miner.reputation_total);
    add_counts(call, item, &rank->miner);
    return !call->incomplete;
}

bool pm_api_leaderboard(struct pm_pool_store *store, struct pm_api_call *call,
                        struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    int64_t limit = LEADERBOARD_DEFAULT;
    if (!pm_api_query_integer(call, "limit", 1, LEADERBOARD_MAX, &limit)) {
        return true;
    }
    if (!pm_ledger_epoch_seen(store, &call->pool->rules, call->now_ms, &epoch, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_integer(call, json, "epoch", epoch.number);
    struct ranking ranking = {.list = {call, pm_api_add_array(call, json, "miners")}};
    return pm_store_leaderboard(store, epoch.number, limit, add_rank, &ranking, error);
}

static void answer_recipient(struct pm_api_call *call, const char *hotkey, const char *coldkey)
{
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "hotkey", hotkey);
    pm_api_add_text(call, json, "recipient_coldkey", coldkey[0] ? coldkey : NULL);
}

bool pm_api_recipient_set(struct pm_pool_store *store, struct pm_api_call *call,
                          struct pm_error *error)
{
    struct pm_pool_miner miner;
    struct pm_error reason = {0};
    const char *coldkey;
    uint8_t key[PM_PUBLIC_KEY_SIZE];
    int64_t signed_s = pm_auth_seconds(&call->headers);
    if (!pm_body_recipient(call->body, &coldkey, &reason) ||
        (!pm_ss58_decode_hotkey(coldkey, key, &reason) &&
         !pm_fail_context(&reason, "recipient_coldkey"))) {
        return pm_api_refuse(call, 422, &reason);
    }
    if (!pm_store_miner_touch(store, call->hotkey, call->now_ms, error) ||
        !caller(store, call, &miner, error)) {
        return false;
    }
    /* Whoever recorded an older update must not be able to bring it back. */
    bool same = strcmp(miner.recipient_coldkey, coldkey) == 0;
    if (signed_s < miner.recipient_signed_s || (signed_s == miner.recipient_signed_s && !same)) {
        pm_refuse(&call->refusal, 409, "A newer update of the recipient coldkey is in force");
        return true;
    }
    if (!pm_store_miner_set_recipient(store, call->hotkey, coldkey, signed_s, error)) {
        return false;
    }
    answer_recipient(call, call->hotkey, coldkey);
    return true;
}

bool pm_api_recipient_own(struct pm_pool_store *store, struct pm_api_call *call,
                          struct pm_error *error)
{
    struct pm_pool_miner miner;
    if (!caller(store, call, &miner, error)) {
        return false;
    }
    if (!call->refusal.status) {
        answer_recipient(call, miner.hotkey, miner.recipient_coldkey);
    }
    return true;
}

bool pm_api_recipient_of(struct pm_pool_store *store, struct pm_api_call *call,
                         struct pm_error *error)
{
    struct pm_pool_miner miner;
    uint8_t key[PM_PUBLIC_KEY_SIZE];
    bool found = false;
    /* A path may hold any bytes, an address is letters and digits: what is none is nobody's. */
    if (pm_ss58_decode_hotkey(call->parameter, key, NULL) &&
        !pm_store_miner_get(store, call->parameter, &miner, &found, error)) {
        return false;
    }
    if (found) {
        answer_recipient(call, miner.hotkey, miner.recipient_coldkey);
    } else {
        pm_refuse(&call->refusal, 404, "Miner not registered");
    }
    return true;
}
