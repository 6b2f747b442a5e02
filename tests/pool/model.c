#include "pool/model.h"

#include "pool/model_reckoning.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void model_create(struct model *model, const struct pm_pool_rules *rules, int64_t seed_count,
                  int64_t now_ms)
{
    memset(model, 0, sizeof *model);
    model->rules = *rules;
    model->now_ms = now_ms;
    model->algorithm_count = seed_count;
    for (int64_t i = 0; i < seed_count; i++) {
        model->algorithms[i] = (struct model_algorithm){
            .author = -1, .program = MODEL_NO_PROGRAM, .created_ms = now_ms};
    }
}

int64_t model_live_lease(const struct model *model, int miner)
{
    for (int64_t i = 1; i <= model->leases_asked; i++) {
        if (model->leases[i].active && model->leases[i].miner == miner) {
            return i;
        }
    }
    return 0;
}

static struct model_algorithm *algorithm_of(struct model *model, int64_t id)
{
    return id >= 1 && id <= model->algorithm_count ? &model->algorithms[id - 1] : NULL;
}

/* ---- time ---- */

int64_t model_epoch(const struct model *model)
{
    return model->epoch_count ? model->epochs[model->epoch_count - 1].number : 0;
}

static void settle(struct model *model, struct model_epoch *epoch)
{
    for (int i = 0; i < MODEL_MINERS; i++) {
        epoch->reputation[i] = model->miners[i].reputation;
    }
    epoch->pool_rao =
        reckon_division(&model->rules.payout, epoch->reputation, MODEL_MINERS, epoch->paid);
    epoch->budget_rao = model->rules.payout.budget_rao;
    epoch->settled = true;
    epoch->settled_ms = model->now_ms;
    for (int i = 0; i < MODEL_MINERS; i++) {
        model->miners[i].lifetime_rao += epoch->paid[i];
        model->miners[i].reputation = 0;
    }
}

static void begin_epoch(struct model *model, int64_t number, int64_t start_ms)
{
    model->epochs[model->epoch_count++] = (struct model_epoch){
        .number = number, .start_ms = start_ms, .end_ms = start_ms + model->rules.epoch_ms};
}

static void roll(struct model *model)
{
    if (model->epoch_count == 0) {
        begin_epoch(model, 1, model->now_ms);
    }
    struct model_epoch *last = &model->epochs[model->epoch_count - 1];
    if (model->now_ms < last->end_ms) {
        return;
    }
    settle(model, last);
    int64_t number = last->number + 1, start_ms = last->end_ms;
    while (model->now_ms >= start_ms + model->rules.epoch_ms) { /* nobody was there */
        number++;
        start_ms += model->rules.epoch_ms;
    }
    begin_epoch(model, number, start_ms);
}

static void expire(struct model *model)
{
    for (int64_t i = 1; i <= model->leases_asked; i++) {
        struct model_lease *lease = &model->leases[i];
        if (lease->active && lease->timeout_ms <= model->now_ms) {
            lease->active = false;
        }
    }
}

/* ---- consensus ---- */

static struct model_reward earn(struct model *model, struct model_miner *miner, double points)
{
    const struct model_reward reward = {.epoch = model_epoch(model), .micro = reckon_micro(points)};
    miner->reputation += reward.micro;
    miner->reputation_total += reward.micro;
    return reward;
}

static void judge(struct model *model, struct model_algorithm *algorithm, int miner)
{
    struct model_miner *judge = &model->miners[miner];
    struct model_evaluation *evaluation = &algorithm->evaluations[miner];
    evaluation->accurate =
        reckon_accurate(evaluation->score, algorithm->score, model->rules.tolerance);
    judge->counts.evaluations_finalised++;
    judge->counts.evaluations_accurate += evaluation->accurate;
    if (evaluation->accurate) {
        evaluation->reward = earn(model, judge, model->rules.evaluation_reward);
    }
}

static void reward_author(struct model *model, struct model_algorithm *algorithm)
{
    const struct pm_pool_rules *rules = &model->rules;
    struct model_miner *author = &model->miners[algorithm->author];
    const bool over = algorithm->score >= rules->reward_threshold;
    author->counts.evolutions_finalised++;
    author->counts.evolutions_over_threshold += over;
    if (over) {
        algorithm->reward = earn(model, author, rules->reward_base * algorithm->score);
    }
    if (algorithm->score > author->best_score) {
        author->best_score = algorithm->score;
    }
}

