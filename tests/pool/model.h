/* The rules of docs/pool.md as plain arrays: what the pool is held against. It shares nothing with
 * the pool but the types in which rules and submissions are told. */
#ifndef TESTS_POOL_MODEL_H
#define TESTS_POOL_MODEL_H

#include "pool/lease.h"
#include "pool/rules.h"
#include "pool/submission.h"

enum {
    MODEL_MINERS = 10,
    MODEL_STEPS_MAX = 4096,
    MODEL_NO_PROGRAM = -1,
    MODEL_ANSWER_SIZE = 1024,
};

enum step_kind {
    STEP_ADVANCE, /* time passes, and what is due is settled */
    STEP_LEASE,
    STEP_SUBMIT,
    STEP_WITHDRAW,
    STEP_DECIDE, /* the operator approves or rejects a withdrawal */
    STEP_SET_RECIPIENT,
    STEP_CHANGE_RULES, /* the operator starts the pool with other ones */
    STEP_FAIL,         /* work that fails when it has written already */
};

struct step_submission {
    enum pm_pool_lease_kind kind;
    struct pm_pool_submitted_evaluation evaluations[PM_BATCH_MAX];
    size_t evaluation_count;
    int64_t programs[PM_EVOLVE_BUDGET_MAX]; /* numbers of virtual_program, or MODEL_NO_PROGRAM */
    int64_t parents[PM_EVOLVE_BUDGET_MAX];  /* one each */
    size_t evolution_count;
    int64_t iterations;
};

/* One thing that happens. */
struct step {
    enum step_kind kind;
    int miner;
    int64_t advance_ms; /* below 0: the clock is set back */
    enum pm_pool_lease_kind lease_kind;
    int64_t evaluate_max, seed_max;
    bool resume;
    int64_t lease; /* number of the lease asked for, or submitted */
    struct step_submission submission;
    int64_t amount_rao;
    int64_t withdrawal; /* id */
    bool approve;
    struct pm_pool_rules rules;
};

/* What has to come of it. */
struct expectation {
    int status;
    int64_t evaluate[PM_BATCH_MAX]; /* of a granted lease */
    size_t evaluate_count, seed_count;
    int64_t lease;                  /* its number, when an open one is given again */
    char answer[MODEL_ANSWER_SIZE]; /* to a submission, to the byte */
};

struct model_miner {
    bool known, has_recipient;
    struct pm_pool_counts counts;
    double best_score;
    int64_t reputation, reputation_total, lifetime_rao, pending_rao, withdrawn_rao;
    int64_t pending_id; /* of the withdrawal that waits */
};

/* What something earned; micro 0: nothing. */
struct model_reward {
    int64_t epoch, micro;
};

struct model_evaluation {
    bool there, accurate; /* accurate: once the algorithm is agreed on */
    double score;
    int64_t submitted_ms;
    struct model_reward reward;
};

struct model_algorithm {
    int author; /* -1: the pool */
    int64_t program;
    bool agreed;
    double score;
    int64_t created_ms, agreed_ms;
    struct model_reward reward; /* its author's */
    struct model_evaluation evaluations[MODEL_MINERS];
    int64_t judged_count;
};

struct model_epoch {
    int64_t number, start_ms, end_ms;
    bool settled;
    int64_t settled_ms, budget_rao, pool_rao;
    int64_t reputation[MODEL_MINERS], paid[MODEL_MINERS];
};

struct model_withdrawal {
    int miner;
    int64_t rao, requested_ms, decided_ms;
    bool decided, approved;
};

struct model_lease {
    bool granted, active, done, refused;
    int miner;
    enum pm_pool_lease_kind kind;
    int64_t window, timeout_ms;
    int evolve_budget;
    int64_t evaluate[PM_BATCH_MAX];
    size_t evaluate_count, seed_count;
    struct step_submission submission;     /* when done, and what it came to: */
    int64_t evolved[PM_EVOLVE_BUDGET_MAX]; /* ids */
    bool duplicate[PM_EVOLVE_BUDGET_MAX];
    int64_t consensus_reached;
};

struct model {
    struct pm_pool_rules rules;
    int64_t now_ms;
    struct model_epoch epochs[MODEL_STEPS_MAX]; /* the last one runs */
    size_t epoch_count;
    struct model_miner miners[MODEL_MINERS];
    struct model_algorithm algorithms[MODEL_STEPS_MAX];
    int64_t algorithm_count; /* ids are from 1 */
    struct model_lease leases[MODEL_STEPS_MAX];
    int64_t leases_asked;                                 /* lease numbers are from 1 */
    struct model_withdrawal withdrawals[MODEL_STEPS_MAX]; /* ids are from 1 */
    int64_t withdrawal_count;
};

/* The number of the latest epoch; 0: none yet. */
int64_t model_epoch(const struct model *model);

/* `seed_count` algorithms of the pool's own, and time standing at `now_ms`. */
void model_create(struct model *model, const struct pm_pool_rules *rules, int64_t seed_count,
                  int64_t now_ms);

/* Does the step and says what the pool has to answer. */
struct expectation model_apply(struct model *model, const struct step *step);

/* The live lease of a miner; 0: none. A lease whose time is over but was not swept yet counts. */
int64_t model_live_lease(const struct model *model, int miner);

#endif
