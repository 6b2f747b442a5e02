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
    PM_LANE_HOMES_MAX = 8,
    PM_LANE_TILE_MAX = 4 /* rows that are done together: as many as there are partial sums */
};

/* What a vector register holds: a scalar, an element of a row, a cell, or an element that serves a
 * column. */
struct pm_lane_cached {
    uint8_t slot, row, vector;
    bool in_memory;             /* too */
    int16_t next;               /* which item reads it next */
    struct pm_lane_place place; /* where in memory, of the register's first element */
};
struct pm_lane_cache {
    struct pm_lane_cached entries[PM_LANE_CACHE_MAX];
    int count;
};

/* A scalar or a vector that training keeps in registers from one example to the next. */
struct pm_lane_home {
    uint8_t slot, vectors;
    uint8_t vector[PM_LANES];   /* of each element */
    struct pm_lane_place place; /* where it comes from, and goes to at the end */
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
    uint32_t input_bytes; /* from one example to the next */
    uint32_t free;        /* bit v: vector register v holds nothing */
    uint32_t locked;      /* bit v: register v is about to be read */
    bool exhausted;       /* there was no free register when one was needed */
    bool straight;        /* rows are written out, and values kept from region to region */

    enum pm_lane_section section;
    struct pm_lane_place prediction; /* of validation */
    uint8_t constants[3]; /* of counting: 1, 0.5, integer 1; PM_NO_VECTOR: where calls are made */
    uint8_t pinned_slot;  /* a vector that stays in registers all along; PM_SLOT_NONE: none */
    uint8_t pinned[PM_LANES];
    struct pm_lane_home homes[PM_LANE_HOMES_MAX];
    int home_count; /* more than 0: one instance at a time */

    /* The region being written. */
    int first, end; /* its items */
    int item;       /* that is being written */
    uint32_t row;   /* which of the rows that one round of its loop does */
    bool indexed;   /* there is a loop: rcx and rdx are offsets into vectors, matrices */
    struct pm_lane_tiling tiling;
    struct pm_lane_cache scalars, rows;
    bool stored[PM_LANE_ITEMS_MAX]; /* whether what an item writes has to go to memory */
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
/* The same as a source. */
struct pm_x86_source pm_emit_from_memory(const struct pm_lane_emitter *e,
                                         struct pm_lane_place place, enum pm_lane_role role,
                                         uint32_t column);

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

/* Whether what is in the slot after item `i` is read from memory: by anything but the items before
 * `end` that read it in the role, and find it in a register. */
bool pm_emit_needs_memory(const struct pm_lane_emitter *e, int i, int end, uint8_t slot,
                          enum pm_lane_role role);
/* The item after the last one that values of rows are kept for. */
int pm_emit_horizon(const struct pm_lane_emitter *e);

struct pm_lane_cached *pm_cache_find(struct pm_lane_cache *cache, uint8_t slot, uint32_t row);
/* Takes the entry, which may be NULL, out and gives its register back. */
void pm_cache_forget(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                     struct pm_lane_cached *entry);
void pm_cache_forget_all(struct pm_lane_emitter *e, struct pm_lane_cache *cache);
/* Instead of what the cache held of the same slot and row. */
void pm_cache_remember(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                       struct pm_lane_cached entry);
/* An operand of item `i` that is an element of a row, or a cell: in a register if it is there or
 * will be read again before `end`. */
struct pm_x86_source pm_cache_source(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i,
                                     int end, int operand, uint32_t column);
/* After item `i`: gives back its operands' registers unless items before `end` read them. */
void pm_cache_settle(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i, int end);
/* The result of item `i` in the row being written: stores it if it has to be, and keeps its
 * register if items before `end` read it. */
void pm_cache_result(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i, int end,
                     uint8_t result, uint32_t column);
/* Makes a register free by giving up, or moving to memory, what is read last; PM_NO_VECTOR if
 * nothing can be moved. */
uint8_t pm_cache_evict(struct pm_lane_emitter *e);

/* ---- what stays in registers: lane_home.c ---- */

/* Chooses the homes of a training section; none where groups side by side are better. */
void pm_homes_choose(struct pm_lane_emitter *e);
void pm_homes_load(struct pm_lane_emitter *e);
void pm_homes_store(struct pm_lane_emitter *e);
/* The register of an element (of a scalar: 0); PM_NO_VECTOR if it has no home. */
uint8_t pm_homes_find(const struct pm_lane_emitter *e, uint8_t slot, uint32_t row);
/* Moves a result home and gives its register back; false if it has no home. */
bool pm_homes_keep(struct pm_lane_emitter *e, uint8_t slot, uint32_t row, uint8_t result);

/* ---- scalars: lane_emit_scalar.c ---- */

/* An operand that is a scalar, in a register. */
struct pm_x86_source pm_emit_scalar(struct pm_lane_emitter *e, const struct pm_lane_item *item,
                                    int operand);
/* The result in a register becomes the item's scalar. */
void pm_emit_set_scalar(struct pm_lane_emitter *e, const struct pm_lane_item *item, uint8_t result);
/* Writes scalars in `which` (NULL: all) to memory that has not got them. */
void pm_emit_save_scalars(struct pm_lane_emitter *e, const struct pm_lane_slots *which);
/* Leaves in registers the scalars that the region's loop reads and no others. */
void pm_emit_settle_scalars(struct pm_lane_emitter *e);
void pm_emit_scalar_item(struct pm_lane_emitter *e, int i);

/* ---- rows and columns: lane_emit_row.c, lane_emit_column.c ---- */

void pm_emit_row_item(struct pm_lane_emitter *e, int i);

void pm_emit_start_sum(struct pm_lane_emitter *e, uint8_t partial[PM_LANE_TILE_MAX]);
void pm_emit_sum_row(struct pm_lane_emitter *e, int i, const uint8_t partial[PM_LANE_TILE_MAX]);
/* The sum in partial[0]; the others' registers are given back. */
void pm_emit_finish_sum(struct pm_lane_emitter *e, const uint8_t partial[PM_LANE_TILE_MAX]);
void pm_emit_sum_result(struct pm_lane_emitter *e, const struct pm_lane_item *item,
                        const uint8_t partial[PM_LANE_TILE_MAX]);

/* Column items from `first` on, for `rows` rows from `row` on; returns where they end. */
int pm_emit_pass(struct pm_lane_emitter *e, int first, uint32_t row, uint32_t rows);

/* ---- regions: lane_emit_region.c ---- */

/* The items first .. end - 1 as one loop. False, and nothing written, when that takes too many
 * registers. */
bool pm_emit_region(struct pm_lane_emitter *e, int first, int end);

#endif
