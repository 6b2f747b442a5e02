/* The rules of work in docs/pool.md, one after the other, in virtual time: who gets what, and what
 * is taken back. */
#include "cmocka_include.h"
#include "pool/population.h"
#include "pool/rule_steps.h"
#include "pool/seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/cost.h>
#include <poolminer/profile.h>

static void test_a_lease_holds_work_and_seeds(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = rule_lease(pool, "a", 3, 8);
    assert_int_equal(grant.evaluate_count, 3);
    assert_int_equal(grant.seed_count, 2);
    assert_int_equal(grant.lease.evolve_budget, 1);
    assert_int_equal(grant.lease.window, 1);
    assert_int_equal(grant.lease.timeout_ms, rule_start_ms + 10800000);
    for (size_t i = 0; i < grant.evaluate_count; i++) {
        assert_int_equal(grant.evaluate[i].input_dim, PM_POOL_INPUT_DIM);
    }
    pm_grant_clear(&grant);
}

static void test_every_seed_is_a_strict_program(void **state)
{
    struct virtual_pool *pool = *state;
    assert_in_range(pm_seed_count, 4, 16);
    for (size_t i = 0; i < pm_seed_count; i++) {
        struct virtual_algorithm seed = virtual_pool_algorithm(pool, (int64_t)i + 1);
        assert_true(seed.found);
        assert_true(seed.in_population);
        assert_false(seed.agreed);
    }
    assert_false(virtual_pool_algorithm(pool, (int64_t)pm_seed_count + 1).found);
}

static void test_one_active_task(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = rule_lease(pool, "a", 1, 1);
    rule_lease_refused(pool, "a", PM_POOL_LEASE_BOTH, 8, 400, "Miner already has active task");
    rule_lease_refused(pool, "a", PM_POOL_LEASE_EVALUATE, 8, 400, "Miner already has active task");
    rule_submit(pool, "a", grant.lease.id, &(struct pm_pool_submission){.evaluation_count = 0});
    pm_grant_clear(&grant);
    grant = rule_lease(pool, "a", 1, 1);
    pm_grant_clear(&grant);
}

/* What the dearest instruction that evolution writes in this phase costs. */
static int64_t dearest(const struct pm_profile *profile, const struct pm_algorithm_meta *meta,
                       enum pm_phase phase)
{
    struct pm_algorithm *algorithm = pm_algorithm_create(PM_POOL_INPUT_DIM, meta, 1);
    int64_t most = 0;
    assert_non_null(algorithm);
    algorithm->length[phase] = 1;
    for (int op = 0; op < PM_OP_COUNT; op++) {
        struct pm_shape shapes[PM_SHAPES_MAX];
        int count = pm_profile_shapes(profile, phase, (enum pm_op)op, shapes);
        for (int i = 0; i < count; i++) {
            algorithm->phase[phase][0] = (struct pm_instruction){
                .op = (uint8_t)op,
                .out.kind = (uint8_t)shapes[i].out,
                .a.kind = (uint8_t)shapes[i].a,
                .b.kind = (uint8_t)shapes[i].b,
            };
            struct pm_cost cost = pm_algorithm_cost(algorithm);
            most = cost.phase[phase] > most ? cost.phase[phase] : most;
        }
    }
    pm_algorithm_destroy(algorithm);
    return most;
}

static void assert_same_work(const struct pm_granted *a, const struct pm_granted *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(a[i].id, b[i].id);
        assert_string_equal(a[i].dsl, b[i].dsl);
    }
}

