/* What a crew was answered, against what the store has. */
#include "cmocka_include.h"
#include "pool/crew.h"
#include "pool/store.h"
#include "pool/tables.h"
#include "pool/test_store.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALGORITHMS_MAX = CREW_MINERS * CREW_DONE_MAX + 64, POOLS_OWN = -1, NOBODY = -2 };

/* The books as the answers make them, and what of them was found in the store. */
struct algorithm {
    int author; /* a miner's number */
    int judges[CREW_QUORUM];
    double scores[CREW_QUORUM];
    int judge_count, found;
    bool in_store;
};
struct reckoning {
    const struct crew *crew;
    struct algorithm algorithms[ALGORITHMS_MAX]; /* by id */
    int64_t evaluations, evolutions, pools_own;
    int64_t micro[CREW_MINERS], found_micro[CREW_MINERS]; /* reputation */
};

static int number_of(const struct crew *crew, const struct pm_cell *cell)
{
    for (int i = 0; i < CREW_MINERS && !cell->empty; i++) {
        if (strcmp(pm_hotkey_address(crew->miners[i].hotkey), cell->text) == 0) {
            return i;
        }
    }
    return cell->empty ? POOLS_OWN : NOBODY;
}

static struct algorithm *algorithm_of(struct reckoning *reckoning, int64_t id)
{
    assert_in_range(id, 1, ALGORITHMS_MAX - 1);
    return &reckoning->algorithms[id];
}

static void add_done(struct reckoning *reckoning, int miner, const struct crew_done *done)
{
    for (size_t i = 0; i < done->count; i++) {
        struct algorithm *algorithm = algorithm_of(reckoning, done->ids[i]);
        assert_true(algorithm->judge_count < CREW_QUORUM); /* nobody works for nothing */
        algorithm->judges[algorithm->judge_count] = miner;
        algorithm->scores[algorithm->judge_count++] = done->scores[i];
        reckoning->evaluations++;
    }
    struct algorithm *evolved = algorithm_of(reckoning, done->evolved);
    assert_int_equal(evolved->author, POOLS_OWN); /* one program, one id */
    evolved->author = miner;
    reckoning->evolutions++;
}

/* docs/pool.md: accurate is within a tenth of the median, an author gets twice the median from 0.7
 * on. */
static void reward(struct reckoning *reckoning, const struct algorithm *algorithm)
{
    if (algorithm->judge_count < CREW_QUORUM) {
        return;
    }
    const double median = (algorithm->scores[0] + algorithm->scores[1]) / 2;
    for (int i = 0; i < CREW_QUORUM; i++) {
        if (fabs(algorithm->scores[i] - median) <= 0.1 * median) {
            reckoning->micro[algorithm->judges[i]] += 1000000;
        }
    }
    if (algorithm->author >= 0 && median >= 0.7) {
        reckoning->micro[algorithm->author] += llround(2e6 * median);
    }
}

static bool find_algorithm(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct reckoning *reckoning = context;
    (void)table;
    struct algorithm *algorithm = algorithm_of(reckoning, cells[0].integer);
    assert_int_equal(algorithm->author, number_of(reckoning->crew, &cells[1]));
    assert_int_equal(algorithm->judge_count, cells[3].integer);
    algorithm->in_store = true;
    reckoning->evolutions -= algorithm->author >= 0;
    return true;
}

static bool find_evaluation(void *context, const struct pm_table *table,
                            const struct pm_cell *cells)
{
    struct reckoning *reckoning = context;
    (void)table;
    struct algorithm *algorithm = algorithm_of(reckoning, cells[0].integer);
    const int miner = number_of(reckoning->crew, &cells[1]);
    bool known = false;
    for (int i = 0; i < algorithm->judge_count; i++) {
        known = known || (algorithm->judges[i] == miner && algorithm->scores[i] == cells[2].real);
    }
    if (!known) {
        fail_msg("algorithm %" PRId64 ": nobody was told of an evaluation of %.17g",
                 cells[0].integer, cells[2].real);
    }
    reckoning->evaluations--;
    return true;
}

static bool find_reward(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct reckoning *reckoning = context;
    (void)table;
    const int miner = number_of(reckoning->crew, &cells[3]);
    assert_in_range(miner, 0, CREW_MINERS - 1);
    reckoning->found_micro[miner] += cells[4].integer;
    return true;
}

static enum pm_pool_outcome find_all(struct pm_pool_store *store, void *context,
                                     struct pm_error *error)
{
    return pm_store_table_visit(store, pm_table_find("algorithms"), find_algorithm, context,
                                error) &&
                   pm_store_table_visit(store, pm_table_find("evaluations"), find_evaluation,
                                        context, error) &&
                   pm_store_table_visit(store, pm_table_find("rewards"), find_reward, context,
                                        error)
               ? PM_POOL_ROLLBACK
               : PM_POOL_FAILED;
}

static void compare_store(struct reckoning *reckoning)
{
    test_store_read(find_all, reckoning);
    assert_int_equal(reckoning->evaluations, 0); /* each found, and found once */
    assert_int_equal(reckoning->evolutions, 0);
    for (int i = 0; i < CREW_MINERS; i++) {
        assert_int_equal(reckoning->found_micro[i], reckoning->micro[i]);
        assert_true(reckoning->micro[i] > 0);
    }
}

/* The first that is up answers as it did, or as the other one did. */
static void replay(const struct crew *crew, const struct crew_miner *miner)
{
    for (size_t i = 0; i < miner->done_count; i++) {
        const struct crew_done *done = &miner->done[i];
        const struct client client = {.url = crew->urls[i % CREW_POOLS], .hotkey = miner->hotkey};
        struct answer answer = client_expect(&client, "POST", done->path, done->body, 200);
        assert_string_equal(answer.text, done->answer);
        answer_clear(&answer);
    }
}

static void free_miner(struct crew_miner *miner)
{
    for (size_t i = 0; i < miner->done_count; i++) {
        free(miner->done[i].path);
        free(miner->done[i].body);
        free(miner->done[i].answer);
    }
    pm_hotkey_destroy(miner->hotkey);
}

void crew_check(struct crew *crew)
{
    static struct reckoning reckoning;
    memset(&reckoning, 0, sizeof reckoning);
    reckoning.crew = crew;
    for (size_t id = 0; id < ALGORITHMS_MAX; id++) {
        reckoning.algorithms[id].author = POOLS_OWN;
    }
    for (int i = 0; i < CREW_MINERS; i++) {
        replay(crew, &crew->miners[i]);
        for (size_t j = 0; j < crew->miners[i].done_count; j++) {
            add_done(&reckoning, i, &crew->miners[i].done[j]);
        }
    }
    for (size_t id = 0; id < ALGORITHMS_MAX; id++) {
        reward(&reckoning, &reckoning.algorithms[id]);
    }
    compare_store(&reckoning);
    for (int i = 0; i < CREW_MINERS; i++) {
        free_miner(&crew->miners[i]);
    }
    free(crew->miners);
    pthread_mutex_destroy(&crew->mutex);
}
