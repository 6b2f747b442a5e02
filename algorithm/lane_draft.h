/* Drafts: the instructions of a lane program before its registers have places. Private to
 * algorithm/. */
#ifndef POOLMINER_LANE_DRAFT_H
#define POOLMINER_LANE_DRAFT_H

#include "lane_program.h"

#include <poolminer/liveness.h>

static inline uint8_t pm_slot(enum pm_kind kind, unsigned index)
{
    return (uint8_t)((unsigned)kind * PM_REGISTER_COUNT_MAX + index);
}

static inline enum pm_kind pm_slot_kind(uint8_t slot)
{
    if (slot >= PM_SLOT_SCRATCH) {
        return (enum pm_kind)(slot - PM_SLOT_SCRATCH);
    }
    if (slot == PM_SLOT_LABEL) {
        return PM_KIND_SCALAR;
    }
    return slot == PM_SLOT_INPUT ? PM_KIND_VECTOR : (enum pm_kind)(slot / PM_REGISTER_COUNT_MAX);
}

struct pm_lane_draft {
    struct pm_lane_operation operation;
    uint8_t out, a, b, c; /* slots */
    uint8_t kinds[3];     /* of a, b, c: what is read of them, which may be less than all */
    bool gone;            /* fused into another */
    bool partial;         /* out keeps what it does not write */
    uint32_t count;       /* as in the step */
    uint32_t offset;      /* elements into out */
    uint32_t cost;        /* in about cycles for a group */
    float c0, c1;
    uint16_t phase, index;
};

/* The drafts of one section. */
struct pm_lane_drafts {
    struct pm_lane_draft *items;
    int count;
    struct pm_lane_slots live_out; /* what is read after the section */
};

/* What compilation knows of an algorithm. */
struct pm_lane_plan {
    const struct pm_algorithm *algorithm;
    struct pm_liveness liveness;
    uint32_t elements[PM_KIND_NONE]; /* of a register */
    bool input_fills;                /* v0 is as long as the input */
    bool input_stays; /* nothing in the loops writes v0: it is read where the input lies */
    bool label_stays; /* s1 is nothing but the label, in learn */
    bool label_used;  /* somebody reads s1 */
    bool random;      /* a live instruction draws */
    struct pm_lane_slots carried; /* registers that training hands to validation */
    struct pm_lane_slots uniform; /* that nothing writes, or one constant in setup alone */
    struct pm_lane_drafts sections[PM_LANE_SECTION_COUNT];
};

/* How many drafts each section of an algorithm may need. */
void pm_lane_draft_room(const struct pm_algorithm *algorithm, size_t room[PM_LANE_SECTION_COUNT]);

/* Writes the drafts of all sections: live instructions, with what the loops do around them. The
 * sections' `items` point to enough room. */
void pm_lane_draft_all(struct pm_lane_plan *plan, const struct pm_algorithm *algorithm);

/* Joins products with the sums that alone use them; marks what is gone. */
void pm_lane_fuse(struct pm_lane_drafts *drafts);

#endif