/* For a miner whose lease was granted by an answer that never reached it. */
static void test_an_open_lease_is_given_again(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_pool_lease_wish wish = {
        .hotkey = "a", .evaluate_max = 3, .seed_max = 2, .resume = true};
    struct pm_refusal refusal;
    struct pm_grant first, second;
    assert_int_equal(virtual_pool_wish(pool, &wish, &first, &refusal), 200); /* none open: new */
    pool->now_ms += 60000;
    wish.evaluate_max = 8; /* what is asked for makes no difference */
    assert_int_equal(virtual_pool_wish(pool, &wish, &second, &refusal), 200);
    assert_string_equal(first.lease.id, second.lease.id);
    assert_int_equal(first.lease.timeout_ms, second.lease.timeout_ms);
    assert_int_equal(first.lease.window, second.lease.window);
    assert_int_equal(first.lease.evolve_budget, second.lease.evolve_budget);
    assert_int_equal(second.evaluate_count, 3);
    assert_int_equal(second.seed_count, 2);
    assert_same_work(first.evaluate, second.evaluate, 3);
    assert_same_work(first.seeds, second.seeds, 2);
    pm_grant_clear(&second);
    /* only to its owner, not as a task, and not without asking for it */
    wish.hotkey = "b";
    assert_int_equal(virtual_pool_wish(pool, &wish, &second, &refusal), 200);
    assert_string_not_equal(first.lease.id, second.lease.id);
    pm_grant_clear(&second);
    wish.hotkey = "a";
    wish.kind = PM_POOL_LEASE_EVALUATE;
    assert_int_equal(virtual_pool_wish(pool, &wish, &second, &refusal), 400);
    wish.kind = PM_POOL_LEASE_BOTH;
    wish.resume = false;
    assert_int_equal(virtual_pool_wish(pool, &wish, &second, &refusal), 400);
    assert_string_equal(refusal.detail, "Miner already has active task");
    assert_int_equal(refusal.seconds_left, 10800 - 60);
    /* done is done */
    wish.resume = true;
    rule_submit(pool, "a", first.lease.id, &(struct pm_pool_submission){.evaluation_count = 0});
    assert_int_equal(virtual_pool_wish(pool, &wish, &second, &refusal), 200);
    assert_string_not_equal(first.lease.id, second.lease.id);
    pm_grant_clear(&first);
    /* and a lease that has run out is as good as none */
    pool->now_ms += pool->rules.task_timeout_ms;
    assert_int_equal(virtual_pool_wish(pool, &wish, &first, &refusal), 200);
    assert_string_not_equal(first.lease.id, second.lease.id);
    pm_grant_clear(&first);
    pm_grant_clear(&second);
}

/* One that would keep every miner busy for hours is refused; the same in small is not. */
static void test_what_a_program_may_cost(void **state)
{
    struct virtual_pool *pool = *state;
    static const char form[] = "# meta: scalar_count=20 vector_count=10 matrix_count=64"
                               " vector_dim=%d setup_max_ops=512 predict_max_ops=512"
                               " learn_max_ops=512\ndef Predict():\n  m0 = dot(m0, m1)\n";
    char large[256], small[256];
    struct pm_grant grant = rule_lease(pool, "a", 0, 2);
    struct pm_pool_submission submission = {.evolution_count = 1};
    snprintf(large, sizeof large, form, 128);
    snprintf(small, sizeof small, form, 64);
    submission.evolutions[0].dsl = large;
    rule_submit_refused(pool, "a", grant.lease.id, &submission, 422,
                        "evolutions[0].algorithm_dsl: an example costs 2097152 multiply-adds (setup"
                        " counted in full), this pool takes at most 1000000");
    pool->rules.cost_max = 2097152;
    rule_submit(pool, "a", grant.lease.id, &submission);
    pm_grant_clear(&grant);
    pool->rules.cost_max = 1000000;
    grant = rule_lease(pool, "a", 0, 2);
    submission.evolutions[0].dsl = small;
    rule_submit(pool, "a", grant.lease.id, &submission);
    pm_grant_clear(&grant);
}

/* What evolution writes is never refused for its cost, in either profile. */
static void test_what_evolution_writes_may_cost(void **state)
{
    const struct virtual_pool *pool = *state;
    static const char *const names[] = {"full", "baseline"};
    for (size_t i = 0; i < 2; i++) {
        const struct pm_profile *profile = pm_profile_find(names[i], NULL);
        struct pm_algorithm_meta meta;
        int64_t most = 0;
        assert_true(pm_profile_meta(profile, PM_POOL_INPUT_DIM, &meta, NULL));
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            most += profile->max_ops[phase] * dearest(profile, &meta, (enum pm_phase)phase);
        }
        assert_in_range(most, 1000, pool->rules.cost_max);
    }
}

