/* Jobs that were put a moment ago and never leased: what the store knows of their places in the
 * line without a row in the table `queued`. Most jobs are leased before they would need one, which
 * would be written into up to three trees and soon be deleted from them.
 *
 * One array of fixed size; of the newest numbers each has a slot of its own, so that the job that
 * had a slot before must be given its row first. Knows nothing of SQLite. */
#ifndef PM_SIDECAR_STORE_SQLITE_FRESH_H
#define PM_SIDECAR_STORE_SQLITE_FRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Only of the newest so many numbers jobs are here. */
enum { PM_SQLITE_FRESH_MAX = 1024 };

/* A queued job's place: the order is by rank, turn and id. */
struct pm_sqlite_key {
    int64_t run, rank, turn, id;
};

struct pm_sqlite_fresh_job {
    struct pm_sqlite_key key;
    int64_t deadline_ms, bytes;
};

struct pm_sqlite_fresh;

bool pm_sqlite_key_is_before(const struct pm_sqlite_key *a, const struct pm_sqlite_key *b);

/* NULL: out of memory. */
struct pm_sqlite_fresh *pm_sqlite_fresh_create(void);
void pm_sqlite_fresh_destroy(struct pm_sqlite_fresh *fresh);

/* Answers are good until the next change; NULL: none. */
const struct pm_sqlite_fresh_job *pm_sqlite_fresh_find(const struct pm_sqlite_fresh *fresh,
                                                       int64_t id);
/* Whoever has the slot that the number `id` will take. */
const struct pm_sqlite_fresh_job *pm_sqlite_fresh_in_the_way(const struct pm_sqlite_fresh *fresh,
                                                             int64_t id);
/* The first in line, of `run` (0: of any). */
const struct pm_sqlite_fresh_job *pm_sqlite_fresh_first(const struct pm_sqlite_fresh *fresh,
                                                        int64_t run);
/* Any one whose deadline has come. */
const struct pm_sqlite_fresh_job *pm_sqlite_fresh_due(const struct pm_sqlite_fresh *fresh,
                                                      int64_t time_ms);
/* Of a rank, the last turn of a run and the first of any; false: there is none. */
bool pm_sqlite_fresh_last_turn(const struct pm_sqlite_fresh *fresh, int64_t run, int64_t rank,
                               int64_t *turn);
bool pm_sqlite_fresh_front_turn(const struct pm_sqlite_fresh *fresh, int64_t rank, int64_t *turn);

/* The slot of its number is free. */
void pm_sqlite_fresh_add(struct pm_sqlite_fresh *fresh, const struct pm_sqlite_fresh_job *job);
/* Nothing happens when it is not here. */
void pm_sqlite_fresh_remove(struct pm_sqlite_fresh *fresh, int64_t id);
void pm_sqlite_fresh_clear(struct pm_sqlite_fresh *fresh);

#endif
