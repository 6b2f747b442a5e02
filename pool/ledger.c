#include "pool/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/consensus.h>
#include <poolminer/payout.h>

/* ---- consensus ---- */

struct judgements {
    struct pm_pool_evaluation items[PM_QUORUM_MAX];
    double scores[PM_QUORUM_MAX + 1]; /* the last one may not be in the store yet */
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

static struct pm_pool_verdict verdict_on(const struct pm_pool_rules *rules, int64_t epoch,
                                         double score, double median)
{
    struct pm_pool_verdict verdict = {
        .accurate = pm_consensus_accurate(score, median, rules->tolerance), .epoch = epoch};
    if (verdict.accurate) {
        verdict.micro = pm_reputation_micro(rules->evaluation_reward);
    }
    return verdict;
}

static bool count_verdict(struct pm_pool_store *store, const char *hotkey,
                          const struct pm_pool_verdict *verdict, struct pm_error *error)
{
    const struct pm_pool_counts more = {.evaluations_finalised = 1,
                                        .evaluations_accurate = verdict->accurate};
    return pm_store_miner_count(store, hotkey, &more, error);
}

/* An evaluation that comes with its verdict. */
static bool add_judged(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                       int64_t epoch, int64_t algorithm_id,
                       const struct pm_pool_evaluation *evaluation, double median, int64_t now_ms,
                       struct pm_error *error)
{
    const struct pm_pool_verdict verdict = verdict_on(rules, epoch, evaluation->score, median);
    return pm_store_evaluation_add(store, algorithm_id, evaluation, &verdict, now_ms, error) &&
           count_verdict(store, evaluation->hotkey, &verdict, error);
}

static bool judge_all(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t epoch,
                      int64_t algorithm_id, const struct judgements *judgements, double median,
                      struct pm_error *error)
{
    for (size_t i = 0; i < judgements->count; i++) {
        const struct pm_pool_evaluation *evaluation = &judgements->items[i];
        const struct pm_pool_verdict verdict = verdict_on(rules, epoch, evaluation->score, median);
        if (!pm_store_evaluation_judge(store, algorithm_id, evaluation->hotkey, &verdict, error) ||
            !count_verdict(store, evaluation->hotkey, &verdict, error)) {
            return false;
        }
    }
    return true;
}

static bool count_evolution(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                            const char *author, double median, struct pm_error *error)
{
    const struct pm_pool_counts more = {
        .evolutions_finalised = 1, .evolutions_over_threshold = median >= rules->reward_threshold};
    return pm_store_miner_count(store, author, &more, error) &&
           pm_store_miner_best_score(store, author, median, error);
}

/* `last`: the evaluation that makes the quorum, which is not in the store yet; NULL: they all are.
 */
static bool agree(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t epoch,
                  int64_t algorithm_id, const char *author, const struct pm_pool_evaluation *last,
                  int64_t now_ms, struct pm_error *error)
{
    struct judgements judgements = {.count = 0};
    if (!pm_store_evaluations_visit(store, algorithm_id, collect_judgement, &judgements, error)) {
        return false;
    }
    size_t count = judgements.count;
    if (last != NULL) {
        judgements.scores[count++] = last->score;
    }
    const bool evolved = author[0] != '\0';
    const double median = pm_consensus_median(judgements.scores, count);
    const struct pm_pool_consensus consensus = {
        .score = median,
        .evaluation_count = (int64_t)count,
        .agreed_ms = now_ms,
        .epoch = epoch,
        .micro = evolved ? pm_reputation_micro(pm_evolution_reward(median, rules->reward_base,
                                                                   rules->reward_threshold))
                         : 0,
    };
    return pm_store_algorithm_agree(store, algorithm_id, author, &consensus, error) &&
           judge_all(store, rules, epoch, algorithm_id, &judgements, median, error) &&
           (last == NULL ||
            add_judged(store, rules, epoch, algorithm_id, last, median, now_ms, error)) &&
           (!evolved || count_evolution(store, rules, author, median, error));
}

bool pm_ledger_judge(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t epoch,
                     int64_t algorithm_id, const char *hotkey, double score, int64_t now_ms,
                     bool *agreed, struct pm_error *error)
{
    struct pm_pool_evaluation evaluation = {.score = score};
    struct pm_pool_subject subject;
    *agreed = false;
    snprintf(evaluation.hotkey, sizeof evaluation.hotkey, "%s", hotkey);
    if (!pm_store_subject_get(store, algorithm_id, &subject, error)) {
        return false;
    }
    const int64_t count = subject.evaluation_count + 1;
    if (!subject.agreed && count >= rules->quorum) {
        *agreed = true;
        return agree(store, rules, epoch, algorithm_id, subject.author, &evaluation, now_ms, error);
    }
    return (subject.agreed
                ? add_judged(store, rules, epoch, algorithm_id, &evaluation, subject.score, now_ms,
                             error)
                : pm_store_evaluation_add(store, algorithm_id, &evaluation, NULL, now_ms, error)) &&
           pm_store_evaluations_count(store, algorithm_id, count, error);
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
            !agree(store, rules, epoch.number, id, author, NULL, now_ms, error)) {
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
