/* Archive: the best program of every niche seen so far, beside a small elite of the best of all.
 * Parents come from both, from the archive by fitness or by how seldom their niche was found, after
 * Lehman and Stanley, "Abandoning Objectives: Evolution Through the Search for Novelty Alone",
 * 2011, and Mouret and Clune, "Illuminating Search Spaces by Mapping Elites", 2015. */
#include "algorithm/search.h"

#include <stdlib.h>

#include <poolminer/random.h>

enum { BATCH = 25, ELITE = 10, TOURNAMENT = 4 };

/* A niche: how long predict and learn are without dead code, in steps, and whether matrices are
 * used. */
enum { LENGTH_STEP = 2, LENGTHS = 8, NICHES = LENGTHS * LENGTHS * 2 };

static const double ELITE_PARENT = 0.5, RARE_PARENT = 0.5, CROSSOVER = 0.3;

_Static_assert(BATCH <= (int)PM_SCORER_BATCH_MAX, "a batch fits the scorer");

struct archive {
    struct pm_search *search;
    struct pm_candidate *niches[NICHES]; /* NULL: nothing found there */
    uint64_t visits[NICHES];
    uint32_t filled[NICHES], filled_count; /* niches that hold something */
    struct pm_candidate elite[ELITE];      /* best first */
    size_t elite_count;
};

static void archive_destroy(void *state)
{
    struct archive *engine = state;
    if (engine == NULL) {
        return;
    }
    for (size_t i = 0; i < NICHES; i++) {
        if (engine->niches[i] != NULL) {
            pm_candidate_clear(engine->niches[i]);
            free(engine->niches[i]);
        }
    }
    for (size_t i = 0; i < engine->elite_count; i++) {
        pm_candidate_clear(&engine->elite[i]);
    }
    free(engine);
}

static void *archive_create(struct pm_search *search)
{
    struct archive *engine = calloc(1, sizeof *engine);
    if (engine != NULL) {
        engine->search = search;
    }
    return engine;
}

static uint32_t length_class(const struct pm_algorithm *algorithm, enum pm_phase phase)
{
    const int length = algorithm->length[phase] / LENGTH_STEP;
    return (uint32_t)(length < LENGTHS ? length : LENGTHS - 1);
}

static uint32_t find_niche(const struct pm_candidate *candidate)
{
    uint32_t matrices = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < candidate->simple->length[phase]; i++) {
            matrices |= candidate->simple->phase[phase][i].out.kind == PM_KIND_MATRIX ? 1 : 0;
        }
    }
    return (length_class(candidate->simple, PM_PHASE_PREDICT) * LENGTHS +
            length_class(candidate->simple, PM_PHASE_LEARN)) *
               2 +
           matrices;
}

/* ---- parents ---- */

static const struct pm_candidate *draw_archived(const struct archive *engine,
                                                struct pm_random *random)
{
    const bool by_rarity = pm_random_chance(random, RARE_PARENT);
    uint32_t best = engine->filled[pm_random_below(random, engine->filled_count)];
    for (int i = 1; i < TOURNAMENT; i++) {
        const uint32_t other = engine->filled[pm_random_below(random, engine->filled_count)];
        if (by_rarity ? engine->visits[other] < engine->visits[best]
                      : pm_candidate_better(engine->niches[other], engine->niches[best])) {
            best = other;
        }
    }
    return engine->niches[best];
}

static const struct pm_candidate *draw_parent(const struct archive *engine,
                                              struct pm_random *random)
{
    if (pm_random_chance(random, ELITE_PARENT)) {
        return &engine->elite[pm_random_below(random, (uint32_t)engine->elite_count)];
    }
    return draw_archived(engine, random);
}

static bool breed(const void *state, size_t index, struct pm_random *random,
                  struct pm_candidate *child, struct pm_error *error)
{
    const struct archive *engine = state;
    const struct pm_search *search = engine->search;
    if (engine->filled_count == 0) {
        const struct pm_candidate *seed = &search->seeds[index % search->seed_count];
        return pm_search_mutate(search, seed, random, child, error);
    }
    const struct pm_candidate *parent = draw_parent(engine, random);
    if (pm_random_chance(random, CROSSOVER)) {
        return pm_search_cross(search, parent, draw_parent(engine, random), random, child, error);
    }
    return pm_search_mutate(search, parent, random, child, error);
}

/* ---- survivors ---- */