static void agree(struct model *model, struct model_algorithm *algorithm)
{
    double scores[MODEL_MINERS];
    size_t count = 0;
    for (int i = 0; i < MODEL_MINERS; i++) {
        if (algorithm->evaluations[i].there) {
            scores[count++] = algorithm->evaluations[i].score;
        }
    }
    algorithm->agreed = true;
    algorithm->agreed_ms = model->now_ms;
    algorithm->score = reckon_median(scores, count);
    for (int i = 0; i < MODEL_MINERS; i++) {
        if (algorithm->evaluations[i].there) {
            judge(model, algorithm, i);
        }
    }
    if (algorithm->author >= 0) {
        reward_author(model, algorithm);
    }
}

static struct expectation change_rules(struct model *model, const struct step *step)
{
    model->rules = step->rules;
    roll(model);
    for (int64_t i = 0; i < model->algorithm_count; i++) {
        struct model_algorithm *algorithm = &model->algorithms[i];
        if (!algorithm->agreed && algorithm->judged_count >= model->rules.quorum) {
            agree(model, algorithm);
        }
    }
    return (struct expectation){.status = 200};
}

/* ---- leases ---- */

static bool holds(const struct model_lease *lease, int64_t id)
{
    for (size_t i = 0; i < lease->evaluate_count; i++) {
        if (lease->evaluate[i] == id) {
            return true;
        }
    }
    return false;
}

static bool may_judge(const struct model *model, int64_t id, int miner)
{
    const struct model_algorithm *algorithm = &model->algorithms[id - 1];
    int64_t in_hand = 0;
    for (int64_t i = 1; i <= model->leases_asked; i++) {
        in_hand += model->leases[i].active && holds(&model->leases[i], id);
    }
    return !algorithm->agreed && algorithm->author != miner &&
           !algorithm->evaluations[miner].there &&
           algorithm->judged_count + in_hand < model->rules.quorum;
}

/* Nearest to consensus first, then the oldest. */
static void choose_evaluations(const struct model *model, const struct step *step,
                               struct expectation *out)
{
    for (int64_t judged = MODEL_MINERS; judged >= 0; judged--) {
        for (int64_t id = 1; id <= model->algorithm_count; id++) {
            if ((int64_t)out->evaluate_count == step->evaluate_max) {
                return;
            }
            if (model->algorithms[id - 1].judged_count == judged &&
                may_judge(model, id, step->miner)) {
                out->evaluate[out->evaluate_count++] = id;
            }
        }
    }
}

static size_t seed_count(const struct model *model, const struct step *step)
{
    int64_t population = 0;
    int64_t want = (int64_t)model->rules.seeds_per_evolution * model->rules.evolve_budget;
    for (int64_t i = 0; i < model->algorithm_count; i++) {
        population += model->algorithms[i].agreed || model->algorithms[i].author < 0;
    }
    want = want > step->seed_max ? step->seed_max : want;
    return (size_t)(want > population ? population : want);
}

static int64_t leases_in_window(const struct model *model, int miner)
{
    int64_t count = 0;
    for (int64_t i = 1; i <= model->leases_asked; i++) {
        const struct model_lease *lease = &model->leases[i];
        count += lease->granted && lease->miner == miner && lease->window == model_epoch(model);
    }
    return count;
}

static struct expectation give_again(const struct model_lease *lease, int64_t number)
{
    struct expectation out = {
        .status = 200,
        .evaluate_count = lease->evaluate_count,
        .seed_count = lease->seed_count,
        .lease = number,
    };
    memcpy(out.evaluate, lease->evaluate, sizeof out.evaluate);
    return out;
}

