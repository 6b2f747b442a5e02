/* Islands: several populations side by side that seldom exchange members, so that what one of them
 * settles for does not spread at once (Whitley, Rana and Heckendorn, "The Island Model Genetic
 * Algorithm", 1999). Within an island the better stay, and no two of its members score the same
 * task by task: what survives is better or different. */
#include "algorithm/search.h"

#include <stdlib.h>

#include <poolminer/random.h>

enum { ISLANDS = 4, CHILDREN_EACH = 32, BATCH = ISLANDS * CHILDREN_EACH };
enum { MEMBERS = 100, TOURNAMENT = 6 };
/* Generations from one migration to the next. */
enum { MIGRATION = 5 };
/* This island starts from nothing, whatever the seeds are, and takes no settlers in the first half
 * of the generations: seeds that are a dead end must not hold the whole search. */
enum { FRESH = ISLANDS - 1 };

/* Of the children, how many differ from their parent in their numbers alone: some at first, most
 * in the last fifth of the generations. */
static const double TUNING = 0.15, TUNING_LATE = 0.6;

_Static_assert(BATCH <= (int)PM_SCORER_BATCH_MAX, "a batch fits the scorer");

struct island {
    struct pm_candidate members[MEMBERS]; /* best first */
    size_t count;
    double bar; /* what its next children have to show on the first tasks */
};

struct islands {
    struct pm_search *search;
    struct island all[ISLANDS];
};

static void islands_destroy(void *state)
{
    struct islands *engine = state;
    for (size_t i = 0; engine != NULL && i < ISLANDS; i++) {
        for (size_t k = 0; k < engine->all[i].count; k++) {
            pm_candidate_clear(&engine->all[i].members[k]);
        }
    }
    free(engine);
}

static void *islands_create(struct pm_search *search)
{
    struct islands *engine = calloc(1, sizeof *engine);
    if (engine != NULL) {
        engine->search = search;
    }
    return engine;
}

/* ---- an island ---- */

static void take_out(struct island *island, size_t at)
{
    pm_candidate_clear(&island->members[at]);
    island->count--;
    for (size_t i = at; i < island->count; i++) {
        island->members[i] = island->members[i + 1];
    }
}

/* The member that does the same, or island->count. */
static size_t find_same(const struct island *island, const struct pm_candidate *candidate)
{
    size_t i = 0;
    while (i < island->count &&
           (candidate->complete
                ? !island->members[i].complete ||
                      island->members[i].fitness.behaviour != candidate->fitness.behaviour
                : island->members[i].meaning != candidate->meaning)) {
        i++;
    }
    return i;
}

/* Takes the candidate over. Of two that do the same the younger stays unless it is longer, so that
 * changes without effect can gather. */
static void settle(struct island *island, struct pm_candidate *candidate)
{
    size_t out = find_same(island, candidate);
    if (out == island->count && island->count == MEMBERS) {
        out = MEMBERS - 1;
    }
    if (out < island->count) {
        if (pm_candidate_better(&island->members[out], candidate)) {
            pm_candidate_clear(candidate);
            return;
        }
        take_out(island, out);
    }
    size_t at = island->count++;
    while (at > 0 && pm_candidate_better(candidate, &island->members[at - 1])) {
        island->members[at] = island->members[at - 1];
        at--;
    }
    island->members[at] = *candidate;
}

