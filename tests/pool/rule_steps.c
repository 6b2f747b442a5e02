#include "pool/rule_steps.h"

#include "cmocka_include.h"

#include <stdlib.h>
#include <string.h>

const int64_t rule_start_ms = INT64_C(1790000000000);

int rule_open(void **state)
{
    struct virtual_pool *pool = calloc(1, sizeof *pool);
    pool->rules = virtual_pool_default_rules();
    pool->now_ms = rule_start_ms;
    virtual_pool_open(pool, ":memory:");
    *state = pool;
    return 0;
}

int rule_close(void **state)
{
    struct virtual_pool *pool = *state;
    virtual_pool_close(pool);
    free(pool);
    return 0;
}

struct pm_grant rule_lease(struct virtual_pool *pool, const char *hotkey, int64_t evaluate_max,
                           int64_t seed_max)
{
    struct pm_grant grant;
    struct pm_refusal refusal;
    if (virtual_pool_lease(pool, hotkey, PM_POOL_LEASE_BOTH, evaluate_max, seed_max, &grant,
                           &refusal) != 200) {
        fail_msg("%s: %d %s", hotkey, refusal.status, refusal.detail);
    }
    return grant;
}

void rule_lease_refused(struct virtual_pool *pool, const char *hotkey, enum pm_pool_lease_kind kind,
                        int64_t evaluate_max, int status, const char *detail)
{
    struct pm_grant grant;
    struct pm_refusal refusal;
    assert_int_equal(
        virtual_pool_lease(pool, hotkey, kind, evaluate_max, evaluate_max, &grant, &refusal),
        status);
    assert_string_equal(refusal.detail, detail);
}

void rule_submit(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                 const struct pm_pool_submission *submission)
{
    char *answer;
    struct pm_refusal refusal;
    if (virtual_pool_submit(pool, hotkey, lease_id, submission, &answer, &refusal) != 200) {
        fail_msg("%s: %d %s", hotkey, refusal.status, refusal.detail);
    }
    free(answer);
}

void rule_submit_refused(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                         const struct pm_pool_submission *submission, int status, const char *said)
{
    char *answer;
    struct pm_refusal refusal;
    assert_int_equal(virtual_pool_submit(pool, hotkey, lease_id, submission, &answer, &refusal),
                     status);
    assert_null(answer);
    if (strstr(refusal.detail, said) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", refusal.detail, said);
    }
}

void rule_judge_all(struct virtual_pool *pool, const char *hotkey, double score)
{
    struct pm_grant grant = rule_lease(pool, hotkey, PM_BATCH_MAX, 2);
    struct pm_pool_submission submission = {.evaluation_count = grant.evaluate_count};
    for (size_t i = 0; i < grant.evaluate_count; i++) {
        submission.evaluations[i] =
            (struct pm_pool_submitted_evaluation){grant.evaluate[i].id, score};
    }
    rule_submit(pool, hotkey, grant.lease.id, &submission);
    pm_grant_clear(&grant);
}

int64_t rule_evolve(struct virtual_pool *pool, const char *hotkey, int64_t number)
{
    char program[128], *answer, *id;
    struct pm_refusal refusal;
    struct pm_grant grant = rule_lease(pool, hotkey, 0, 2);
    struct pm_pool_submission submission = {
        .evolutions = {{.dsl = virtual_program(number, program),
                        .parents = {grant.seeds[0].id, grant.seeds[1].id},
                        .parent_count = 2}},
        .evolution_count = 1,
    };
    assert_int_equal(
        virtual_pool_submit(pool, hotkey, grant.lease.id, &submission, &answer, &refusal), 200);
    assert_non_null(strstr(answer, "\"status\":\"accepted\",\"algorithm_id\":"));
    id = strstr(answer, "\"algorithm_id\":") + strlen("\"algorithm_id\":");
    int64_t result = strtoll(id, NULL, 10);
    free(answer);
    pm_grant_clear(&grant);
    return result;
}

void rule_settle_seeds(struct virtual_pool *pool)
{
    rule_judge_all(pool, "s1", 0.5);
    rule_judge_all(pool, "s2", 0.5);
    rule_judge_all(pool, "s3", 0.5);
}
