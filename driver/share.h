/* Which kind of task earns more reputation an hour, as measured, and so which is taken next. Pure.
 *
 * Time and yield of each kind fade with a memory of an hour, so that the share follows what
 * pool and machine are like now. Of the time the better kind has nine tenths; the other keeps a
 * tenth, or nobody would notice when it becomes the better one. */
#ifndef DRIVER_SHARE_H
#define DRIVER_SHARE_H

#include "driver/lease.h"

#include <cjson/cJSON.h>
#include <stdint.h>

struct pm_share_kind {
    double hours, items; /* faded */
    double expected;     /* reputation, faded: as the network's rules value the items */
};

struct pm_share {
    struct pm_share_kind evaluate, evolve;
};

/* What the network's rules give: 1 for an accurate evaluation; for an evolution twice its score, if
 * that is 0.7 at least. */
#define PM_SHARE_EVALUATION_REPUTATION 1.0
double pm_share_evolution_reputation(double score);

/* A task is over: how long it took from asking to the pool's acknowledgement, how many evaluations
 * or evolutions were accepted, and what they should earn. Nothing accepted is time for nothing. */
void pm_share_note(struct pm_share *share, enum pm_lease_kind kind, int64_t duration_ms,
                   double items, double expected);

/* What the pool has judged: reputation for one evaluation and one evolution; -1: too few so far. */
struct pm_share_judged {
    double evaluation, evolution;
};
/* By two of the pool's /miners/stats; NULL: it gave none. Of evaluations ten, of evolutions three
 * have to be judged in between; else all of the miner's evaluations count. */
struct pm_share_judged pm_share_judged(const cJSON *first, const cJSON *last);

/* Reputation an hour; -1: not measured yet. Where the pool has judged, its word counts, else what
 * the rules lead one to expect. */
double pm_share_per_hour(const struct pm_share *share, enum pm_lease_kind kind,
                         const struct pm_share_judged *judged);

/* The part of the time that belongs to evaluating: 0.9, 0.5 or 0.1. */
double pm_share_of_evaluating(const struct pm_share *share, const struct pm_share_judged *judged);

/* The kind to ask for: one that was never measured, else the one that is behind its part. */
enum pm_lease_kind pm_share_next(const struct pm_share *share,
                                 const struct pm_share_judged *judged);

#endif