static void test_leases_per_window(void **state)
{
    struct virtual_pool *pool = *state;
    pool->rules.leases_per_window = 1;
    static const enum pm_pool_lease_kind kinds[] = {PM_POOL_LEASE_BOTH, PM_POOL_LEASE_EVALUATE,
                                                    PM_POOL_LEASE_EVOLVE};
    rule_judge_all(pool, "a", 0.5);
    for (size_t i = 0; i < 3; i++) { /* whatever it is called, it is a lease */
        rule_lease_refused(pool, "a", kinds[i], 8, 400,
                           "Lease already issued for this window. Wait for next window.");
    }
    for (size_t i = 0; i < 3; i++) { /* and each counts against the others */
        struct pm_grant grant;
        struct pm_refusal refusal;
        pool->now_ms += pool->rules.epoch_ms;
        assert_int_equal(virtual_pool_lease(pool, "b", kinds[i], 1, 2, &grant, &refusal), 200);
        const struct pm_pool_submission submission = {.kind = kinds[i]};
        rule_submit(pool, "b", grant.lease.id, &submission);
        pm_grant_clear(&grant);
        for (size_t j = 0; j < 3; j++) {
            rule_lease_refused(pool, "b", kinds[j], 8, 400,
                               "Lease already issued for this window. Wait for next window.");
        }
    }
    rule_judge_all(pool, "a", 0.5);
}

static void test_nothing_to_do(void **state)
{
    struct virtual_pool *pool = *state;
    rule_lease_refused(pool, "a", PM_POOL_LEASE_BOTH, 0, 404, "No work available");
    struct pm_grant grant = rule_lease(pool, "a", PM_BATCH_MAX, 2);
    struct pm_pool_submission submission = {.evaluation_count = grant.evaluate_count};
    for (size_t i = 0; i < grant.evaluate_count; i++) {
        submission.evaluations[i].algorithm_id = grant.evaluate[i].id;
    }
    rule_submit(pool, "a", grant.lease.id, &submission);
    pm_grant_clear(&grant);
    rule_lease_refused(pool, "a", PM_POOL_LEASE_EVALUATE, 8, 404, "No work available");
    grant = rule_lease(pool, "a", 8, 2); /* but there are seeds to evolve */
    assert_int_equal(grant.evaluate_count, 0);
    assert_int_equal(grant.seed_count, 2);
    pm_grant_clear(&grant);
}

static void test_author_and_judge_are_never_asked_again(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    rule_evolve(pool, "author", 1);
    struct pm_grant grant = rule_lease(pool, "author", 8, 2);
    assert_int_equal(grant.evaluate_count, 0);
    pm_grant_clear(&grant);
    rule_judge_all(pool, "a", 0.8);
    grant = rule_lease(pool, "a", 8, 2);
    assert_int_equal(grant.evaluate_count, 0);
    pm_grant_clear(&grant);
}

static void test_no_more_in_hand_than_the_quorum_needs(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    rule_evolve(pool, "author", 1);
    const char *const miners[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        struct pm_grant grant = rule_lease(pool, miners[i], 8, 2);
        assert_int_equal(grant.evaluate_count, i < 3);
        pm_grant_clear(&grant);
    }
}

struct looking {
    const char *hotkey;
    int quorum;
    int64_t limit, count, ids[PM_BATCH_MAX], all;
};

static bool note_id(void *context, const struct pm_pool_algorithm *algorithm)
{
    struct looking *looking = context;
    looking->ids[looking->count++] = algorithm->id;
    return true;
}

static enum pm_pool_outcome look(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct looking *looking = context;
    return pm_store_judgeable_renew(store, looking->quorum, error) &&
                   pm_store_judgeable_visit(store, looking->hotkey, looking->limit, note_id,
                                            looking, error) &&
                   pm_store_judgeable_count(store, looking->hotkey, &looking->all, error)
               ? PM_POOL_ROLLBACK
               : PM_POOL_FAILED;
}

static struct looking judgeable(struct virtual_pool *pool, const char *hotkey, int64_t limit)
{
    struct looking looking = {.hotkey = hotkey, .quorum = pool->rules.quorum, .limit = limit};
    assert_true(pm_pool_store_run(pool->store, look, &looking, NULL));
    return looking;
}

