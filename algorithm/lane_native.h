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
    uint32_t free;   /* bit v: vector register v holds nothing */
    uint32_t locked; /* bit v: register v is about to be read */
    bool exhausted;  /* there was no free register when one was needed */
    bool straight;   /* rows are written out, and values kept from region to region */

    enum pm_lane_section section;
    struct pm_lane_place prediction; /* of validation */
    uint8_t constants[3]; /* of counting: 1, 0.5, integer 1; PM_NO_VECTOR: where calls are made */
    uint8_t pinned_slot;  /* a vector that stays in registers all along; PM_SLOT_NONE: none */
    uint8_t pinned[PM_LANES];

    /* Scalars in registers, or PM_NO_VECTOR. */
    uint8_t scalar[PM_LANE_SLOT_NEXT_INPUT + 1];
    struct pm_lane_slots unsaved; /* those that memory does not hold */

    /* The region being written. */
    int first, end; /* its items */
    int item;       /* that is being written */
    uint32_t row;   /* which of the rows that one round of its loop does */
    bool indexed;   /* there is a loop: rcx and rdx are offsets into vectors, matrices */
    struct pm_lane_tiling tiling;
    struct pm_lane_cache rows;
    uint8_t resident_slot;
    uint8_t resident[PM_LANES];
    uint32_t resident_count;
    uint8_t sums[PM_LANE_SUMS_MAX][PM_LANE_TILE_MAX];
};

/* ---- registers, operands, operations: lane_emit.c ---- */

uint8_t pm_emit_take(struct pm_lane_emitter *e);
void pm_emit_give(struct pm_lane_emitter *e, uint8_t vector);

/* A place in the pm_lane_native_frame. */
struct pm_x86_memory pm_emit_frame(size_t offset);
/* The register that holds a base (enum pm_lane_base) of the instance being run. */
enum pm_x86_register pm_emit_base(int base);
struct pm_x86_memory pm_emit_memory(const struct pm_lane_emitter *e, struct pm_lane_place place,
                                    enum pm_lane_role role, uint32_t column);
/* Where a register that the section writes lies. */
struct pm_lane_place pm_emit_home(const struct pm_lane_emitter *e, uint8_t slot);

/* Writes out = the item's operation on the sources a, b, c. `out` is none of the sources. */
void pm_emit_operation(struct pm_lane_emitter *e, const struct pm_lane_item *item, uint8_t out,
                       const struct pm_x86_source sources[3]);
/* out = a * b. */
void pm_emit_product(struct pm_lane_emitter *e, uint8_t out, const struct pm_x86_source sources[3]);

/* ---- what registers hold: lane_cache.c ---- */

static inline const struct pm_lane_item *pm_emit_item(const struct pm_lane_emitter *e, int i)
{
    return &e->list->items[i];
}

bool pm_emit_reads_as(const struct pm_lane_item *item, uint8_t slot, enum pm_lane_role role);
/* Whether items after `i` and before `end` read what is in the slot now. */
bool pm_emit_read_again(const struct pm_lane_emitter *e, int i, int end, uint8_t slot,
                        enum pm_lane_role role);
/* Whether what is in the slot after item `i` is read from memory: by anything but the items before
 * `end`, which find it in a register. */
bool pm_emit_needs_memory(const struct pm_lane_emitter *e, int i, int end, uint8_t slot);
/* The item after the last one that values of rows are kept for. */
int pm_emit_horizon(const struct pm_lane_emitter *e);

struct pm_lane_cached *pm_cache_find(struct pm_lane_cache *cache, uint8_t slot, uint32_t row);
void pm_cache_forget(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                     struct pm_lane_cached *entry);
/* For the slot in the row being written. */
void pm_cache_remember(struct pm_lane_emitter *e, struct pm_lane_cache *cache, uint8_t slot,
                       uint8_t vector, bool in_memory);
/* Gives back the registers of what no item after `i` reads before `end`. */
void pm_cache_release(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i, int end,
                      enum pm_lane_role role);
/* Makes a register free by giving up, or moving to memory, what is read last; PM_NO_VECTOR if
 * nothing can be moved. */
uint8_t pm_cache_evict(struct pm_lane_emitter *e);
/* An operand of item `i` that is an element of a row, or a cell: in a register if it is there or
 * will be read again before `end`. */
struct pm_x86_source pm_cache_source(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i,
                                     int end, int operand, uint32_t column);

/* ---- scalars: lane_emit_scalar.c ---- */

/* An operand that is a scalar, in a register. */
struct pm_x86_source pm_emit_scalar(struct pm_lane_emitter *e, const struct pm_lane_item *item,
                                    int operand);
/* The result in a register becomes the step's scalar. */
void pm_emit_set_scalar(struct pm_lane_emitter *e, const struct pm_lane_step *step, uint8_t result);
/* Writes scalars in `which` (NULL: all) to memory that has not got them. */
void pm_emit_save_scalars(struct pm_lane_emitter *e, const struct pm_lane_slots *which);
/* Leaves in registers the scalars that the region's loop reads and no others. */
void pm_emit_settle_scalars(struct pm_lane_emitter *e);
void pm_emit_scalar_item(struct pm_lane_emitter *e, int i);

/* ---- rows and columns: lane_emit_row.c, lane_emit_column.c ---- */

void pm_emit_row_item(struct pm_lane_emitter *e, int i);
/* What the row has computed for the vector that item `i` writes. */
void pm_emit_keep_row(struct pm_lane_emitter *e, int i, uint8_t result);

void pm_emit_start_sum(struct pm_lane_emitter *e, uint8_t partial[PM_LANE_TILE_MAX]);
void pm_emit_sum_row(struct pm_lane_emitter *e, int i, const uint8_t partial[PM_LANE_TILE_MAX]);
/* The sum in partial[0]; the others' registers are given back. */
void pm_emit_finish_sum(struct pm_lane_emitter *e, const uint8_t partial[PM_LANE_TILE_MAX]);
void pm_emit_sum_result(struct pm_lane_emitter *e, const struct pm_lane_step *step,
                        const uint8_t partial[PM_LANE_TILE_MAX]);

/* Column items from `first` on, for `rows` rows from `row` on; returns where they end. */
int pm_emit_pass(struct pm_lane_emitter *e, int first, uint32_t row, uint32_t rows);

/* ---- regions: lane_emit_region.c ---- */

/* The items first .. end - 1 as one loop. False, and nothing written, when that takes too many
 * registers. */
bool pm_emit_region(struct pm_lane_emitter *e, int first, int end);

#endif