static struct expectation ask_for_lease(struct model *model, const struct step *step)
{
    struct expectation out = {.status = 200};
    struct model_lease *lease = &model->leases[++model->leases_asked];
    roll(model);
    expire(model);
    model->miners[step->miner].known = true;
    int64_t live = model_live_lease(model, step->miner);
    bool same_call = (model->leases[live].kind == PM_POOL_LEASE_BOTH) ==
                     (step->lease_kind == PM_POOL_LEASE_BOTH);
    if (live && !model->leases[live].refused && step->resume && same_call) {
        return give_again(&model->leases[live], live);
    }
    if (live && !model->leases[live].refused) {
        return (struct expectation){.status = 400};
    }
    model->leases[live].active = false; /* number 0 is nobody's */
    if (model->rules.leases_per_window &&
        leases_in_window(model, step->miner) >= model->rules.leases_per_window) {
        return (struct expectation){.status = 400};
    }
    if (step->lease_kind != PM_POOL_LEASE_EVOLVE) {
        choose_evaluations(model, step, &out);
    }
    if (step->lease_kind != PM_POOL_LEASE_EVALUATE) {
        out.seed_count = seed_count(model, step);
    }
    if (out.evaluate_count + out.seed_count == 0) {
        return (struct expectation){.status = 404};
    }
    *lease = (struct model_lease){
        .granted = true,
        .active = true,
        .miner = step->miner,
        .kind = step->lease_kind,
        .window = model_epoch(model),
        .timeout_ms = model->now_ms + model->rules.task_timeout_ms,
        .evolve_budget = out.seed_count ? model->rules.evolve_budget : 0,
        .evaluate_count = out.evaluate_count,
        .seed_count = out.seed_count,
    };
    memcpy(lease->evaluate, out.evaluate, sizeof out.evaluate);
    return out;
}

/* ---- submissions ---- */

static bool same(const struct step_submission *a, const struct step_submission *b)
{
    if (a->kind != b->kind || a->evaluation_count != b->evaluation_count ||
        a->evolution_count != b->evolution_count || a->iterations != b->iterations) {
        return false;
    }
    for (size_t i = 0; i < a->evaluation_count; i++) {
        if (a->evaluations[i].algorithm_id != b->evaluations[i].algorithm_id ||
            a->evaluations[i].score != b->evaluations[i].score) {
            return false;
        }
    }
    for (size_t i = 0; i < a->evolution_count; i++) {
        if (a->programs[i] != b->programs[i] || a->parents[i] != b->parents[i]) {
            return false;
        }
    }
    return true;
}

/* 200, or why its content is refused. */
static int content_status(struct model *model, const struct model_lease *lease,
                          const struct step_submission *submission)
{
    if (submission->kind != lease->kind) {
        return 400;
    }
    if (lease->kind == PM_POOL_LEASE_BOTH &&
        submission->iterations < model->rules.minimum_iterations) {
        return 400;
    }
    if (submission->evolution_count > (size_t)lease->evolve_budget) {
        return 422;
    }
    for (size_t i = 0; i < submission->evaluation_count; i++) {
        if (!holds(lease, submission->evaluations[i].algorithm_id)) {
            return 422;
        }
    }
    for (size_t i = 0; i < submission->evolution_count; i++) {
        if (submission->programs[i] == MODEL_NO_PROGRAM ||
            algorithm_of(model, submission->parents[i]) == NULL) {
            return 422;
        }
    }
    return 200;
}

/* 0: nobody has brought it yet. */
static int64_t find_program(const struct model *model, int64_t program)
{
    for (int64_t i = 0; i < model->algorithm_count; i++) {
        if (model->algorithms[i].program == program) {
            return i + 1;
        }
    }
    return 0;
}

static void book_evaluation(struct model *model, struct model_lease *lease,
                            const struct pm_pool_submitted_evaluation *submitted)
{
    struct model_algorithm *algorithm = algorithm_of(model, submitted->algorithm_id);
    model->miners[lease->miner].counts.evaluations_submitted++;
    algorithm->evaluations[lease->miner] = (struct model_evaluation){
        .there = true, .score = submitted->score, .submitted_ms = model->now_ms};
    algorithm->judged_count++;
    if (algorithm->agreed) {
        judge(model, algorithm, lease->miner);
    } else if (algorithm->judged_count >= model->rules.quorum) {
        agree(model, algorithm);
        lease->consensus_reached++;
    }
}

static void book(struct model *model, struct model_lease *lease)
{
    const struct step_submission *submission = &lease->submission;
    for (size_t i = 0; i < submission->evaluation_count; i++) {
        book_evaluation(model, lease, &submission->evaluations[i]);
    }
    for (size_t i = 0; i < submission->evolution_count; i++) {
        lease->evolved[i] = find_program(model, submission->programs[i]);
        lease->duplicate[i] = lease->evolved[i] != 0;
        if (lease->duplicate[i]) {
            continue;
        }
        model->miners[lease->miner].counts.evolutions_submitted++;
        model->algorithms[model->algorithm_count++] =
            (struct model_algorithm){.author = lease->miner,
                                     .program = submission->programs[i],
                                     .created_ms = model->now_ms};
        lease->evolved[i] = model->algorithm_count;
    }
}

