/* Regularised ("aging") evolution: Real et al., "Regularized Evolution for Image Classifier
 * Architecture Search", 2019. The best of a random few becomes a parent, its child enters the
 * population, the oldest member leaves it: nobody stays for having been lucky once. */
#include "algorithm/search.h"

#include <stdlib.h>

#include <poolminer/random.h>

/* Children are bred and scored this many at a time, so that there is work for several threads; the
 * number is the same on every machine because it shapes the result. */
enum { BATCH = 25 };

/* As in that paper, and in AutoML-Zero's. */
enum { TOURNAMENT = 10 };
static const double MUTATION_PROBABILITY = 0.9;

_Static_assert(BATCH <= (int)PM_SCORER_BATCH_MAX, "a batch fits the scorer");

struct regularized {
    struct pm_search *search;
    struct pm_candidate *members; /* a ring; the oldest is at `oldest` */
    double *quick;                /* scratch for the bar */
    size_t oldest, count, capacity;
    double bar; /* of the batch under way */
};

static void regularized_destroy(void *state)
{
    struct regularized *engine = state;
    if (engine == NULL) {
        return;
    }
    for (size_t i = 0; engine->members != NULL && i < engine->capacity; i++) {
        pm_candidate_clear(&engine->members[i]);
    }
    free(engine->members);
    free(engine->quick);
    free(engine);
}

static void *regularized_create(struct pm_search *search)
{
    struct regularized *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return NULL;
    }
    engine->search = search;
    engine->capacity = (size_t)search->config->population;
    engine->members = calloc(engine->capacity, sizeof *engine->members);
    engine->quick = calloc(engine->capacity, sizeof *engine->quick);
    if (engine->members != NULL && engine->quick != NULL) {
        return engine;
    }
    regularized_destroy(engine);
    return NULL;
}

/* Takes the candidate over; the oldest makes room when the population is full. */
static void add_member(struct regularized *engine, const struct pm_candidate *candidate)
{
    struct pm_candidate *place;
    if (engine->count < engine->capacity) {
        place = &engine->members[engine->count++];
    } else {
        place = &engine->members[engine->oldest];
        engine->oldest = (engine->oldest + 1) % engine->capacity;
        pm_candidate_clear(place);
    }
    *place = *candidate;
}

static const struct pm_candidate *tournament(const struct regularized *engine,
                                             struct pm_random *random)
{
    const uint32_t count = (uint32_t)engine->count;
    const struct pm_candidate *best = &engine->members[pm_random_below(random, count)];
    for (int i = 1; i < TOURNAMENT; i++) {
        const struct pm_candidate *other = &engine->members[pm_random_below(random, count)];
        if (pm_candidate_better(other, best)) {
            best = other;
        }
    }
    return best;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What a child has to show on the first tasks: as much as the population's lower quarter does. */
static double quick_bar(const struct regularized *engine)
{
    if (engine->count < engine->capacity) {
        return 0.0;
    }
    for (size_t i = 0; i < engine->count; i++) {
        engine->quick[i] = engine->members[i].fitness.quick;
    }
    qsort(engine->quick, engine->count, sizeof *engine->quick, compare_doubles);
    return engine->quick[engine->count / 4];
}

/* Of the members scored on all tasks; of the seeds' best while there are none. */
static double population_mean(const struct regularized *engine)
{
    double sum = 0.0;
    size_t complete = 0;
    for (size_t i = 0; i < engine->count; i++) {
        if (engine->members[i].complete) {
            sum += engine->members[i].fitness.score;
            complete++;
        }
    }
    return complete > 0 ? sum / (double)complete : engine->search->best;
}

/* The first generation are mutants of the seeds in turn, so that each has its chance. */
static bool breed(const void *state, size_t index, struct pm_random *random,
                  struct pm_candidate *child, struct pm_error *error)
{
    const struct regularized *engine = state;
    const struct pm_search *search = engine->search;
    bool done;
    if (search->generation == 1) {
        const struct pm_candidate *seed = &search->seeds[index % search->seed_count];
        done = pm_search_mutate(search, seed, random, child, error);
    } else {
        const struct pm_candidate *parent = tournament(engine, random);
        done = pm_random_chance(random, MUTATION_PROBABILITY)
                   ? pm_search_mutate(search, parent, random, child, error)
                   : pm_candidate_copy(child, parent, error);
    }
    child->bar = engine->bar;
    return done;
}

static bool regularized_batch(void *state, size_t first, size_t count, struct pm_error *error)
{
    struct regularized *engine = state;
    struct pm_candidate children[BATCH];
    engine->bar = quick_bar(engine);
    if (!pm_search_brood(engine->search, breed, engine, first, count, children, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        add_member(engine, &children[i]);
    }
    return true;
}

static bool regularized_end_generation(void *state, double *mean, struct pm_error *error)
{
    (void)error;
    *mean = population_mean(state);
    return true;
}

static bool regularized_transfer(void *state, struct pm_stream *stream)
{
    struct regularized *engine = state;
    const bool done =
        pm_stream_size(stream, &engine->oldest, engine->capacity - 1) &&
        pm_stream_candidates(stream, engine->members, &engine->count, engine->capacity);
    if (!done || !stream->reading) {
        return done;
    }
    const struct pm_search *search = engine->search;
    const bool full = search->candidates >= engine->capacity;
    return engine->count == (full ? engine->capacity : (size_t)search->candidates) ||
           pm_stream_refuse(stream, "the population is not whole");
}

const struct pm_engine pm_engine_regularized = {
    .name = "regularized",
    .population = 100,
    .idiom_probability = 0.0,
    .batch = BATCH,
    .create = regularized_create,
    .destroy = regularized_destroy,
    .run_batch = regularized_batch,
    .end_generation = regularized_end_generation,
    .transfer = regularized_transfer,
};
