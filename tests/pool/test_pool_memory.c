/* Memory that runs out while an answer is made: whoever is told of something done is told all of
 * it, or else nothing is done. */
#include "cmocka_include.h"
#include "pool/api_call.h"
#include "pool/rule_steps.h"
#include "pool/store_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALLOCATIONS_MAX = 2000 };

static int allocations_left = INT_MAX;
static bool ran_out;

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__wrap_realloc(void *memory, size_t size);
void *__real_realloc(void *memory, size_t size);

static bool may_allocate(void)
{
    if (allocations_left == 0) {
        ran_out = true;
        return false;
    }
    allocations_left--;
    return true;
}

static void *allocate(size_t size)
{
    return may_allocate() ? malloc(size) : NULL;
}

/* What text grows with, as the linker sees to. */
void *__wrap_realloc(void *memory, size_t size)
{
    return may_allocate() ? __real_realloc(memory, size) : NULL;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void have_memory_for(int allocations)
{
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = free};
    allocations_left = allocations;
    ran_out = false;
    cJSON_InitHooks(&hooks);
}

static void have_memory(void)
{
    allocations_left = INT_MAX;
    cJSON_InitHooks(NULL);
}

struct asking {
    const struct pm_pool *pool;
    pm_api_work *work;
    const char *hotkey;
    int64_t now_ms;
    bool answered;
};

/* Everything is undone: each try meets the same pool. */
static enum pm_pool_outcome ask(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct asking *asking = context;
    const struct pm_http_server_request request = {.method = "GET", .path = "/"};
    struct pm_api_call call = {.pool = asking->pool,
                               .request = &request,
                               .hotkey = asking->hotkey,
                               .now_ms = asking->now_ms};
    snprintf(call.parameter, sizeof call.parameter, "%s", asking->hotkey);
    asking->answered = asking->work(store, &call, error) && !call.incomplete;
    if (call.incomplete) {
        pm_fail(error, PM_ERROR_MEMORY, "what the caller makes of it");
    }
    assert_int_equal(call.refusal.status, 0);
    cJSON_Delete(call.json);
    free(call.text);
    return PM_POOL_ROLLBACK;
}

static void assert_whole_or_not_at_all(struct virtual_pool *virtual_pool, pm_api_work *work)
{
    struct pm_metrics metrics = {.request_ns = 0};
    const struct pm_pool pool = {
        .rules = virtual_pool->rules, .store = virtual_pool->store, .metrics = &metrics};
    struct asking asking = {
        .pool = &pool, .work = work, .hotkey = "miner", .now_ms = virtual_pool->now_ms};
    int failures = 0;
    for (; !asking.answered; failures++) {
        struct pm_error error = {0};
        assert_in_range(failures, 0, ALLOCATIONS_MAX);
        have_memory_for(failures);
        bool ok = pm_pool_store_run(pool.store, ask, &asking, &error);
        have_memory();
        assert_true(ok);
        assert_true(asking.answered != ran_out);
        assert_int_equal(error.code, asking.answered ? PM_ERROR_NONE : PM_ERROR_MEMORY);
    }
    assert_true(failures >= 3); /* the answer's members are among them */
}

static void test_leases_and_tasks(void **state)
{
    assert_whole_or_not_at_all(*state, pm_api_lease);
    assert_whole_or_not_at_all(*state, pm_api_task);
}

static void test_what_is_only_read(void **state)
{
    static pm_api_work *const works[] = {
        pm_api_health, pm_api_monitor, pm_api_stats,   pm_api_leaderboard,   pm_api_pending,
        pm_api_sota,   pm_api_balance, pm_api_history, pm_api_recipient_own, pm_api_results};
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    rule_judge_all(pool, "miner", 0.5); /* so that there is something to tell */
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        assert_whole_or_not_at_all(pool, works[i]);
    }
}

static void test_registering(void **state)
{
    assert_whole_or_not_at_all(*state, pm_api_register);
}

struct taking {
    struct virtual_pool *pool;
    const struct pm_pool_submission *submission;
    const char *lease_id;
    bool taken;
};