static void append(struct expectation *out, const char *text)
{
    strncat(out->answer, text, sizeof out->answer - strlen(out->answer) - 1);
}

static struct expectation answer_of(const struct model_lease *lease, int64_t number)
{
    struct expectation out = {.status = 200};
    char part[160];
    snprintf(part, sizeof part,
             "{\"status\":\"accepted\",\"lease_id\":\"%032" PRIx64
             "\",\"evaluations_accepted\":%zu,\"evolutions\":[",
             (uint64_t)number, lease->submission.evaluation_count);
    append(&out, part);
    for (size_t i = 0; i < lease->submission.evolution_count; i++) {
        snprintf(part, sizeof part, "%s{\"status\":\"%s\",\"algorithm_id\":%" PRId64 "}",
                 i > 0 ? "," : "", lease->duplicate[i] ? "duplicate" : "accepted",
                 lease->evolved[i]);
        append(&out, part);
    }
    snprintf(part, sizeof part, "],\"consensus_reached\":%" PRId64 "}", lease->consensus_reached);
    append(&out, part);
    return out;
}

static struct expectation submit(struct model *model, const struct step *step)
{
    struct model_lease *lease = &model->leases[step->lease];
    roll(model);
    if (step->lease < 1 || step->lease > model->leases_asked || !lease->granted) {
        return (struct expectation){.status = 404};
    }
    if (lease->miner != step->miner) {
        return (struct expectation){.status = 403};
    }
    if (lease->done && same(&lease->submission, &step->submission)) {
        return answer_of(lease, step->lease);
    }
    if (!lease->active || lease->timeout_ms <= model->now_ms) {
        return (struct expectation){.status = 404};
    }
    int status = content_status(model, lease, &step->submission);
    if (status != 200) {
        lease->refused = true;
        return (struct expectation){.status = status};
    }
    lease->active = false;
    lease->done = true;
    lease->submission = step->submission;
    book(model, lease);
    return answer_of(lease, step->lease);
}

/* ---- money ---- */

static struct expectation withdraw(struct model *model, const struct step *step)
{
    struct model_miner *miner = &model->miners[step->miner];
    roll(model);
    miner->known = true;
    int64_t available = miner->lifetime_rao - miner->withdrawn_rao - miner->pending_rao;
    int64_t amount = step->amount_rao ? step->amount_rao : available;
    if (miner->pending_rao) {
        return (struct expectation){.status = 409};
    }
    if (amount < model->rules.minimum_withdrawal_rao || amount > available ||
        !miner->has_recipient) {
        return (struct expectation){.status = 400};
    }
    miner->pending_rao = amount;
    miner->pending_id = ++model->withdrawal_count;
    model->withdrawals[miner->pending_id] = (struct model_withdrawal){
        .miner = step->miner, .rao = amount, .requested_ms = model->now_ms};
    return (struct expectation){.status = 200};
}

static struct expectation decide(struct model *model, const struct step *step)
{
    if (step->withdrawal < 1 || step->withdrawal > model->withdrawal_count) {
        return (struct expectation){.status = 404};
    }
    struct model_withdrawal *withdrawal = &model->withdrawals[step->withdrawal];
    struct model_miner *miner = &model->miners[withdrawal->miner];
    if (withdrawal->decided) {
        return (struct expectation){.status = 409};
    }
    withdrawal->decided = true;
    withdrawal->approved = step->approve;
    withdrawal->decided_ms = model->now_ms;
    miner->withdrawn_rao += step->approve ? withdrawal->rao : 0;
    miner->pending_rao = 0;
    return (struct expectation){.status = 200};
}

struct expectation model_apply(struct model *model, const struct step *step)
{
    switch (step->kind) {
    case STEP_ADVANCE:
        model->now_ms += step->advance_ms;
        roll(model);
        expire(model);
        break;
    case STEP_LEASE:
        return ask_for_lease(model, step);
    case STEP_SUBMIT:
        return submit(model, step);
    case STEP_WITHDRAW:
        return withdraw(model, step);
    case STEP_DECIDE:
        return decide(model, step);
    case STEP_SET_RECIPIENT:
        model->miners[step->miner].has_recipient |= model->miners[step->miner].known;
        break;
    case STEP_CHANGE_RULES:
        return change_rules(model, step);
    case STEP_FAIL:
        break;
    }
    return (struct expectation){.status = 200};
}
