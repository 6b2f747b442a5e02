#include "pool/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/consensus.h>
#include <poolminer/payout.h>

/* ---- consensus ---- */

struct judgements {
    struct pm_pool_evaluation items[PM_QUORUM_MAX];
    double scores[PM_QUORUM_MAX];
    size_t count;
};

static bool collect_judgement(void *context, const struct pm_pool_evaluation *evaluation)
{
    struct judgements *judgements = context;
    if (judgements->count == PM_QUORUM_MAX) {
        return false;
    }
    judgements->items[judgements->count] = *evaluation;
    judgements->scores[judgements->count] = evaluation->score;
    judgements->count++;
    return true;
}

static bool reward_judge(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                         int64_t epoch, int64_t algorithm_id,
                         const struct pm_pool_evaluation *evaluation, double median, int64_t now_ms,
                         struct pm_error *error)
{
    bool accurate = pm_consensus_accurate(evaluation->score, median, rules->tolerance);
    const struct pm_pool_counts more = {.evaluations_finalised = 1,
                                        .evaluations_accurate = accurate};
    if (!pm_store_evaluation_judge(store, algorithm_id, evaluation->hotkey, accurate, error) ||
        !pm_store_miner_count(store, evaluation->hotkey, &more, error)) {
        return false;
    }
    int64_t micro = pm_reputation_micro(rules->evaluation_reward);
    return !accurate || micro == 0 ||
           pm_store_reward_add(store, PM_REWARD_EVALUATION, algorithm_id, evaluation->hotkey, epoch,
                               micro, now_ms, error);
}

static bool reward_author(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                          int64_t epoch, int64_t algorithm_id, const char *author, double median,
                          int64_t now_ms, struct pm_error *error)
{
    const struct pm_pool_counts more = {
        .evolutions_finalised = 1, .evolutions_over_threshold = median >= rules->reward_threshold};
    if (!pm_store_miner_count(store, author, &more, error) ||
        !pm_store_miner_best_score(store, author, median, error)) {
        return false;
    }
    int64_t micro = pm_reputation_micro(
        pm_evolution_reward(median, rules->reward_base, rules->reward_threshold));
    return micro == 0 || pm_store_reward_add(store, PM_REWARD_EVOLUTION, algorithm_id, author,
                                             epoch, micro, now_ms, error);
}

static bool agree(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t epoch,
                  int64_t algorithm_id, const char *author, int64_t now_ms, struct pm_error *error)
{
    struct judgements judgements = {.count = 0};
    if (!pm_store_evaluations_visit(store, algorithm_id, collect_judgement, &judgements, error)) {
        return false;
    }
    bool of_pool = author[0] == '\0'; /* in the population from the first */
    double median = pm_consensus_median(judgements.scores, judgements.count);
    if (!pm_store_algorithm_agree(store, algorithm_id, median, now_ms, of_pool, error)) {
        return false;
    }
    for (size_t i = 0; i < judgements.count; i++) {
        if (!reward_judge(store, rules, epoch, algorithm_id, &judgements.items[i], median, now_ms,
                          error)) {
            return false;
        }
    }
    return of_pool ||
           reward_author(store, rules, epoch, algorithm_id, author, median, now_ms, error);
}

bool pm_ledger_judge(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t epoch,
                     int64_t algorithm_id, const char *hotkey, double score, int64_t now_ms,
                     bool *agreed, struct pm_error *error)
{
    struct pm_pool_subject subject;
    *agreed = false;
    if (!pm_store_evaluation_add(store, algorithm_id, hotkey, score, now_ms, &subject, error)) {
        return false;
    }
    if (subject.agreed) {
        struct pm_pool_evaluation late = {.score = score};
        snprintf(late.hotkey, sizeof late.hotkey, "%s", hotkey);
        return reward_judge(store, rules, epoch, algorithm_id, &late, subject.score, now_ms, error);
    }
    if (subject.evaluation_count < rules->quorum) {
        return true;
    }
    *agreed = true;
    return agree(store, rules, epoch, algorithm_id, subject.author, now_ms, error);
}

static bool copy_author(void *context, const struct pm_pool_algorithm *algorithm)
{
    snprintf(context, PM_ADDRESS_SIZE, "%s", algorithm->author != NULL ? algorithm->author : "");
    return false;
}

bool pm_ledger_agree_due(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                         int64_t now_ms, struct pm_error *error)
{
    struct pm_pool_epoch epoch = {0};
    if (!pm_ledger_epoch(store, rules, now_ms, &epoch, error) ||
        !pm_store_judgeable_renew(store, rules->quorum, error)) {
        return false;
    }
    for (;;) {
        char author[PM_ADDRESS_SIZE];
        int64_t id;
        bool found;
        if (!pm_store_consensus_due(store, rules->quorum, &id, &found, error)) {
            return false;
        }
        if (!found) {
            return true;
        }
        if (!pm_store_algorithm_visit(store, id, copy_author, author, &found, error) ||
            !agree(store, rules, epoch.number, id, author, now_ms, error)) {
            return false;
        }
    }
}

/* ---- epochs ---- */

struct claims {
    size_t count, capacity;
    char (*hotkeys)[PM_ADDRESS_SIZE];
    int64_t *reputation, *paid;
};

static void claims_clear(struct claims *claims)
{
    free(claims->hotkeys);
    free(claims->reputation);
    free(claims->paid);
}