/* Nearest to consensus first, then the oldest; no more than were asked for leave the database. */
static void test_what_a_miner_may_judge(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    int64_t first = rule_evolve(pool, "a", 1);
    int64_t second = rule_evolve(pool, "b", 2);
    struct pm_grant grant = rule_lease(pool, "a", 8, 2); /* "a" holds the second */
    assert_int_equal(grant.evaluate_count, 1);
    struct looking stranger = judgeable(pool, "c", PM_BATCH_MAX);
    assert_int_equal(stranger.all, 2);
    assert_int_equal(stranger.count, 2);
    assert_int_equal(stranger.ids[0], first);
    assert_int_equal(stranger.ids[1], second);
    assert_int_equal(judgeable(pool, "a", PM_BATCH_MAX).all, 0); /* its own, and in its hands */
    rule_submit(
        pool, "a", grant.lease.id,
        &(struct pm_pool_submission){.evaluations = {{second, 0.5}}, .evaluation_count = 1});
    assert_int_equal(judgeable(pool, "a", PM_BATCH_MAX).all, 0); /* judged */
    struct looking one = judgeable(pool, "c", 1);
    assert_int_equal(one.all, 2);
    assert_int_equal(one.count, 1);
    assert_int_equal(one.ids[0], second);
    pool->rules.quorum = 1; /* the second has its judge */
    one = judgeable(pool, "c", PM_BATCH_MAX);
    assert_int_equal(one.all, 1);
    assert_int_equal(one.ids[0], first);
    assert_int_equal(judgeable(pool, "c", 0).count, 0);
    pm_grant_clear(&grant);
}

static void test_work_that_times_out_goes_to_others(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    int64_t id = rule_evolve(pool, "author", 1);
    struct pm_grant lost = rule_lease(pool, "lazy", 8, 2);
    assert_int_equal(lost.evaluate_count, 1);
    rule_judge_all(pool, "a", 0.8);
    rule_judge_all(pool, "b", 0.8);
    struct pm_grant none = rule_lease(pool, "c", 8, 2); /* in three hands already */
    assert_int_equal(none.evaluate_count, 0);
    rule_submit(pool, "c", none.lease.id, &(struct pm_pool_submission){.evaluation_count = 0});
    pm_grant_clear(&none);

    pool->now_ms += pool->rules.task_timeout_ms;
    const struct pm_pool_submission late = {.evaluations = {{id, 0.8}}, .evaluation_count = 1};
    rule_submit_refused(pool, "lazy", lost.lease.id, &late, 404,
                        "Active lease assignment not found");
    rule_judge_all(pool, "c", 0.8);
    assert_true(virtual_pool_algorithm(pool, id).agreed);
    assert_int_equal(virtual_pool_miner(pool, "lazy").reputation, 0);
    struct pm_grant next = rule_lease(pool, "lazy", 8, 2); /* and the lazy one may go on */
    pm_grant_clear(&next);
    pm_grant_clear(&lost);
}

static void test_the_same_submission_again(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = rule_lease(pool, "a", 1, 2);
    struct pm_pool_submission submission = {.evaluations = {{grant.evaluate[0].id, 0.5}},
                                            .evaluation_count = 1};
    char *first, *second;
    struct pm_refusal refusal;
    assert_int_equal(virtual_pool_submit(pool, "a", grant.lease.id, &submission, &first, &refusal),
                     200);
    pool->now_ms += 2 * pool->rules.task_timeout_ms; /* however late */
    assert_int_equal(virtual_pool_submit(pool, "a", grant.lease.id, &submission, &second, &refusal),
                     200);
    assert_string_equal(first, second);
    free(first);
    free(second);
    assert_int_equal(virtual_pool_miner(pool, "a").miner.counts.evaluations_submitted, 1);
    submission.evaluations[0].score = 0.6;
    rule_submit_refused(pool, "a", grant.lease.id, &submission, 404,
                        "Active lease assignment not found");
    assert_int_equal(virtual_pool_algorithm(pool, grant.evaluate[0].id).evaluation_count, 1);
    pm_grant_clear(&grant);
}

