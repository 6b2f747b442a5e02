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

/* ---- calls ---- */

static bool lease(struct pm_pool_store *store, struct virtual_call *call, struct pm_error *error)
{
    char lease_id[PM_POOL_LEASE_ID_SIZE];
    lease_id_of(call->lease, lease_id);
    call->wish.random = (uint64_t)call->lease;
    call->wish.lease_id = lease_id;
    return pm_pool_lease_issue(store, &call->pool->rules, call->pool->now_ms, &call->wish,
                               &call->grant, &call->refusal, error);
}

static bool submit(struct pm_pool_store *store, struct virtual_call *call, struct pm_error *error)
{
    char lease_id[PM_POOL_LEASE_ID_SIZE];
    lease_id_of(call->lease, lease_id);
    return pm_pool_submission_take(store, &call->pool->rules, call->pool->now_ms, call->hotkey,
                                   call->lease_id != NULL ? call->lease_id : lease_id,
                                   call->submission, &call->answer, &call->refusal, error);
}

static bool perform(struct pm_pool_store *store, struct virtual_call *call, struct pm_error *error)
{
    const struct virtual_pool *pool = call->pool;
    struct pm_pool_withdrawal withdrawal;
    switch (call->kind) {
    case VIRTUAL_LEASE:
        return lease(store, call, error);
    case VIRTUAL_SUBMIT:
        return submit(store, call, error);
    case VIRTUAL_WITHDRAW:
        return pm_withdrawal_request(store, &pool->rules, pool->now_ms, call->hotkey,
                                     call->amount_rao, &withdrawal, &call->refusal, error);
    case VIRTUAL_DECIDE:
        return pm_withdrawal_decide(store, pool->now_ms, call->withdrawal, call->approve,
                                    &call->refusal, error);
    case VIRTUAL_SET_RECIPIENT:
        return pm_store_miner_set_recipient(store, call->hotkey, call->coldkey, 1, error);
    case VIRTUAL_FAIL:
        return pm_store_miner_touch(store, call->hotkey, pool->now_ms, error) &&
               pm_fail(error, PM_ERROR_IO, "as it was told to");
    }
    return false;
}

/* It may come twice, after what it did was undone. */
static enum pm_pool_outcome work_on(struct pm_pool_store *store, void *context,
                                    struct pm_error *error)
{
    struct virtual_call *call = context;
    if (call->kind == VIRTUAL_LEASE && call->status == 200) {
        pm_grant_clear(&call->grant);
    }
    free(call->answer);
    call->answer = NULL;
    call->refusal = (struct pm_refusal){0};
    call->status = 0;
    if (!perform(store, call, error)) {
        return PM_POOL_FAILED;
    }
    call->status = call->refusal.status ? call->refusal.status : 200;
    return PM_POOL_COMMIT;
}

static void note_done(void *context, bool ok, const struct pm_error *error)
{
    struct virtual_call *call = context;
    call->done = true;
    call->ok = ok;
    call->error = *error;
}

void virtual_pool_call(struct virtual_pool *pool, struct virtual_call *const *calls, size_t count)
{
    struct pm_error error = {0};
    for (size_t i = 0; i < count; i++) {
        calls[i]->pool = pool;
        if (count == 1) {
            bool ok = pm_pool_store_run(pool->store, work_on, calls[0], &error);
            note_done(calls[0], ok, &error);
        } else if (!pm_pool_store_post(pool->store, work_on, calls[i], note_done, &error)) {
            fail_msg("%s", error.message);
        }
    }
    if (count > 1) {
        assert_true(pm_pool_store_start(pool->store, &error));
        pm_pool_store_stop(pool->store);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(calls[i]->done);
        if (calls[i]->ok == (calls[i]->kind == VIRTUAL_FAIL)) {
            fail_msg("call of kind %d: \"%s\"", calls[i]->kind, calls[i]->error.message);
        }
    }
}

static int call_alone(struct virtual_pool *pool, struct virtual_call *call,
                      struct pm_refusal *refusal)
{
    virtual_pool_call(pool, (struct virtual_call *const[]){call}, 1);
    *refusal = call->refusal;
    return call->status;
}

int virtual_pool_wish(struct virtual_pool *pool, const struct pm_pool_lease_wish *wish,
                      struct pm_grant *grant, struct pm_refusal *refusal)
{
    struct virtual_call call = {
        .kind = VIRTUAL_LEASE, .wish = *wish, .lease = ++pool->leases_asked};
    call_alone(pool, &call, refusal);
    *grant = call.grant;
    return call.status;
}

int virtual_pool_lease(struct virtual_pool *pool, const char *hotkey, enum pm_pool_lease_kind kind,
                       int64_t evaluate_max, int64_t seed_max, struct pm_grant *grant,
                       struct pm_refusal *refusal)
{
    const struct pm_pool_lease_wish wish = {
        .hotkey = hotkey, .kind = kind, .evaluate_max = evaluate_max, .seed_max = seed_max};
    return virtual_pool_wish(pool, &wish, grant, refusal);
}

int virtual_pool_submit(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                        const struct pm_pool_submission *submission, char **answer,
                        struct pm_refusal *refusal)
{
    struct virtual_call call = {
        .kind = VIRTUAL_SUBMIT, .hotkey = hotkey, .lease_id = lease_id, .submission = submission};
    call_alone(pool, &call, refusal);
    *answer = call.answer;
    return call.status;
}

int virtual_pool_withdraw(struct virtual_pool *pool, const char *hotkey, int64_t amount_rao,
                          struct pm_refusal *refusal)
{
    struct virtual_call call = {
        .kind = VIRTUAL_WITHDRAW, .hotkey = hotkey, .amount_rao = amount_rao};
    return call_alone(pool, &call, refusal);
}

int virtual_pool_decide(struct virtual_pool *pool, int64_t withdrawal_id, bool approve)
{
    struct virtual_call call = {
        .kind = VIRTUAL_DECIDE, .withdrawal = withdrawal_id, .approve = approve};
    return call_alone(pool, &call, &(struct pm_refusal){0});
}

void virtual_pool_set_recipient(struct virtual_pool *pool, const char *hotkey, const char *coldkey)
{
    struct virtual_call call = {
        .kind = VIRTUAL_SET_RECIPIENT, .hotkey = hotkey, .coldkey = coldkey};
    call_alone(pool, &call, &(struct pm_refusal){0});
}

/* ---- what happens by itself ---- */

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
    const char *hotkey;
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

struct listing {
    const struct pm_table *table;
    pm_table_visit *visit;
    void *context;
};

static enum pm_pool_outcome list(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    const struct listing *listing = context;
    return outcome(
        pm_store_table_visit(store, listing->table, listing->visit, listing->context, error));
}

void virtual_pool_table(struct virtual_pool *pool, const char *name, pm_table_visit *visit,
                        void *context)
{
    struct listing listing = {pm_table_find(name), visit, context};
    run(pool, list, &listing);
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
