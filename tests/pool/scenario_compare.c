/* All that the pool's store says, against the model. */
#include "cmocka_include.h"
#include "pool/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool same_miner(const struct model_miner *model, const struct virtual_miner *pool)
{
    if (!model->known) {
        return !pool->found;
    }
    return pool->found && model->has_recipient == (pool->miner.recipient_coldkey[0] != '\0') &&
           memcmp(&model->counts, &pool->miner.counts, sizeof model->counts) == 0 &&
           model->best_score == pool->miner.best_score && model->reputation == pool->reputation &&
           model->reputation_total == pool->miner.reputation_total &&
           model->lifetime_rao == pool->balance.lifetime_rao &&
           model->pending_rao == pool->balance.pending_rao &&
           model->withdrawn_rao == pool->balance.withdrawn_rao;
}

static bool same_lease(const struct model_lease *model, const struct virtual_lease *pool)
{
    if (!model->granted || !pool->found) {
        return model->granted == pool->found;
    }
    char miner[16];
    snprintf(miner, sizeof miner, "miner%d", model->miner);
    return strcmp(pool->lease.hotkey, miner) == 0 && model->kind == pool->lease.kind &&
           model->evolve_budget == pool->lease.evolve_budget &&
           model->active == (pool->lease.state == PM_POOL_LEASE_ACTIVE) &&
           model->done == (pool->lease.state == PM_POOL_LEASE_DONE) &&
           model->refused == pool->lease.refused && model->window == pool->lease.window &&
           model->timeout_ms == pool->lease.timeout_ms;
}

static const char *difference_of_leases(const struct model *model, struct virtual_pool *pool)
{
    static char text[64];
    /* A batch that the model has not done yet may have asked for so many more. */
    for (int64_t number = 1; number <= model->leases_asked + SCENARIO_BATCH_MAX; number++) {
        struct virtual_lease lease = virtual_pool_find_lease(pool, number);
        snprintf(text, sizeof text, "lease %" PRId64, number);
        if (number > model->leases_asked ? lease.found
                                         : !same_lease(&model->leases[number], &lease)) {
            return text;
        }
    }
    return NULL;
}

/* ---- tables ---- */

/* Rows of a table are taken one after the other; the first that is not as the model has it ends it.
 */
struct reading {
    const struct model *model;
    int64_t rows; /* taken */
    bool differs;
};

static int miner_of(const struct pm_cell *cell)
{
    int miner = -1;
    if (!cell->empty) {
        assert_int_equal(sscanf(cell->text, "miner%d", &miner), 1);
        assert_in_range(miner, 0, MODEL_MINERS - 1);
    }
    return miner;
}

static bool note(struct reading *reading, bool same)
{
    reading->rows++;
    reading->differs = reading->differs || !same;
    return same;
}

static bool take_algorithm(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct reading *reading = context;
    const struct model *model = reading->model;
    (void)table;
    const int64_t id = cells[0].integer;
    if (id != reading->rows + 1 || id > model->algorithm_count) {
        return note(reading, false);
    }
    const struct model_algorithm *algorithm = &model->algorithms[id - 1];
    return note(reading,
                miner_of(&cells[1]) == algorithm->author &&
                    (cells[2].integer != 0) == (algorithm->agreed || algorithm->author < 0) &&
                    cells[3].integer == algorithm->judged_count &&
                    cells[4].empty == !algorithm->agreed &&
                    (!algorithm->agreed || cells[4].real == algorithm->score) &&
                    cells[5].integer == algorithm->created_ms &&
                    cells[6].integer == algorithm->agreed_ms && cells[7].empty);
}

static bool take_evaluation(void *context, const struct pm_table *table,
                            const struct pm_cell *cells)
{
    struct reading *reading = context;
    (void)table;
    if (cells[0].integer > reading->model->algorithm_count || cells[1].empty) {
        return note(reading, false);
    }
    const struct model_algorithm *algorithm = &reading->model->algorithms[cells[0].integer - 1];
    const struct model_evaluation *evaluation = &algorithm->evaluations[miner_of(&cells[1])];
    return note(reading,
                evaluation->there && cells[2].real == evaluation->score &&
                    cells[3].integer == evaluation->submitted_ms &&
                    cells[4].empty == !algorithm->agreed &&
                    (!algorithm->agreed || (cells[4].integer != 0) == evaluation->accurate));
}

static bool take_reward(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct reading *reading = context;
    (void)table;
    if (cells[2].integer > reading->model->algorithm_count || cells[3].empty) {
        return note(reading, false);
    }
    const struct model_algorithm *algorithm = &reading->model->algorithms[cells[2].integer - 1];
    const int miner = miner_of(&cells[3]);
    const bool is_evolution = strcmp(cells[1].text, "evolution") == 0;
    const struct model_evaluation *evaluation = &algorithm->evaluations[miner];
    const struct model_reward *reward = is_evolution ? &algorithm->reward : &evaluation->reward;
    const int64_t booked_ms = is_evolution || evaluation->submitted_ms < algorithm->agreed_ms
                                  ? algorithm->agreed_ms
                                  : evaluation->submitted_ms;
    return note(reading, (!is_evolution || algorithm->author == miner) &&
                             cells[0].integer == reward->epoch &&
                             cells[4].integer == reward->micro && reward->micro != 0 &&
                             cells[5].integer == booked_ms);
}