static const struct pm_candidate *tournament(const struct island *island, struct pm_random *random)
{
    uint32_t best = (uint32_t)island->count;
    for (int i = 0; i < TOURNAMENT; i++) {
        const uint32_t drawn = pm_random_below(random, (uint32_t)island->count);
        best = drawn < best ? drawn : best;
    }
    return &island->members[best];
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* As much as the lower quarter of the members show, once there are enough of them. */
static double find_bar(const struct island *island)
{
    double quick[MEMBERS];
    if (island->count < MEMBERS) {
        return 0.0;
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        quick[i] = island->members[i].fitness.quick;
    }
    qsort(quick, MEMBERS, sizeof *quick, compare_doubles);
    return quick[MEMBERS / 4];
}

/* ---- generations ---- */

/* The share of the children that differ from a parent in numbers alone. */
static double tuning_share(const struct pm_search *search)
{
    return 5 * search->generation > 4 * search->config->generations ? TUNING_LATE : TUNING;
}

/* Of the children of the first batch: seeds in turn. */
static const struct pm_candidate *first_parent(const struct pm_search *search, size_t index)
{
    return index % ISLANDS == FRESH ? &search->bare
                                    : &search->seeds[index / ISLANDS % search->seed_count];
}

static bool breed(const void *state, size_t index, struct pm_random *random,
                  struct pm_candidate *child, struct pm_error *error)
{
    const struct islands *engine = state;
    const struct pm_search *search = engine->search;
    const struct island *island = &engine->all[index % ISLANDS];
    const struct pm_candidate *parent =
        island->count > 0 ? tournament(island, random) : first_parent(search, index);
    const bool done = pm_random_chance(random, tuning_share(search))
                          ? pm_search_tune(search, parent, random, child, error)
                          : pm_search_mutate(search, parent, random, child, error);
    child->bar = island->bar;
    return done;
}

static bool islands_batch(void *state, size_t first, size_t count, struct pm_error *error)
{
    struct islands *engine = state;
    struct pm_candidate children[BATCH];
    for (size_t i = 0; i < ISLANDS; i++) {
        engine->all[i].bar = find_bar(&engine->all[i]);
    }
    if (!pm_search_brood(engine->search, breed, engine, first, count, children, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        settle(&engine->all[(first + i) % ISLANDS], &children[i]);
    }
    return true;
}

/* The best of each island also settles on the next one, where it may. */
static bool migrate(struct islands *engine, struct pm_error *error)
{
    const bool late = 2 * engine->search->generation > engine->search->config->generations;
    struct pm_candidate best[ISLANDS] = {{0}};
    for (size_t i = 0; i < ISLANDS; i++) {
        const size_t to = (i + 1) % ISLANDS;
        /* A tiny population leaves islands empty. */
        if (engine->all[i].count > 0 && (to != FRESH || late) &&
            !pm_candidate_copy(&best[i], &engine->all[i].members[0], error)) {
            while (i-- > 0) {
                pm_candidate_clear(&best[i]);
            }
            return false;
        }
    }
    for (size_t i = 0; i < ISLANDS; i++) {
        if (best[i].program != NULL) {
            settle(&engine->all[(i + 1) % ISLANDS], &best[i]);
        }
    }
    return true;
}

/* Of the members scored on all tasks; of the seeds' best while there are none. */
static double mean_score(const struct islands *engine)
{
    double sum = 0.0;
    size_t complete = 0;
    for (size_t i = 0; i < ISLANDS; i++) {
        for (size_t k = 0; k < engine->all[i].count; k++) {
            if (engine->all[i].members[k].complete) {
                sum += engine->all[i].members[k].fitness.score;
                complete++;
            }
        }
    }
    return complete > 0 ? sum / (double)complete : engine->search->best;
}

static bool islands_end_generation(void *state, double *mean, struct pm_error *error)
{
    struct islands *engine = state;
    *mean = mean_score(engine);
    return engine->search->generation % MIGRATION != 0 || migrate(engine, error);
}

static bool islands_transfer(void *state, struct pm_stream *stream)
{
    struct islands *engine = state;
    for (size_t i = 0; i < ISLANDS; i++) {
        struct island *island = &engine->all[i];
        if (!pm_stream_candidates(stream, island->members, &island->count, MEMBERS)) {
            return false;
        }
    }
    return true;
}

const struct pm_engine pm_engine_islands = {
    .name = "islands",
    .population = 600,
    .idiom_probability = 0.4,
    .batch = BATCH,
    .create = islands_create,
    .destroy = islands_destroy,
    .run_batch = islands_batch,
    .end_generation = islands_end_generation,
    .transfer = islands_transfer,
};