static bool archive_child(struct archive *engine, const struct pm_candidate *child,
                          struct pm_error *error)
{
    const uint32_t niche = find_niche(child);
    engine->visits[niche]++;
    if (engine->niches[niche] != NULL && pm_candidate_better(engine->niches[niche], child)) {
        return true;
    }
    struct pm_candidate copy;
    if (!pm_candidate_copy(&copy, child, error)) {
        return false;
    }
    if (engine->niches[niche] == NULL) {
        engine->niches[niche] = malloc(sizeof copy);
        if (engine->niches[niche] == NULL) {
            pm_candidate_clear(&copy);
            return pm_fail(error, PM_ERROR_MEMORY, "evolution: out of memory");
        }
        engine->filled[engine->filled_count++] = niche;
    } else {
        pm_candidate_clear(engine->niches[niche]);
    }
    *engine->niches[niche] = copy;
    return true;
}

static bool is_in_elite(const struct archive *engine, uint64_t meaning)
{
    for (size_t i = 0; i < engine->elite_count; i++) {
        if (engine->elite[i].meaning == meaning) {
            return true;
        }
    }
    return false;
}

/* Takes the child over. */
static void offer_to_elite(struct archive *engine, struct pm_candidate *child)
{
    if (is_in_elite(engine, child->meaning) ||
        (engine->elite_count == ELITE && !pm_candidate_better(child, &engine->elite[ELITE - 1]))) {
        pm_candidate_clear(child);
        return;
    }
    if (engine->elite_count == ELITE) {
        pm_candidate_clear(&engine->elite[--engine->elite_count]);
    }
    size_t at = engine->elite_count++;
    while (at > 0 && pm_candidate_better(child, &engine->elite[at - 1])) {
        engine->elite[at] = engine->elite[at - 1];
        at--;
    }
    engine->elite[at] = *child;
}

static bool archive_batch(void *state, size_t first, size_t count, struct pm_error *error)
{
    struct archive *engine = state;
    struct pm_candidate children[BATCH];
    if (!pm_search_brood(engine->search, breed, engine, first, count, children, error)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        ok = ok && archive_child(engine, &children[i], error);
        if (ok) {
            offer_to_elite(engine, &children[i]);
        } else {
            pm_candidate_clear(&children[i]);
        }
    }
    return ok;
}

/* Of the niches' holders that were scored on all tasks; of the seeds' best while there are none. */
static double mean_score(const struct archive *engine)
{
    double sum = 0.0;
    size_t complete = 0;
    for (uint32_t i = 0; i < engine->filled_count; i++) {
        const struct pm_candidate *holder = engine->niches[engine->filled[i]];
        if (holder->complete) {
            sum += holder->fitness.score;
            complete++;
        }
    }
    return complete > 0 ? sum / (double)complete : engine->search->best;
}

static bool archive_end_generation(void *state, double *mean, struct pm_error *error)
{
    (void)error;
    *mean = mean_score(state);
    return true;
}

static bool transfer_niche(struct archive *engine, uint32_t at, struct pm_stream *stream)
{
    struct pm_candidate holder = {0};
    if (!stream->reading) {
        return pm_stream_candidate(stream, engine->niches[engine->filled[at]]);
    }
    if (!pm_stream_candidate(stream, &holder)) {
        return false;
    }
    const uint32_t niche = find_niche(&holder);
    const bool taken = engine->niches[niche] != NULL;
    struct pm_candidate *place = taken ? NULL : malloc(sizeof *place);
    if (place == NULL) {
        pm_candidate_clear(&holder);
        return taken ? pm_stream_refuse(stream, "a niche has two holders")
                     : pm_fail(stream->error, PM_ERROR_MEMORY, "evolution: out of memory");
    }
    *place = holder;
    engine->niches[niche] = place;
    engine->filled[engine->filled_count++] = niche;
    return true;
}

static bool transfer_niches(struct archive *engine, struct pm_stream *stream)
{
    size_t filled = engine->filled_count;
    if (!pm_stream_size(stream, &filled, NICHES)) {
        return false;
    }
    for (uint32_t i = 0; i < filled; i++) {
        if (!transfer_niche(engine, i, stream)) {
            return false;
        }
    }
    for (size_t i = 0; i < NICHES; i++) {
        if (!pm_stream_u64(stream, &engine->visits[i], 8, UINT64_MAX)) {
            return false;
        }
    }
    return true;
}

static bool archive_transfer(void *state, struct pm_stream *stream)
{
    struct archive *engine = state;
    if (!transfer_niches(engine, stream) ||
        !pm_stream_candidates(stream, engine->elite, &engine->elite_count, ELITE)) {
        return false;
    }
    return (engine->elite_count > 0) == (engine->filled_count > 0) ||
           pm_stream_refuse(stream, "the archive has no elite");
}

const struct pm_engine pm_engine_archive = {
    .name = "archive",
    .population = 100,
    .idiom_probability = 0.0,
    .batch = BATCH,
    .create = archive_create,
    .destroy = archive_destroy,
    .run_batch = archive_batch,
    .end_generation = archive_end_generation,
    .transfer = archive_transfer,
};