static void test_another_miners_lease(void **state)
{
    struct virtual_pool *pool = *state;
    const struct pm_pool_submission nothing = {.evaluation_count = 0};
    struct pm_grant grant = rule_lease(pool, "a", 1, 2);
    rule_submit_refused(pool, "b", grant.lease.id, &nothing, 403, "another miner");
    rule_submit(pool, "a", grant.lease.id, &nothing);
    rule_submit_refused(pool, "b", grant.lease.id, &nothing, 403, "another miner");
    rule_submit_refused(pool, "b", "no such lease", &nothing, 404,
                        "Active lease assignment not found");
    pm_grant_clear(&grant);
}

static void test_work_that_was_not_given(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = rule_lease(pool, "a", 1, 2);
    struct pm_pool_submission submission = {
        .evaluations = {{grant.evaluate[0].id, 0.5}, {grant.evaluate[0].id + 1, 0.5}},
        .evaluation_count = 2};
    rule_submit_refused(pool, "a", grant.lease.id, &submission, 422, "evaluations[1]");
    assert_int_equal(virtual_pool_algorithm(pool, grant.evaluate[0].id).evaluation_count, 0);
    submission.evaluation_count = 1;
    rule_submit(pool, "a", grant.lease.id, &submission); /* mended, it is taken */
    pm_grant_clear(&grant);
}

static void test_hostile_programs_leave_no_trace(void **state)
{
    struct virtual_pool *pool = *state;
    static char huge[70 * 1024], long_phase[64 * 1024 - 1];
    memset(huge, ' ', sizeof huge - 1);
    for (size_t i = 0; i + 1 < sizeof long_phase; i++) {
        long_phase[i] = "s0 = 1\n"[i % 7];
    }
    const char *const programs[] = {
        "s0 = system(1)\n",
        "def Predict():\n  s99 = 1\n",
        "def Predict():\n  s0 = outer(v0, v0)\n",
        "def Predict():\n  s0 = nan\n",
        "# meta: scalar_count=1000000000\n",
        "# meta: vector_dim=-1\n",
        "%s%n%s%n\n",
        "\xf0\x9f\x92\xa3\n",
        huge,
        long_phase,
    };
    struct pm_grant grant = rule_lease(pool, "a", 1, 2);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const struct pm_pool_submission submission = {
            .evaluations = {{grant.evaluate[0].id, 0.5}},
            .evaluation_count = 1,
            .evolutions = {{.dsl = programs[i]}},
            .evolution_count = 1,
        };
        if (i == 8) { /* blank lines only: an empty program, which is there already */
            continue;
        }
        rule_submit_refused(pool, "a", grant.lease.id, &submission, 422,
                            "evolutions[0].algorithm_dsl: ");
    }
    assert_int_equal(virtual_pool_algorithm(pool, grant.evaluate[0].id).evaluation_count, 0);
    assert_false(virtual_pool_algorithm(pool, (int64_t)pm_seed_count + 1).found);
    assert_int_equal(virtual_pool_miner(pool, "a").miner.counts.evaluations_submitted, 0);
    pm_grant_clear(&grant);
}

static void test_a_refused_lease_does_not_stand_in_the_way(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = rule_lease(pool, "a", 1, 2);
    const struct pm_pool_submission bad = {.evolutions = {{.dsl = "s0 = oops()"}},
                                           .evolution_count = 1};
    rule_submit_refused(pool, "a", grant.lease.id, &bad, 422, "line 1");
    struct pm_grant next = rule_lease(pool, "a", 8, 2);
    assert_string_not_equal(grant.lease.id, next.lease.id);
    rule_submit_refused(pool, "a", grant.lease.id, &(struct pm_pool_submission){.iterations = 0},
                        404, "Active lease assignment not found");
    pm_grant_clear(&grant);
    pm_grant_clear(&next);
}

static void test_more_evolutions_than_allowed(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = rule_lease(pool, "a", 1, 2);
    char one[128], two[128];
    struct pm_pool_submission submission = {
        .evolutions = {{.dsl = virtual_program(1, one)}, {.dsl = virtual_program(2, two)}},
        .evolution_count = 2,
    };
    rule_submit_refused(pool, "a", grant.lease.id, &submission, 422, "this lease allows 1");
    submission.evolution_count = 1;
    submission.evolutions[0].parents[0] = 4711;
    submission.evolutions[0].parent_count = 1;
    rule_submit_refused(pool, "a", grant.lease.id, &submission, 422, "parent 4711 is not known");
    pm_grant_clear(&grant);
}