static int64_t sum_of(const int64_t figures[MODEL_MINERS])
{
    int64_t sum = 0;
    for (int i = 0; i < MODEL_MINERS; i++) {
        sum += figures[i];
    }
    return sum;
}

static int64_t miners_paid(const struct model_epoch *epoch)
{
    int64_t count = 0;
    for (int i = 0; i < MODEL_MINERS && epoch->settled; i++) {
        count += epoch->reputation[i] > 0;
    }
    return count;
}

static bool take_epoch(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct reading *reading = context;
    (void)table;
    if (reading->rows == (int64_t)reading->model->epoch_count) {
        return note(reading, false);
    }
    const struct model_epoch *epoch = &reading->model->epochs[reading->rows];
    return note(
        reading,
        cells[0].integer == epoch->number && cells[1].integer == epoch->start_ms &&
            cells[2].integer == epoch->end_ms && (cells[3].integer != 0) == epoch->settled &&
            cells[4].integer == epoch->settled_ms &&
            cells[5].integer == sum_of(epoch->reputation) &&
            cells[6].integer == epoch->budget_rao && cells[7].integer == sum_of(epoch->paid) &&
            cells[8].integer == epoch->pool_rao && cells[9].integer == miners_paid(epoch));
}

static const struct model_epoch *epoch_numbered(const struct model *model, int64_t number)
{
    for (size_t i = 0; i < model->epoch_count; i++) {
        if (model->epochs[i].number == number) {
            return &model->epochs[i];
        }
    }
    return NULL;
}

static bool take_payout(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct reading *reading = context;
    (void)table;
    const struct model_epoch *epoch = epoch_numbered(reading->model, cells[0].integer);
    const int miner = miner_of(&cells[1]);
    return note(reading, epoch != NULL && epoch->settled &&
                             cells[2].integer == epoch->reputation[miner] && cells[2].integer > 0 &&
                             cells[3].integer == epoch->paid[miner]);
}

static bool take_withdrawal(void *context, const struct pm_table *table,
                            const struct pm_cell *cells)
{
    struct reading *reading = context;
    (void)table;
    if (reading->rows == reading->model->withdrawal_count) {
        return note(reading, false);
    }
    const struct model_withdrawal *withdrawal = &reading->model->withdrawals[reading->rows + 1];
    const char *state = !withdrawal->decided   ? "pending"
                        : withdrawal->approved ? "approved"
                                               : "rejected";
    return note(reading, cells[0].integer == reading->rows + 1 &&
                             strcmp(cells[1].text, state) == 0 &&
                             miner_of(&cells[2]) == withdrawal->miner &&
                             cells[4].integer == withdrawal->rao &&
                             cells[5].integer == withdrawal->requested_ms &&
                             cells[6].integer == withdrawal->decided_ms);
}

/* How many rows each table has to have. */
struct row_counts {
    int64_t evaluations, rewards, payouts;
};

static struct row_counts count_rows(const struct model *model)
{
    struct row_counts counts = {0};
    for (int64_t i = 0; i < model->algorithm_count; i++) {
        counts.rewards += model->algorithms[i].reward.micro != 0;
        for (int j = 0; j < MODEL_MINERS; j++) {
            counts.evaluations += model->algorithms[i].evaluations[j].there;
            counts.rewards += model->algorithms[i].evaluations[j].reward.micro != 0;
        }
    }
    for (size_t i = 0; i < model->epoch_count; i++) {
        counts.payouts += miners_paid(&model->epochs[i]);
    }
    return counts;
}

static const char *difference_of_tables(const struct model *model, struct virtual_pool *pool)
{
    const struct row_counts counts = count_rows(model);
    const struct {
        const char *name;
        pm_table_visit *take;
        int64_t rows;
    } tables[] = {
        {"algorithms", take_algorithm, model->algorithm_count},
        {"evaluations", take_evaluation, counts.evaluations},
        {"rewards", take_reward, counts.rewards},
        {"epochs", take_epoch, (int64_t)model->epoch_count},
        {"payouts", take_payout, counts.payouts},
        {"withdrawals", take_withdrawal, model->withdrawal_count},
    };
    static char text[64];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct reading reading = {.model = model};
        virtual_pool_table(pool, tables[i].name, tables[i].take, &reading);
        if (reading.differs || reading.rows != tables[i].rows) {
            snprintf(text, sizeof text, "%s, row %" PRId64 " of %" PRId64, tables[i].name,
                     reading.rows, tables[i].rows);
            return text;
        }
    }
    return NULL;
}

const char *scenario_difference(const struct scenario *scenario, struct virtual_pool *pool)
{
    static char text[64];
    const struct model *model = &scenario->model;
    for (int i = 0; i < MODEL_MINERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "miner%d", i);
        struct virtual_miner miner = virtual_pool_miner(pool, name);
        snprintf(text, sizeof text, "miner %d", i);
        if (!same_miner(&model->miners[i], &miner)) {
            return text;
        }
    }
    if (virtual_pool_miner(pool, "nobody").found) {
        return "what was undone";
    }
    const char *different = difference_of_tables(model, pool);
    return different != NULL ? different : difference_of_leases(model, pool);
}
