/* Regions: which steps of a section native code runs in one loop over the rows of their registers.
 * Private to algorithm/. */
#ifndef POOLMINER_LANE_REGION_H
#define POOLMINER_LANE_REGION_H

#include "lane_program.h"

/* What an operand or a result is to a loop over rows. */
enum pm_lane_role {
    PM_LANE_NOTHING,
    PM_LANE_SCALAR,  /* the same in every row */
    PM_LANE_ELEMENT, /* a vector's element of this row */
    PM_LANE_WHOLE,   /* all of a vector, in every row: one element a column */
    PM_LANE_CELL     /* a matrix's elements of this row, one a column */
};

/* How a step takes part in a region. */
enum pm_lane_part {
    PM_LANE_CALL,   /* not at all: its kernel is called */
    PM_LANE_BEFORE, /* scalars only: before the loop */
    PM_LANE_ROW,    /* once a row */
    PM_LANE_SUM,    /* adds something in every row; its scalar is there after the loop */
    PM_LANE_COLUMN  /* once a row and column */
};

/* What is known of the operands of a minimum or maximum, which need care with what is no number. */
enum pm_lane_choice {
    PM_LANE_ANY,
    PM_LANE_A_NUMBER, /* a is a constant, and constants are numbers */
    PM_LANE_B_NUMBER, /* b is one, and not 0 */
    PM_LANE_B_ZERO    /* b is +0 */
};

/* No item. */
enum { PM_LANE_NEVER = INT16_MAX };

/* A step as native code sees it. In a section that was turned round, what belongs to the next
 * example reads its input as PM_LANE_SLOT_NEXT_INPUT. */
struct pm_lane_item {
    const struct pm_lane_step *step;
    enum pm_lane_part part;
    enum pm_lane_choice choice;
    uint8_t out, slots[3]; /* of the result, and of the operands a, b, c */
    struct pm_lane_place places[3];
    enum pm_lane_role roles[3];
    /* Which item reads what is in an operand's register, or in the result's, next and in the same
     * role; PM_LANE_NEVER if it is overwritten before, or not read any more. */
    int16_t next[3], next_out;
};
enum {
    PM_LANE_SLOT_NEXT_INPUT = PM_SLOT_COUNT,
    PM_LANE_SLOTS, /* how many there are */
    PM_LANE_ITEMS_MAX = 256,
};

struct pm_lane_items {
    struct pm_lane_item items[PM_LANE_ITEMS_MAX];
    int count;
    int turned;                    /* how many of the first steps now stand at the end */
    struct pm_lane_slots live_out; /* read after the end: by the next round, or by what follows */
};

enum pm_kind pm_lane_slot_kind(uint8_t slot);
/* Whether the item reads the slot in the role; in any role at all. */
bool pm_lane_reads_as(const struct pm_lane_item *item, uint8_t slot, enum pm_lane_role role);
bool pm_lane_reads(const struct pm_lane_item *item, uint8_t slot);

/* The items of a section, for registers of `dim` elements; false when they are too many. */
bool pm_lane_items_list(const struct pm_lane_program *program, enum pm_lane_section section,
                        struct pm_lane_items *out);

/* Whether the list is short enough, and so are vectors, to be written out row by row. */
bool pm_lane_items_straight(const struct pm_lane_items *list, uint32_t dim);

/* How many items from `first` on form a region. */
int pm_lane_region_length(const struct pm_lane_items *list, int first);

#endif