static void test_minimum_iterations(void **state)
{
    struct virtual_pool *pool = *state;
    pool->rules.minimum_iterations = 160;
    struct pm_grant grant = rule_lease(pool, "a", 1, 2);
    struct pm_pool_submission submission = {.iterations = 159};
    rule_submit_refused(pool, "a", grant.lease.id, &submission, 400,
                        "iterations: 159 is below this pool's minimum of 160");
    submission.iterations = 160;
    rule_submit(pool, "a", grant.lease.id, &submission);
    pm_grant_clear(&grant);
}

static void test_a_known_program_is_not_added_again(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    int64_t id = rule_evolve(pool, "a", 1);
    struct pm_grant grant = rule_lease(pool, "b", 0, 2);
    char expected[64], *answer;
    struct pm_refusal refusal;
    /* written differently, read the same */
    const struct pm_pool_submission submission = {
        .evolutions = {{.dsl = "\n# Predict:\n\ts0 = 1.0 # one\n S0=s0+s1\n"}},
        .evolution_count = 1};
    assert_int_equal(virtual_pool_submit(pool, "b", grant.lease.id, &submission, &answer, &refusal),
                     200);
    snprintf(expected, sizeof expected, "{\"status\":\"duplicate\",\"algorithm_id\":%lld}",
             (long long)id);
    assert_non_null(strstr(answer, expected));
    free(answer);
    assert_int_equal(virtual_pool_miner(pool, "b").miner.counts.evolutions_submitted, 0);
    assert_false(virtual_pool_algorithm(pool, id + 1).found);
    pm_grant_clear(&grant);
}

static void test_batches_of_one_kind(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant;
    struct pm_refusal refusal;
    assert_int_equal(virtual_pool_lease(pool, "a", PM_POOL_LEASE_EVALUATE, 8, 8, &grant, &refusal),
                     200);
    assert_int_equal(grant.seed_count, 0);
    assert_int_equal(grant.evaluate_count, pm_seed_count);
    rule_submit_refused(pool, "a", grant.lease.id, &(struct pm_pool_submission){.iterations = 1},
                        400, "submit_evaluation");
    pm_grant_clear(&grant);
    assert_int_equal(virtual_pool_lease(pool, "b", PM_POOL_LEASE_EVOLVE, 8, 8, &grant, &refusal),
                     200);
    assert_int_equal(grant.evaluate_count, 0);
    assert_int_equal(grant.seed_count, 2);
    char program[128];
    const struct pm_pool_submission submission = {
        .kind = PM_POOL_LEASE_EVOLVE,
        .evolutions = {{.dsl = virtual_program(1, program)}},
        .evolution_count = 1,
    };
    rule_submit(pool, "b", grant.lease.id, &submission);
    pm_grant_clear(&grant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_lease_holds_work_and_seeds),
        RULE(test_every_seed_is_a_strict_program),
        RULE(test_one_active_task),
        RULE(test_an_open_lease_is_given_again),
        RULE(test_what_a_program_may_cost),
        RULE(test_what_evolution_writes_may_cost),
        RULE(test_leases_per_window),
        RULE(test_nothing_to_do),
        RULE(test_author_and_judge_are_never_asked_again),
        RULE(test_no_more_in_hand_than_the_quorum_needs),
        RULE(test_what_a_miner_may_judge),
        RULE(test_work_that_times_out_goes_to_others),
        RULE(test_the_same_submission_again),
        RULE(test_another_miners_lease),
        RULE(test_work_that_was_not_given),
        RULE(test_hostile_programs_leave_no_trace),
        RULE(test_a_refused_lease_does_not_stand_in_the_way),
        RULE(test_more_evolutions_than_allowed),
        RULE(test_minimum_iterations),
        RULE(test_a_known_program_is_not_added_again),
        RULE(test_batches_of_one_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