static enum pm_pool_outcome take(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct taking *taking = context;
    struct pm_refusal refusal;
    char *answer = NULL;
    taking->taken =
        pm_pool_submission_take(store, &taking->pool->rules, taking->pool->now_ms, "miner",
                                taking->lease_id, taking->submission, &answer, &refusal, error);
    assert_int_equal(refusal.status, 0);
    assert_int_equal(answer != NULL, taking->taken);
    free(answer);
    return PM_POOL_ROLLBACK;
}

static void test_submissions(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant;
    struct pm_refusal refusal;
    char program[128];
    assert_int_equal(virtual_pool_lease(pool, "miner", PM_POOL_LEASE_BOTH, 8, 8, &grant, &refusal),
                     200);
    struct pm_pool_submission *submission = calloc(1, sizeof *submission);
    submission->kind = PM_POOL_LEASE_BOTH;
    submission->iterations = 1000;
    submission->evolution_count = 1;
    submission->evolutions[0].dsl = virtual_program(7, program);
    struct taking taking = {.pool = pool, .submission = submission, .lease_id = grant.lease.id};
    for (int failures = 0; !taking.taken; failures++) {
        struct pm_error error = {0};
        assert_in_range(failures, 0, ALLOCATIONS_MAX);
        have_memory_for(failures);
        bool ok = pm_pool_store_run(pool->store, take, &taking, &error);
        have_memory();
        assert_true(ok);
        assert_true(taking.taken != ran_out);
    }
    free(submission);
    pm_grant_clear(&grant);
}

/* ---- a store that fails in the middle ---- */

static const struct pm_sql_driver *whole_driver;
static int rows_left;

static bool next_of_few(struct pm_sql_cursor *cursor, bool *row, struct pm_error *error)
{
    if (rows_left == 0) {
        *row = false;
        return pm_fail(error, PM_ERROR_IO, "no more rows");
    }
    rows_left--;
    return whole_driver->next(cursor, row, error);
}

struct resuming {
    struct virtual_pool *pool;
    struct pm_grant *grant;
    int rows;
};

static enum pm_pool_outcome resume(struct pm_pool_store *store, void *context,
                                   struct pm_error *error)
{
    struct resuming *resuming = context;
    struct pm_refusal refusal;
    const struct pm_pool_lease_wish wish = {
        .hotkey = "miner", .resume = true, .lease_id = "unused"};
    whole_driver = store->sql->driver;
    struct pm_sql_driver failing = *whole_driver;
    failing.next = next_of_few;
    rows_left = resuming->rows;
    store->sql->driver = &failing;
    bool ok = pm_pool_lease_issue(store, &resuming->pool->rules, resuming->pool->now_ms, &wish,
                                  resuming->grant, &refusal, error);
    store->sql->driver = whole_driver;
    return ok ? PM_POOL_ROLLBACK : PM_POOL_FAILED;
}

/* Whatever row it fails at: what was copied until then is given back. */
static void test_a_failure_in_the_middle_of_a_lease(void **state)
{
    struct virtual_pool *pool = *state;
    static struct pm_grant grant;
    struct pm_grant given = rule_lease(pool, "miner", 8, 8);
    struct resuming resuming = {.pool = pool, .grant = &grant};
    assert_true(given.evaluate_count > 1 && given.seed_count > 1);
    while (!pm_pool_store_run(pool->store, resume, &resuming, NULL)) {
        for (size_t i = 0; i < PM_BATCH_MAX; i++) {
            assert_null(grant.evaluate[i].dsl);
            assert_null(grant.seeds[i].dsl);
        }
        resuming.rows++;
        assert_in_range(resuming.rows, 1, ALLOCATIONS_MAX);
    }
    assert_true((size_t)resuming.rows > given.evaluate_count + given.seed_count);
    assert_int_equal(grant.evaluate_count, given.evaluate_count);
    pm_grant_clear(&grant);
    pm_grant_clear(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_leases_and_tasks),
        RULE(test_registering),
        RULE(test_a_failure_in_the_middle_of_a_lease),
        RULE(test_what_is_only_read),
        RULE(test_submissions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
