/* Tells the steps of a story to the pool. */
#include "cmocka_include.h"
#include "pool/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(int miner, char name[16])
{
    snprintf(name, 16, "miner%d", miner);
    return name;
}

void scenario_prepare(const struct scenario *scenario, struct virtual_pool *pool)
{
    pool->now_ms = scenario->model.now_ms;
    pool->rules = scenario->model.rules;
    pool->leases_asked = scenario->model.leases_asked;
}

/* A step on its way, and the texts it is made of. */
struct telling {
    struct virtual_call call;
    char miner[16], programs[PM_EVOLVE_BUDGET_MAX][128];
    struct pm_pool_submission submission;
};

static void write_submission(const struct step_submission *from, struct telling *out)
{
    struct pm_pool_submission *submission = &out->submission;
    submission->kind = from->kind;
    submission->iterations = from->iterations;
    submission->evaluation_count = from->evaluation_count;
    memcpy(submission->evaluations, from->evaluations, sizeof submission->evaluations);
    submission->evolution_count = from->evolution_count;
    for (size_t i = 0; i < from->evolution_count; i++) {
        submission->evolutions[i].dsl = from->programs[i] == MODEL_NO_PROGRAM
                                            ? "s0 = oops()"
                                            : virtual_program(from->programs[i], out->programs[i]);
        submission->evolutions[i].parents[0] = from->parents[i];
        submission->evolutions[i].parent_count = 1;
    }
}

static void write_call(const struct step *step, struct telling *out)
{
    static const enum virtual_call_kind KINDS[] = {
        [STEP_LEASE] = VIRTUAL_LEASE,       [STEP_SUBMIT] = VIRTUAL_SUBMIT,
        [STEP_WITHDRAW] = VIRTUAL_WITHDRAW, [STEP_DECIDE] = VIRTUAL_DECIDE,
        [STEP_FAIL] = VIRTUAL_FAIL,         [STEP_SET_RECIPIENT] = VIRTUAL_SET_RECIPIENT,
    };
    out->call = (struct virtual_call){
        .kind = KINDS[step->kind],
        .wish = {.hotkey = out->miner,
                 .kind = step->lease_kind,
                 .evaluate_max = step->evaluate_max,
                 .seed_max = step->seed_max,
                 .resume = step->resume},
        .hotkey = step->kind == STEP_FAIL ? "nobody" : out->miner,
        .coldkey = "cold",
        .lease = step->lease,
        .submission = &out->submission,
        .amount_rao = step->amount_rao,
        .withdrawal = step->withdrawal,
        .approve = step->approve,
    };
    name_of(step->miner, out->miner);
    write_submission(&step->submission, out);
}

/* ---- what came of it ---- */

static bool holds(const struct expectation *expected, int64_t id)
{
    for (size_t i = 0; i < expected->evaluate_count; i++) {
        if (expected->evaluate[i] == id) {
            return true;
        }
    }
    return false;
}

static void check_lease(struct virtual_pool *pool, const struct pm_grant *grant,
                        const struct expectation *expected)
{
    assert_int_equal(grant->evaluate_count, expected->evaluate_count);
    assert_int_equal(grant->seed_count, expected->seed_count);
    for (size_t i = 0; i < grant->evaluate_count; i++) {
        assert_true(holds(expected, grant->evaluate[i].id));
        if (!expected->lease) {
            assert_int_equal(grant->evaluate[i].id, expected->evaluate[i]);
        }
    }
    if (expected->lease) {
        char lease_id[PM_POOL_LEASE_ID_SIZE];
        snprintf(lease_id, sizeof lease_id, "%032" PRIx64, (uint64_t)expected->lease);
        assert_string_equal(grant->lease.id, lease_id);
    }
    for (size_t i = 0; i < grant->seed_count; i++) {
        assert_true(virtual_pool_algorithm(pool, grant->seeds[i].id).in_population);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(grant->seeds[i].id, grant->seeds[j].id);
        }
    }
}

static void check(struct virtual_pool *pool, struct virtual_call *call,
                  const struct expectation *expected)
{
    if (call->kind == VIRTUAL_FAIL) {
        return; /* virtual_pool_call has seen it fail */
    }
    if (call->status != expected->status) {
        fail_msg("call of kind %d: %d %s, expected %d", call->kind, call->status,
                 call->refusal.detail, expected->status);
    }
    if (call->kind == VIRTUAL_LEASE && call->status == 200) {
        check_lease(pool, &call->grant, expected);
        pm_grant_clear(&call->grant);
    }
    if (call->kind == VIRTUAL_SUBMIT && call->status == 200) {
        assert_string_equal(call->answer, expected->answer);
        free(call->answer);
    }
}

static void perform_calls(struct virtual_pool *pool, const struct step *steps,
                          const struct expectation *expected, size_t count)
{
    static struct telling tellings[SCENARIO_BATCH_MAX];
    struct virtual_call *calls[SCENARIO_BATCH_MAX] = {NULL};
    for (size_t i = 0; i < count; i++) {
        write_call(&steps[i], &tellings[i]);
        calls[i] = &tellings[i].call;
    }
    virtual_pool_call(pool, calls, count);
    for (size_t i = 0; i < count; i++) {
        check(pool, calls[i], &expected[i]);
    }
}

void scenario_perform(struct virtual_pool *pool, const struct step *step,
                      const struct expectation *expected)
{
    switch (step->kind) {
    case STEP_ADVANCE:
        pool->now_ms += step->advance_ms;
        virtual_pool_tick(pool);
        break;
    case STEP_CHANGE_RULES:
        pool->rules = step->rules;
        virtual_pool_agree_due(pool);
        break;
    default:
        perform_calls(pool, step, expected, 1);
    }
}

void scenario_perform_batch(struct virtual_pool *pool, const struct scenario_batch *batch)
{
    if (batch->count == 1) {
        scenario_perform(pool, &batch->steps[0], &batch->expected[0]);
    } else {
        perform_calls(pool, batch->steps, batch->expected, batch->count);
    }
}
