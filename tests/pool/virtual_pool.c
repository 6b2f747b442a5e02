#include "pool/virtual_pool.h"

#include "cmocka_include.h"
#include "pool/population.h"
#include "pool/settings.h"
#include "pool/test_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

struct pm_pool_rules virtual_pool_default_rules(void)
{
    struct pm_options *options = pm_settings_create();
    assert_non_null(options);
    struct pm_pool_rules rules = pm_settings_rules(options);
    pm_options_destroy(options);
    return rules;
}

static void run(struct virtual_pool *pool, pm_pool_work *work, void *context)
{
    struct pm_error error = {0};
    if (!pm_pool_store_run(pool->store, work, context, &error)) {
        fail_msg("%s", error.message);
    }
}

static enum pm_pool_outcome outcome(bool ok)
{
    return ok ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

static enum pm_pool_outcome prepare(struct pm_pool_store *store, void *context,
                                    struct pm_error *error)
{
    const struct virtual_pool *pool = context;
    return outcome(pm_population_add_seeds(store, pool->now_ms, error) &&
                   pm_ledger_agree_due(store, &pool->rules, pool->now_ms, error));
}

void virtual_pool_open(struct virtual_pool *pool, const char *store_name)
{
    struct pm_error error = {0};
    pm_log_init("test", PM_LOG_WARN, PM_LOG_TEXT);
    if (strcmp(store_name, ":memory:") == 0 && test_store_url() != NULL) {
        test_store_wipe();
        store_name = test_store_url();
    }
    if (!pm_pool_store_open(store_name, &pool->store, &error)) {
        fail_msg("%s", error.message);
    }
    run(pool, prepare, pool);
}

void virtual_pool_close(struct virtual_pool *pool)
{
    pm_pool_store_close(pool->store);
    pool->store = NULL;
}

static void lease_id_of(int64_t number, char lease_id[PM_POOL_LEASE_ID_SIZE])
{
    snprintf(lease_id, PM_POOL_LEASE_ID_SIZE, "%032" PRIx64, (uint64_t)number);
}

struct leasing {
    struct virtual_pool *pool;
    struct pm_pool_lease_wish wish;
    struct pm_grant *grant;
    struct pm_refusal *refusal;
};

static enum pm_pool_outcome lease(struct pm_pool_store *store, void *context,
                                  struct pm_error *error)
{
    struct leasing *leasing = context;
    return outcome(pm_pool_lease_issue(store, &leasing->pool->rules, leasing->pool->now_ms,
                                       &leasing->wish, leasing->grant, leasing->refusal, error));
}

int virtual_pool_wish(struct virtual_pool *pool, const struct pm_pool_lease_wish *wish,
                      struct pm_grant *grant, struct pm_refusal *refusal)
{
    char lease_id[PM_POOL_LEASE_ID_SIZE];
    struct leasing leasing = {.pool = pool, .wish = *wish, .grant = grant, .refusal = refusal};
    lease_id_of(++pool->leases_asked, lease_id);
    leasing.wish.random = (uint64_t)pool->leases_asked;
    leasing.wish.lease_id = lease_id;
    run(pool, lease, &leasing);
    return refusal->status ? refusal->status : 200;
}

int virtual_pool_lease(struct virtual_pool *pool, const char *hotkey, enum pm_pool_lease_kind kind,
                       int64_t evaluate_max, int64_t seed_max, struct pm_grant *grant,
                       struct pm_refusal *refusal)
{
    const struct pm_pool_lease_wish wish = {
        .hotkey = hotkey, .kind = kind, .evaluate_max = evaluate_max, .seed_max = seed_max};
    return virtual_pool_wish(pool, &wish, grant, refusal);
}

struct submitting {
    struct virtual_pool *pool;
    const char *hotkey, *lease_id;
    const struct pm_pool_submission *submission;
    char **answer;
    struct pm_refusal *refusal;
};

static enum pm_pool_outcome submit(struct pm_pool_store *store, void *context,
                                   struct pm_error *error)
{
    struct submitting *submitting = context;
    return outcome(pm_pool_submission_take(store, &submitting->pool->rules,
                                           submitting->pool->now_ms, submitting->hotkey,
                                           submitting->lease_id, submitting->submission,
                                           submitting->answer, submitting->refusal, error));
}

int virtual_pool_submit(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                        const struct pm_pool_submission *submission, char **answer,
                        struct pm_refusal *refusal)
{
    struct submitting submitting = {pool, hotkey, lease_id, submission, answer, refusal};
    run(pool, submit, &submitting);
    return refusal->status ? refusal->status : 200;
}

struct withdrawing {
    struct virtual_pool *pool;
    const char *hotkey;
    int64_t amount_rao;
    struct pm_refusal *refusal;
};

static enum pm_pool_outcome withdraw(struct pm_pool_store *store, void *context,
                                     struct pm_error *error)
{
    struct withdrawing *withdrawing = context;
    struct pm_pool_withdrawal withdrawal;
    return outcome(pm_withdrawal_request(
        store, &withdrawing->pool->rules, withdrawing->pool->now_ms, withdrawing->hotkey,
        withdrawing->amount_rao, &withdrawal, withdrawing->refusal, error));
}

int virtual_pool_withdraw(struct virtual_pool *pool, const char *hotkey, int64_t amount_rao,
                          struct pm_refusal *refusal)
{
    struct withdrawing withdrawing = {pool, hotkey, amount_rao, refusal};
    run(pool, withdraw, &withdrawing);
    return refusal->status ? refusal->status : 200;
}

struct deciding {
    struct virtual_pool *pool;
    int64_t id;
    bool approve;
    struct pm_refusal refusal;
};

static enum pm_pool_outcome decide(struct pm_pool_store *store, void *context,
                                   struct pm_error *error)
{
    struct deciding *deciding = context;
    return outcome(pm_withdrawal_decide(store, deciding->pool->now_ms, deciding->id,
                                        deciding->approve, &deciding->refusal, error));
}

int virtual_pool_decide(struct virtual_pool *pool, int64_t withdrawal_id, bool approve)
{
    struct deciding deciding = {.pool = pool, .id = withdrawal_id, .approve = approve};
    run(pool, decide, &deciding);
    return deciding.refusal.status ? deciding.refusal.status : 200;
}

struct ticking {
    struct virtual_pool *pool;
    struct pm_pool_epoch epoch;
};

static enum pm_pool_outcome tick(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct ticking *ticking = context;
    int64_t expired;
    return outcome(pm_ledger_epoch(store, &ticking->pool->rules, ticking->pool->now_ms,
                                   &ticking->epoch, error) &&
                   pm_store_leases_expire(store, ticking->pool->now_ms, ticking->pool->rules.quorum,
                                          &expired, error));
}

struct pm_pool_epoch virtual_pool_tick(struct virtual_pool *pool)
{
    struct ticking ticking = {.pool = pool};
    run(pool, tick, &ticking);
    return ticking.epoch;
}

static enum pm_pool_outcome agree_due(struct pm_pool_store *store, void *context,
                                      struct pm_error *error)
{
    const struct virtual_pool *pool = context;
    return outcome(pm_ledger_agree_due(store, &pool->rules, pool->now_ms, error));
}

void virtual_pool_agree_due(struct virtual_pool *pool)
{
    run(pool, agree_due, pool);
}

struct looking {
    const char *hotkey, *coldkey;
    struct virtual_miner miner;
};

static enum pm_pool_outcome look(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct looking *looking = context;
    struct pm_pool_epoch epoch = {0};
    bool any;
    return outcome(pm_store_epoch_latest(store, &epoch, &any, error) &&
                   pm_store_miner_get(store, looking->hotkey, &looking->miner.miner,
                                      &looking->miner.found, error) &&
                   pm_store_balance(store, looking->hotkey, &looking->miner.balance, error) &&
                   pm_store_reputation(store, epoch.number, looking->hotkey,
                                       &looking->miner.reputation, error));
}

struct virtual_miner virtual_pool_miner(struct virtual_pool *pool, const char *hotkey)
{
    struct looking looking = {.hotkey = hotkey};
    run(pool, look, &looking);
    return looking.miner;
}

static enum pm_pool_outcome set_recipient(struct pm_pool_store *store, void *context,
                                          struct pm_error *error)
{
    struct looking *looking = context;
    return outcome(
        pm_store_miner_set_recipient(store, looking->hotkey, looking->coldkey, 1, error));
}

void virtual_pool_set_recipient(struct virtual_pool *pool, const char *hotkey, const char *coldkey)
{
    struct looking looking = {.hotkey = hotkey, .coldkey = coldkey};
    run(pool, set_recipient, &looking);
}

struct examining {
    int64_t id;
    struct virtual_algorithm algorithm;
};

static bool copy(void *context, const struct pm_pool_algorithm *algorithm)
{
    struct virtual_algorithm *out = context;
    out->agreed = algorithm->agreed;
    out->in_population = algorithm->in_population;
    out->score = algorithm->score;
    out->evaluation_count = algorithm->evaluation_count;
    return false;
}

static enum pm_pool_outcome examine(struct pm_pool_store *store, void *context,
                                    struct pm_error *error)
{
    struct examining *examining = context;
    return outcome(pm_store_algorithm_visit(store, examining->id, copy, &examining->algorithm,
                                            &examining->algorithm.found, error));
}

struct virtual_algorithm virtual_pool_algorithm(struct virtual_pool *pool, int64_t id)
{
    struct examining examining = {.id = id};
    run(pool, examine, &examining);
    return examining.algorithm;
}

struct finding {
    char lease_id[PM_POOL_LEASE_ID_SIZE];
    struct virtual_lease lease;
    struct pm_pool_epoch epoch;
    bool any_epoch;
};

static enum pm_pool_outcome find(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct finding *finding = context;
    return outcome(pm_store_lease_get(store, finding->lease_id, &finding->lease.lease,
                                      &finding->lease.found, error) &&
                   pm_store_epoch_latest(store, &finding->epoch, &finding->any_epoch, error));
}

struct virtual_lease virtual_pool_find_lease(struct virtual_pool *pool, int64_t number)
{
    struct finding finding = {.any_epoch = false};
    lease_id_of(number, finding.lease_id);
    run(pool, find, &finding);
    return finding.lease;
}

int64_t virtual_pool_epoch(struct virtual_pool *pool)
{
    struct finding finding = {.any_epoch = false};
    run(pool, find, &finding);
    return finding.any_epoch ? finding.epoch.number : 0;
}

const char *virtual_program(int64_t number, char buffer[128])
{
    snprintf(buffer, 128, "def Predict():\n  s0 = %" PRId64 "\n  s0 = s0 + s1\n", number);
    return buffer;
}
