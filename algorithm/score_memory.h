/* What scoring keeps from one batch to the next: memory that has been asked for and touched. To get
 * it anew for every batch costs more than scoring a small algorithm. Private to algorithm/; the
 * public side is score_memory in suite.h. */
#ifndef POOLMINER_SCORE_MEMORY_H
#define POOLMINER_SCORE_MEMORY_H

#include "algorithm/score_desk.h"

enum { PM_SCORE_BATCH_MAX = 256 }; /* algorithms compiled at a time */

/* Where one batch is scored. */
struct pm_score_room {
    struct pm_score_desk *desks; /* one a thread */
    size_t desk_count;
    struct pm_lane_program *programs[PM_SCORE_BATCH_MAX]; /* NULL until needed */
    enum pm_simd_level level;                             /* of the programs */
};

/* A room with a desk for each of `threads` threads, no code in use, for programs of the level: the
 * one that is kept, if nobody is in it. NULL when memory is out. `memory` may be NULL. */
struct pm_score_room *pm_score_room_take(struct pm_score_memory *memory, size_t threads,
                                         enum pm_simd_level level);
/* Keeps the room for the next batch. */
void pm_score_room_give(struct pm_score_memory *memory, struct pm_score_room *room);

#endif
