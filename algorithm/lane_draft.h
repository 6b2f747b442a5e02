/* Drafts: the instructions of a lane program before its registers have places. Private to
 * algorithm/. */
#ifndef POOLMINER_LANE_DRAFT_H
#define POOLMINER_LANE_DRAFT_H

#include "lane_program.h"

#include <poolminer/liveness.h>

/* What a draft's operand names: register i of a kind is kind * 64 + i; then what is no register of
 * the algorithm. */
enum {
    PM_SLOT_INPUT = PM_KIND_NONE * PM_REGISTER_COUNT_MAX, /* the example, read where it lies */
    PM_SLOT_LABEL,
    PM_SLOT_SCRATCH, /* one of each kind */
    PM_SLOT_COUNT = PM_SLOT_SCRATCH + PM_KIND_NONE,
    PM_SLOT_NONE = 255
};
_Static_assert(PM_SLOT_COUNT < PM_SLOT_NONE, "a slot is a byte");

static inline uint8_t pm_slot(enum pm_kind kind, unsigned index)
{
    return (uint8_t)((unsigned)kind * PM_REGISTER_COUNT_MAX + index);
}

static inline enum pm_kind pm_slot_kind(uint8_t slot)
{
    if (slot >= PM_SLOT_SCRATCH)
        return (enum pm_kind)(slot - PM_SLOT_SCRATCH);
    if (slot == PM_SLOT_LABEL)
        return PM_KIND_SCALAR;
    return slot == PM_SLOT_INPUT ? PM_KIND_VECTOR : (enum pm_kind)(slot / PM_REGISTER_COUNT_MAX);
}

/* What a draft is to fusion. */
enum pm_draft_role {
    PM_DRAFT_OTHER,
    PM_DRAFT_PRODUCT_EACH,   /* out = a * b */
    PM_DRAFT_PRODUCT_SCALAR, /* out = a * b, a one element */
    PM_DRAFT_PRODUCT_OUTER,  /* out = outer(a, b) */
    PM_DRAFT_SUM,            /* out = a + b, element by element */
    PM_DRAFT_DIFFERENCE,     /* out = a - b */
    PM_DRAFT_GONE            /* fused into another */
};

struct pm_lane_draft {
    pm_lane_kernel *kernel;
    uint8_t role; /* enum pm_draft_role */
    uint8_t out, a, b, c;
    bool partial;    /* out keeps what it does not write */
    uint32_t cost;   /* in about cycles for a group */
    uint32_t count;  /* as in the step */
    uint32_t offset; /* elements into out */
    float c0, c1;
    uint16_t phase, index;
};

/* The drafts of one section. */
struct pm_lane_drafts {
    struct pm_lane_draft *items;
    int count;
    uint64_t live_out[PM_KIND_NONE]; /* registers that are read after the section */
};

/* Joins products with the sums that alone use them; leaves PM_DRAFT_GONE behind. */
void pm_lane_fuse(struct pm_lane_drafts *drafts, const struct pm_lane_kernels *kernels);

#endif