static bool claims_reserve(struct claims *claims, int64_t capacity, struct pm_error *error)
{
    claims->capacity = (size_t)capacity;
    size_t count = claims->capacity ? claims->capacity : 1;
    claims->hotkeys = calloc(count, sizeof *claims->hotkeys);
    claims->reputation = calloc(count, sizeof *claims->reputation);
    claims->paid = calloc(count, sizeof *claims->paid);
    if (claims->hotkeys != NULL && claims->reputation != NULL && claims->paid != NULL) {
        return true;
    }
    return pm_fail(error, PM_ERROR_MEMORY, "settling an epoch: out of memory");
}

static bool collect_claim(void *context, const char *hotkey, int64_t reputation)
{
    struct claims *claims = context;
    if (claims->count < claims->capacity) {
        snprintf(claims->hotkeys[claims->count], PM_ADDRESS_SIZE, "%s", hotkey);
        claims->reputation[claims->count] = reputation;
    }
    claims->count++;
    return claims->count <= claims->capacity;
}

/* Everybody with reputation is paid, or nobody yet. */
static bool collect_claims(struct pm_pool_store *store, struct pm_pool_epoch *epoch,
                           struct claims *claims, struct pm_error *error)
{
    int64_t miners;
    if (!pm_store_reputation_sum(store, epoch->number, &epoch->reputation, &miners, error) ||
        !claims_reserve(claims, miners, error) ||
        !pm_store_reputation_visit(store, epoch->number, collect_claim, claims, error)) {
        return false;
    }
    return claims->count == claims->capacity ||
           pm_fail(error, PM_ERROR_IO, "store: %lld miners have reputation, %zu were read",
                   (long long)miners, claims->count);
}

static bool pay(struct pm_pool_store *store, const struct pm_pool_epoch *epoch,
                const struct claims *claims, struct pm_error *error)
{
    for (size_t i = 0; i < claims->count; i++) {
        const struct pm_pool_payout payout = {
            .epoch = epoch->number,
            .reputation = claims->reputation[i],
            .rao = claims->paid[i],
        };
        if (!pm_store_payout_add(store, claims->hotkeys[i], &payout, error)) {
            return false;
        }
    }
    return pm_store_epoch_settle(store, epoch, error);
}

static bool settle(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                   struct pm_pool_epoch *epoch, int64_t now_ms, struct pm_error *error)
{
    struct claims claims = {0};
    bool ok = collect_claims(store, epoch, &claims, error) &&
              pm_payout_divide(&rules->payout, claims.reputation, claims.count, claims.paid,
                               &epoch->pool_rao, error);
    epoch->settled = true;
    epoch->settled_ms = now_ms;
    epoch->budget_rao = rules->payout.budget_rao;
    epoch->paid_rao = epoch->budget_rao - epoch->pool_rao;
    ok = ok && pay(store, epoch, &claims, error);
    if (ok) {
        pm_store_log(store, "POOL-EPOCH-SETTLED",
                     "epoch=%lld miners=%zu reputation=%.6f paid_rao=%lld pool_rao=%lld",
                     (long long)epoch->number, claims.count,
                     (double)epoch->reputation / PM_REPUTATION_UNIT, (long long)epoch->paid_rao,
                     (long long)epoch->pool_rao);
    }
    claims_clear(&claims);
    return ok;
}

/* The first epoch starts now; a later one where the one before it ended, whole epochs skipped. */
static struct pm_pool_epoch following(const struct pm_pool_epoch *last, int64_t epoch_ms,
                                      int64_t now_ms)
{
    if (last == NULL) {
        return (struct pm_pool_epoch){.number = 1, .start_ms = now_ms, .end_ms = now_ms + epoch_ms};
    }
    int64_t skipped = (now_ms - last->end_ms) / epoch_ms;
    int64_t start_ms = last->end_ms + skipped * epoch_ms;
    return (struct pm_pool_epoch){
        .number = last->number + 1 + skipped,
        .start_ms = start_ms,
        .end_ms = start_ms + epoch_ms,
    };
}

bool pm_ledger_epoch(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t now_ms,
                     struct pm_pool_epoch *out, struct pm_error *error)
{
    struct pm_pool_epoch last = {0};
    bool found;
    if (!pm_store_epoch_latest(store, &last, &found, error)) {
        return false;
    }
    if (found && now_ms < last.end_ms) {
        *out = last;
        return true;
    }
    if (found && !settle(store, rules, &last, now_ms, error)) {
        return pm_fail_context(error, "settling epoch %lld", (long long)last.number);
    }
    *out = following(found ? &last : NULL, rules->epoch_ms, now_ms);
    return pm_store_epoch_add(store, out, error);
}

bool pm_ledger_epoch_seen(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                          int64_t now_ms, struct pm_pool_epoch *out, struct pm_error *error)
{
    struct pm_pool_epoch last = {0};
    bool found;
    if (!pm_store_epoch_latest(store, &last, &found, error)) {
        return false;
    }
    *out = found && now_ms < last.end_ms ? last
                                         : following(found ? &last : NULL, rules->epoch_ms, now_ms);
    return true;
}

int64_t pm_ledger_available_rao(const struct pm_pool_balance *balance)
{
    return balance->lifetime_rao - balance->withdrawn_rao - balance->pending_rao;
}
