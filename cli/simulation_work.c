#include "cli/simulation_work.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

static const simulation_slot NONE = UINT32_MAX;

struct open {
    uint64_t id;
    double quality;
    uint32_t author;
    int judged, engaged;            /* engaged: judged, or in somebody's hands */
    simulation_slot next, previous; /* in its list, or among the free */
};

/* Those that somebody may still take, of as many judgements as the list's number, by age. */
struct list {
    simulation_slot first, last;
};

struct simulation_work {
    int quorum;
    uint64_t next_id;
    simulation_slot capacity, free;
    struct open *open;
    uint32_t *judges; /* `quorum` of each slot */
    double *scores;
    struct list *lists;
};

struct simulation_work *simulation_work_create(int quorum, struct pm_error *error)
{
    struct simulation_work *work = calloc(1, sizeof *work);
    struct list *lists = calloc((size_t)quorum, sizeof *lists);
    if (work == NULL || lists == NULL) {
        free(work);
        free(lists);
        pm_fail(error, PM_ERROR_MEMORY, "simulation: out of memory");
        return NULL;
    }
    for (int i = 0; i < quorum; i++) {
        lists[i] = (struct list){NONE, NONE};
    }
    *work = (struct simulation_work){.quorum = quorum, .free = NONE, .lists = lists};
    return work;
}

void simulation_work_destroy(struct simulation_work *work)
{
    if (work == NULL) {
        return;
    }
    free(work->open);
    free(work->judges);
    free(work->scores);
    free(work->lists);
    free(work);
}

static bool grow(struct simulation_work *work, struct pm_error *error)
{
    const simulation_slot capacity = work->capacity > 0 ? 2 * work->capacity : FIRST_CAPACITY;
    const size_t judges = (size_t)capacity * (size_t)work->quorum;
    struct open *open = realloc(work->open, capacity * sizeof *open);
    work->open = open != NULL ? open : work->open;
    uint32_t *who = realloc(work->judges, judges * sizeof *who);
    work->judges = who != NULL ? who : work->judges;
    double *scores = realloc(work->scores, judges * sizeof *scores);
    work->scores = scores != NULL ? scores : work->scores;
    if (open == NULL || who == NULL || scores == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "simulation: out of memory for open algorithms");
    }
    for (simulation_slot slot = capacity; slot-- > work->capacity;) {
        work->open[slot].next = work->free;
        work->free = slot;
    }
    work->capacity = capacity;
    return true;
}

static void unlink_slot(struct simulation_work *work, simulation_slot slot)
{
    const struct open *open = &work->open[slot];
    struct list *list = &work->lists[open->judged];
    *(open->previous != NONE ? &work->open[open->previous].next : &list->first) = open->next;
    *(open->next != NONE ? &work->open[open->next].previous : &list->last) = open->previous;
}

/* Behind all that are older. */
static void link_slot(struct simulation_work *work, simulation_slot slot)
{
    struct open *open = &work->open[slot];
    struct list *list = &work->lists[open->judged];
    simulation_slot before = list->last;
    while (before != NONE && work->open[before].id > open->id) {
        before = work->open[before].previous;
    }
    open->previous = before;
    open->next = before != NONE ? work->open[before].next : list->first;
    *(before != NONE ? &work->open[before].next : &list->first) = slot;
    *(open->next != NONE ? &work->open[open->next].previous : &list->last) = slot;
}

bool simulation_work_add(struct simulation_work *work, uint32_t author, double quality,
                         struct pm_error *error)
{
    if (work->free == NONE && !grow(work, error)) {
        return false;
    }
    const simulation_slot slot = work->free;
    work->free = work->open[slot].next;
    work->open[slot] = (struct open){.id = work->next_id++, .quality = quality, .author = author};
    link_slot(work, slot);
    return true;
}

static uint32_t *judges_of(const struct simulation_work *work, simulation_slot slot)
{
    return work->judges + (size_t)slot * (size_t)work->quorum;
}

static double *scores_of(const struct simulation_work *work, simulation_slot slot)
{
    return work->scores + (size_t)slot * (size_t)work->quorum;
}

static bool may_judge(const struct simulation_work *work, simulation_slot slot, uint32_t miner)
{
    const struct open *open = &work->open[slot];
    const uint32_t *judges = judges_of(work, slot);
    if (open->author == miner) {
        return false;
    }
    for (int i = 0; i < open->engaged; i++) {
        if (judges[i] == miner) {
            return false;
        }
    }
    return true;
}

static void engage(struct simulation_work *work, simulation_slot slot, uint32_t miner)
{
    struct open *open = &work->open[slot];
    judges_of(work, slot)[open->engaged++] = miner;
    if (open->engaged == work->quorum) {
        unlink_slot(work, slot);
    }
}

size_t simulation_work_take(struct simulation_work *work, uint32_t miner, size_t want,
                            simulation_slot *out)
{
    size_t taken = 0;
    for (int judged = work->quorum - 1; judged >= 0 && taken < want; judged--) {
        simulation_slot slot = work->lists[judged].first, next;
        for (; slot != NONE && taken < want; slot = next) {
            next = work->open[slot].next;
            if (may_judge(work, slot, miner)) {
                engage(work, slot, miner);
                out[taken++] = slot;
            }
        }
    }
    return taken;
}

struct simulation_subject simulation_work_look(const struct simulation_work *work,
                                               simulation_slot slot)
{
    const struct open *open = &work->open[slot];
    return (struct simulation_subject){.author = open->author,
                                       .quality = open->quality,
                                       .judges = judges_of(work, slot),
                                       .scores = scores_of(work, slot),
                                       .judge_count = open->engaged};
}

static int place_of(const struct simulation_work *work, simulation_slot slot, uint32_t miner)
{
    int at = 0;
    while (judges_of(work, slot)[at] != miner) {
        at++;
    }
    return at;
}

bool simulation_work_judge(struct simulation_work *work, simulation_slot slot, uint32_t miner,
                           double score)
{
    struct open *open = &work->open[slot];
    const bool listed = open->engaged < work->quorum;
    scores_of(work, slot)[place_of(work, slot, miner)] = score;
    if (listed) {
        unlink_slot(work, slot);
    }
    open->judged++;
    if (listed) {
        link_slot(work, slot);
    }
    return open->judged == work->quorum;
}

void simulation_work_release(struct simulation_work *work, simulation_slot slot, uint32_t miner)
{
    struct open *open = &work->open[slot];
    const bool listed = open->engaged < work->quorum;
    open->engaged--;
    for (int i = place_of(work, slot, miner); i < open->engaged; i++) {
        judges_of(work, slot)[i] = judges_of(work, slot)[i + 1];
        scores_of(work, slot)[i] = scores_of(work, slot)[i + 1];
    }
    if (!listed) {
        link_slot(work, slot);
    }
}

void simulation_work_remove(struct simulation_work *work, simulation_slot slot)
{
    work->open[slot].next = work->free;
    work->free = slot;
}
