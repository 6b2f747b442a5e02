/* Native code for the sections of a lane program. Private to algorithm/. */
#ifndef POOLMINER_LANE_NATIVE_H
#define POOLMINER_LANE_NATIVE_H

#include "lane_code.h"
#include "lane_region.h"
#include "lane_x86.h"

enum {
    PM_NO_VECTOR = 255,
    PM_LANE_SUMS_MAX = 6,   /* sums in a region, and items in a pass over columns */
    PM_LANE_CACHE_MAX = 32, /* values in registers */
    PM_LANE_TILE_MAX = 4    /* rows that are done together: as many as there are partial sums */
};

/* What a vector register holds: an element of a row, a cell, or an element that serves a column. */
struct pm_lane_cached {
    uint8_t slot, row, vector;
    bool in_memory; /* too */
};
struct pm_lane_cache {
    struct pm_lane_cached entries[PM_LANE_CACHE_MAX];
    int count;
};

/* How a region's loop is to be run. */
struct pm_lane_tiling {
    uint32_t rows;     /* together, so that what is read whole serves all of them */
    uint32_t resident; /* elements of one vector read whole that stay in registers */
};

/* A section being translated. Every instance runs all of its regions before the next one does. */
struct pm_lane_emitter {
    struct pm_x86 x;
    const struct pm_lane_items *list;
    uint32_t dim;
    uint32_t free;  /* bit v: vector register v holds nothing */
    bool exhausted; /* there was no free register when one was needed */

    /* Scalars in registers, or PM_NO_VECTOR. */
    uint8_t scalar[PM_LANE_SLOT_NEXT_INPUT + 1];
    struct pm_lane_slots unsaved; /* those that memory does not hold */

    /* The region being written. */
    int first, end; /* its items */
    uint32_t row;   /* which of the rows that one round of its loop does */
    bool indexed;   /* there is a loop: rcx and rdx are offsets into vectors, matrices */
    struct pm_lane_tiling tiling;
    struct pm_lane_cache rows;
    uint8_t resident_slot;
    uint8_t resident[PM_LANES];
    uint32_t resident_count;
    uint8_t sums[PM_LANE_SUMS_MAX][PM_LANE_TILE_MAX];
};

/* ---- registers and operands: lane_emit.c ---- */

uint8_t pm_emit_take(struct pm_lane_emitter *e);
void pm_emit_give(struct pm_lane_emitter *e, uint8_t vector);

/* The register of a scalar, loaded if it was not. */
struct pm_x86_source pm_emit_scalar(struct pm_lane_emitter *e, uint8_t slot,
                                    struct pm_lane_place place);
/* The result in a register becomes the step's scalar. */
void pm_emit_set_scalar(struct pm_lane_emitter *e, const struct pm_lane_step *step, uint8_t result);
/* Writes scalars in `which` (NULL: all) to memory that has not got them. */
void pm_emit_save_scalars(struct pm_lane_emitter *e, const struct pm_lane_slots *which);
struct pm_x86_memory pm_emit_memory(const struct pm_lane_emitter *e, struct pm_lane_place place,
                                    enum pm_lane_role role, uint32_t column);

/* Writes out = the operation on the sources a, b, c, with each element of a vector register an
 * element of the result. `out` is none of the sources. */
void pm_emit_operation(struct pm_lane_emitter *e, const struct pm_lane_step *step, uint8_t out,
                       const struct pm_x86_source sources[3]);

/* ---- regions: lane_emit_region.c ---- */

/* The items first .. end - 1 as one loop. False, and nothing written, when that takes too many
 * registers. */
bool pm_emit_region(struct pm_lane_emitter *e, int first, int end);

#endif
