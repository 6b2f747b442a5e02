#include "sidecar/store_sqlite_fresh.h"

#include <stdlib.h>

enum { NONE = -1 };

struct slot {
    struct pm_sqlite_fresh_job job; /* id 0: none */
    int before, after;              /* in its lane */
};

/* The jobs of one run and rank, in order. There are few lanes, and always one job in each. */
struct lane {
    int64_t run, rank;
    int first, last;
};

struct pm_sqlite_fresh {
    struct slot slots[PM_SQLITE_FRESH_MAX];
    struct lane lanes[PM_SQLITE_FRESH_MAX];
    size_t lane_count;
};

bool pm_sqlite_key_is_before(const struct pm_sqlite_key *a, const struct pm_sqlite_key *b)
{
    if (a->rank != b->rank) {
        return a->rank < b->rank;
    }
    return a->turn != b->turn ? a->turn < b->turn : a->id < b->id;
}

struct pm_sqlite_fresh *pm_sqlite_fresh_create(void)
{
    return calloc(1, sizeof(struct pm_sqlite_fresh));
}

void pm_sqlite_fresh_destroy(struct pm_sqlite_fresh *fresh)
{
    free(fresh);
}

/* ---- looking ---- */

static int place_of(int64_t id)
{
    return (int)((uint64_t)id % PM_SQLITE_FRESH_MAX);
}

static const struct lane *look_up_lane(const struct pm_sqlite_fresh *fresh, int64_t run,
                                       int64_t rank)
{
    for (size_t i = 0; i < fresh->lane_count; i++) {
        if (fresh->lanes[i].run == run && fresh->lanes[i].rank == rank) {
            return &fresh->lanes[i];
        }
    }
    return NULL;
}

const struct pm_sqlite_fresh_job *pm_sqlite_fresh_in_the_way(const struct pm_sqlite_fresh *fresh,
                                                             int64_t id)
{
    const struct pm_sqlite_fresh_job *job = &fresh->slots[place_of(id)].job;
    return job->key.id != 0 ? job : NULL;
}

const struct pm_sqlite_fresh_job *pm_sqlite_fresh_find(const struct pm_sqlite_fresh *fresh,
                                                       int64_t id)
{
    const struct pm_sqlite_fresh_job *job = pm_sqlite_fresh_in_the_way(fresh, id);
    return job != NULL && job->key.id == id ? job : NULL;
}

const struct pm_sqlite_fresh_job *pm_sqlite_fresh_first(const struct pm_sqlite_fresh *fresh,
                                                        int64_t run)
{
    const struct pm_sqlite_fresh_job *best = NULL;
    for (size_t i = 0; i < fresh->lane_count; i++) {
        const struct pm_sqlite_fresh_job *job = &fresh->slots[fresh->lanes[i].first].job;
        if ((run == 0 || fresh->lanes[i].run == run) &&
            (best == NULL || pm_sqlite_key_is_before(&job->key, &best->key))) {
            best = job;
        }
    }
    return best;
}

const struct pm_sqlite_fresh_job *pm_sqlite_fresh_due(const struct pm_sqlite_fresh *fresh,
                                                      int64_t time_ms)
{
    for (size_t i = 0; fresh->lane_count > 0 && i < PM_SQLITE_FRESH_MAX; i++) {
        const struct pm_sqlite_fresh_job *job = &fresh->slots[i].job;
        if (job->key.id != 0 && job->deadline_ms > 0 && job->deadline_ms <= time_ms) {
            return job;
        }
    }
    return NULL;
}

bool pm_sqlite_fresh_last_turn(const struct pm_sqlite_fresh *fresh, int64_t run, int64_t rank,
                               int64_t *turn)
{
    const struct lane *lane = look_up_lane(fresh, run, rank);
    if (lane != NULL) {
        *turn = fresh->slots[lane->last].job.key.turn;
    }
    return lane != NULL;
}

bool pm_sqlite_fresh_front_turn(const struct pm_sqlite_fresh *fresh, int64_t rank, int64_t *turn)
{
    bool found = false;
    for (size_t i = 0; i < fresh->lane_count; i++) {
        const int64_t first = fresh->slots[fresh->lanes[i].first].job.key.turn;
        if (fresh->lanes[i].rank == rank && (!found || first < *turn)) {
            *turn = first;
            found = true;
        }
    }
    return found;
}

/* ---- changing ---- */

static struct lane *lane_for(struct pm_sqlite_fresh *fresh, const struct pm_sqlite_key *key)
{
    struct lane *lane = (struct lane *)look_up_lane(fresh, key->run, key->rank);
    if (lane == NULL) {
        lane = &fresh->lanes[fresh->lane_count++];
        *lane = (struct lane){key->run, key->rank, NONE, NONE};
    }
    return lane;
}

/* A new job is nearly always the last of its lane. */
void pm_sqlite_fresh_add(struct pm_sqlite_fresh *fresh, const struct pm_sqlite_fresh_job *job)
{
    const int place = place_of(job->key.id);
    struct slot *slot = &fresh->slots[place];
    struct lane *lane = lane_for(fresh, &job->key);
    int before = lane->last;
    while (before != NONE && pm_sqlite_key_is_before(&job->key, &fresh->slots[before].job.key)) {
        before = fresh->slots[before].before;
    }
    slot->job = *job;
    slot->before = before;
    slot->after = before == NONE ? lane->first : fresh->slots[before].after;
    *(before == NONE ? &lane->first : &fresh->slots[before].after) = place;
    *(slot->after == NONE ? &lane->last : &fresh->slots[slot->after].before) = place;
}

void pm_sqlite_fresh_remove(struct pm_sqlite_fresh *fresh, int64_t id)
{
    if (pm_sqlite_fresh_find(fresh, id) == NULL) {
        return;
    }
    struct slot *slot = &fresh->slots[place_of(id)];
    struct lane *lane = lane_for(fresh, &slot->job.key);
    *(slot->before == NONE ? &lane->first : &fresh->slots[slot->before].after) = slot->after;
    *(slot->after == NONE ? &lane->last : &fresh->slots[slot->after].before) = slot->before;
    if (lane->first == NONE) {
        *lane = fresh->lanes[--fresh->lane_count];
    }
    slot->job.key.id = 0;
}

void pm_sqlite_fresh_clear(struct pm_sqlite_fresh *fresh)
{
    for (size_t i = 0; i < PM_SQLITE_FRESH_MAX; i++) {
        if (fresh->slots[i].job.key.id != 0) { /* or memory would be taken that never was used */
            fresh->slots[i].job.key.id = 0;
        }
    }
    fresh->lane_count = 0;
}
