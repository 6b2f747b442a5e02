/* Decides which kind of task to ask for next, evaluation or evolution, by how much reputation an
 * hour each of them has earned. Pure.
 *
 * What was measured fades: every hour of work reduces the weight of earlier measurements to 1/e, so
 * that the decision follows what the pool and the machine are like now. The kind that earns more
 * gets nine tenths of the time. The other keeps one tenth, so that the driver notices when it
 * becomes the better one. */
#ifndef DRIVER_SHARE_H
#define DRIVER_SHARE_H

#include "driver/lease.h"

#include <cjson/cJSON.h>
#include <stdint.h>

/* What one kind of task has brought; all three numbers fade. */
struct pm_share_kind {
    double hours;    /* spent on it */
    double items;    /* evaluations or evolutions that the pool accepted */
    double expected; /* the reputation that the network's rules promise for them */
};

struct pm_share {
    struct pm_share_kind evaluate, evolve;
};

/* The reputation that the network's rules give for an accurate evaluation, and for an evolution
 * with this score: twice the score if it is at least 0.7, else nothing. */
#define PM_SHARE_EVALUATION_REPUTATION 1.0
double pm_share_evolution_reputation(double score);

/* Counts a task that is over. `duration_ms` is the time from asking for it to the pool's
 * acknowledgement; `items` how many evaluations or evolutions the pool accepted; `expected` the
 * reputation that these should earn. If nothing was accepted both are 0, and the time still counts.
 */
void pm_share_note(struct pm_share *share, enum pm_lease_kind kind, int64_t duration_ms,
                   double items, double expected);

/* How much reputation the pool has really given for one evaluation and for one evolution, on
 * average; -1: it has judged too few of them to say. */
struct pm_share_judged {
    double evaluation, evolution;
};
/* Computes this from two answers of the pool's /miners/stats (NULL: there was none), by what was
 * judged between them. That needs at least ten evaluations, or three evolutions. When there are
 * fewer evaluations, all that this miner has ever had judged are taken instead. */
struct pm_share_judged pm_share_judged(const cJSON *first, const cJSON *last);

/* How much reputation an hour this kind of task earns: what the pool has given where it has judged
 * enough, else what the rules promise. -1: no task of this kind has been measured yet. */
double pm_share_per_hour(const struct pm_share *share, enum pm_lease_kind kind,
                         const struct pm_share_judged *judged);

/* The part of the time to spend on evaluating: 0.9 if it earns more, 0.1 if it earns less, 0.5
 * while that is not known. */
double pm_share_of_evaluating(const struct pm_share *share, const struct pm_share_judged *judged);

/* The kind of task to ask for next: one that was never measured, if there is one; else the one that
 * has had less than its part of the time. */
enum pm_lease_kind pm_share_next(const struct pm_share *share,
                                 const struct pm_share_judged *judged);

#endif
