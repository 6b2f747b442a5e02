#include "lane_region.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 32 }; /* columns are unrolled */

enum pm_kind pm_lane_slot_kind(uint8_t slot)
{
    if (slot == PM_LANE_SLOT_NEXT_INPUT || slot == PM_SLOT_INPUT) {
        return PM_KIND_VECTOR;
    }
    if (slot == PM_SLOT_LABEL) {
        return PM_KIND_SCALAR;
    }
    if (slot >= PM_SLOT_SCRATCH) {
        return (enum pm_kind)(slot - PM_SLOT_SCRATCH);
    }
    return (enum pm_kind)(slot / PM_REGISTER_COUNT_MAX);
}

bool pm_lane_reads_as(const struct pm_lane_item *item, uint8_t slot, enum pm_lane_role role)
{
    return (item->slots[0] == slot && item->roles[0] == role) ||
           (item->slots[1] == slot && item->roles[1] == role) ||
           (item->slots[2] == slot && item->roles[2] == role);
}

bool pm_lane_reads(const struct pm_lane_item *item, uint8_t slot)
{
    return item->slots[0] == slot || item->slots[1] == slot || item->slots[2] == slot;
}

/* By what is read of the operand, which may be less than its register. */
static enum pm_lane_role role_of(const struct pm_lane_item *item, int operand)
{
    if (item->slots[operand] == PM_SLOT_NONE) {
        return PM_LANE_NOTHING;
    }
    switch ((enum pm_kind)item->step->kinds[operand]) {
    case PM_KIND_SCALAR:
        return PM_LANE_SCALAR;
    case PM_KIND_MATRIX:
        return PM_LANE_CELL;
    default:
        break;
    }
    const uint8_t op = item->step->operation.op;
    const bool left_of_outer = (op == PM_LANE_OUTER || op == PM_LANE_FUSED_OUTER) && operand == 0;
    return item->part == PM_LANE_COLUMN && !left_of_outer ? PM_LANE_WHOLE : PM_LANE_ELEMENT;
}

/* The value of a uniform register: what setup's only step that writes it says, or 0. */
static float uniform_value(const struct pm_lane_program *program, uint8_t slot)
{
    const struct pm_lane_step *steps = pm_lane_section_steps(program, PM_LANE_SETUP);
    for (int i = 0; i < program->step_count[PM_LANE_SETUP]; i++) {
        if (steps[i].out_slot == slot) {
            return steps[i].c0;
        }
    }
    return 0.0f;
}

static enum pm_lane_choice choice_of(const struct pm_lane_program *program,
                                     const struct pm_lane_step *step)
{
    if (step->a_slot != PM_SLOT_NONE && pm_lane_slots_has(&program->uniform, step->a_slot)) {
        return PM_LANE_A_NUMBER;
    }
    if (step->b_slot == PM_SLOT_NONE || !pm_lane_slots_has(&program->uniform, step->b_slot)) {
        return PM_LANE_ANY;
    }
    const float b = uniform_value(program, step->b_slot);
    if (b != 0.0f) {
        return PM_LANE_B_NUMBER;
    }
    return signbit(b) ? PM_LANE_ANY : PM_LANE_B_ZERO;
}

/* ---- parts ---- */

/* The part of a step that writes every element of its destination, each from its operands' same
 * elements, by the destination's kind. */
static enum pm_lane_part part_by_kind(const struct pm_lane_step *step, uint32_t dim)
{
    switch (pm_lane_slot_kind(step->out_slot)) {
    case PM_KIND_SCALAR:
        return PM_LANE_BEFORE;
    case PM_KIND_VECTOR:
        return step->count == dim ? PM_LANE_ROW : PM_LANE_CALL;
    default:
        return dim <= COLUMNS_MAX ? PM_LANE_COLUMN : PM_LANE_CALL;
    }
}

static enum pm_lane_part part_of(const struct pm_lane_step *step, uint32_t dim)
{
    switch ((enum pm_lane_op)step->operation.op) {
    case PM_LANE_UNARY:
        return step->operation.which <= PM_LANE_HEAVISIDE ? part_by_kind(step, dim) : PM_LANE_CALL;
    case PM_LANE_BINARY:
    case PM_LANE_FUSED_EACH:
    case PM_LANE_FUSED_SCALAR:
    case PM_LANE_CONSTANT:
    case PM_LANE_SPREAD_SCALAR:
        return part_by_kind(step, dim);
    case PM_LANE_SPREAD_ROW:
    case PM_LANE_OUTER:
    case PM_LANE_FUSED_OUTER:
    case PM_LANE_MATRIX_VECTOR:
        return dim <= COLUMNS_MAX ? PM_LANE_COLUMN : PM_LANE_CALL;
    case PM_LANE_DOT:
        return PM_LANE_SUM;
    case PM_LANE_NORM:
    case PM_LANE_MEAN:
        return pm_lane_slot_kind(step->a_slot) == PM_KIND_VECTOR ? PM_LANE_SUM : PM_LANE_CALL;
    default:
        return PM_LANE_CALL;
    }
}

/* ---- regions ---- */

struct region {
    struct pm_lane_slots written; /* vectors and matrices, row by row */
    struct pm_lane_slots whole;   /* vectors read whole */
    struct pm_lane_slots sums;    /* scalars that are there after the loop */
    struct pm_lane_slots scalars; /* that the loop reads */
    bool loops;
};

/* A matrix's first row that is read as a vector: not in step with the matrix's own rows. */
static bool is_first_row(const struct pm_lane_item *item, int operand)
{
    return item->roles[operand] == PM_LANE_ELEMENT &&
           pm_lane_slot_kind(item->slots[operand]) == PM_KIND_MATRIX;
}

/* Whether an item may join: every row of the loop must find what it reads, and nothing that a later
 * row, or the loop's start, still needs may be overwritten. */
static bool may_join(const struct region *region, const struct pm_lane_item *item)
{
    for (int operand = 0; operand < 3; operand++) {
        const uint8_t slot = item->slots[operand];
        const enum pm_lane_role role = item->roles[operand];
        if (role == PM_LANE_SCALAR && pm_lane_slots_has(&region->sums, slot)) {
            return false;
        }
        if ((role == PM_LANE_SCALAR || role == PM_LANE_WHOLE || is_first_row(item, operand)) &&
            pm_lane_slots_has(&region->written, slot)) {
            return false;
        }
    }
    if (item->part == PM_LANE_BEFORE) {
        return !pm_lane_slots_has(&region->scalars, item->out) &&
               !pm_lane_slots_has(&region->sums, item->out);
    }
    return !pm_lane_slots_has(&region->whole, item->out);
}

static void join(struct region *region, const struct pm_lane_item *item)
{
    if (item->part == PM_LANE_BEFORE) {
        return;
    }
    region->loops = true;
    for (int operand = 0; operand < 3; operand++) {
        if (item->roles[operand] == PM_LANE_SCALAR) {
            pm_lane_slots_add(&region->scalars, item->slots[operand]);
        } else if (item->roles[operand] == PM_LANE_WHOLE || is_first_row(item, operand)) {
            pm_lane_slots_add(&region->whole, item->slots[operand]);
        }
    }
    pm_lane_slots_add(item->part == PM_LANE_SUM ? &region->sums : &region->written, item->out);
}

int pm_lane_region_length(const struct pm_lane_items *list, int first)
{
    struct region region = {.loops = false};
    int i = first;
    if (list->items[first].part == PM_LANE_CALL) {
        return 1;
    }
    for (; i < list->count; i++) {
        if (list->items[i].part == PM_LANE_CALL || !may_join(&region, &list->items[i])) {
            break;
        }
        join(&region, &list->items[i]);
    }
    return i - first;
}

static int count_regions(const struct pm_lane_items *list)
{
    int regions = 0;
    for (int i = 0; i < list->count; i += pm_lane_region_length(list, i)) {
        regions++;
    }
    return regions;
}

/* ---- turning a training section round ---- */

/* Training repeats its section: with the first region at the end, reading the next example, a loop
 * that updates a register and the loop that next reads it become one. The first example's first
 * region is run beforehand; the last example's run of the next one's must leave no trace, so it may
 * write nothing that validation reads. */
static bool may_turn(const struct pm_lane_program *program, const struct pm_lane_items *list,
                     int length)
{
    for (int i = 0; i < length; i++) {
        const struct pm_lane_item *item = &list->items[i];
        if (item->part == PM_LANE_CALL || pm_lane_slots_has(&program->carried, item->out) ||
            pm_lane_reads(item, PM_SLOT_LABEL)) {
            return false;
        }
    }
    return length < list->count;
}

static void read_next_input(struct pm_lane_item *item, uint32_t input_bytes)
{
    for (int operand = 0; operand < 3; operand++) {
        if (item->slots[operand] == PM_SLOT_INPUT) {
            item->slots[operand] = PM_LANE_SLOT_NEXT_INPUT;
            item->places[operand].offset += input_bytes;
        }
    }
}

static void turn(const struct pm_lane_program *program, const struct pm_lane_items *list,
                 int length, struct pm_lane_items *out)
{
    const uint32_t input_bytes = (uint32_t)program->input_dim * PM_LANE_VECTOR_SIZE;
    out->count = list->count;
    for (int i = 0; i < list->count; i++) {
        struct pm_lane_item *item = &out->items[i];
        *item = list->items[(i + length) % list->count];
        if (i >= list->count - length) {
            read_next_input(item, input_bytes);
        }
    }
}

/* ---- lists ---- */

static bool writes_all(const struct pm_lane_item *item, uint32_t dim)
{
    return pm_lane_slot_kind(item->out) != PM_KIND_VECTOR || item->part != PM_LANE_CALL ||
           item->step->count >= dim;
}

/* What is read at the start of the list, given what is read after its end. */
static struct pm_lane_slots live_in(const struct pm_lane_items *list, uint32_t dim,
                                    struct pm_lane_slots live)
{
    for (int i = list->count - 1; i >= 0; i--) {
        const struct pm_lane_item *item = &list->items[i];
        if (writes_all(item, dim)) {
            pm_lane_slots_drop(&live, item->out);
        }
        for (int operand = 0; operand < 3; operand++) {
            if (item->slots[operand] != PM_SLOT_NONE) {
                pm_lane_slots_add(&live, item->slots[operand]);
            }
        }
    }
    return live;
}

/* Fills in who reads next. */
static void link_reads(struct pm_lane_items *list)
{
    enum { ROLES = PM_LANE_CELL + 1 };
    int16_t next[ROLES][PM_LANE_SLOTS];
    for (int role = 0; role < ROLES; role++) {
        for (int slot = 0; slot < PM_LANE_SLOTS; slot++) {
            next[role][slot] = PM_LANE_NEVER;
        }
    }
    for (int i = list->count - 1; i >= 0; i--) {
        struct pm_lane_item *item = &list->items[i];
        const bool matrix = pm_lane_slot_kind(item->out) == PM_KIND_MATRIX;
        item->next_out = next[matrix ? PM_LANE_CELL : PM_LANE_ELEMENT][item->out];
        for (int role = 0; role < ROLES; role++) {
            next[role][item->out] = PM_LANE_NEVER;
        }
        for (int operand = 0; operand < 3; operand++) {
            if (item->slots[operand] != PM_SLOT_NONE) {
                item->next[operand] = next[item->roles[operand]][item->slots[operand]];
            }
        }
        for (int operand = 0; operand < 3; operand++) {
            if (item->slots[operand] != PM_SLOT_NONE) {
                next[item->roles[operand]][item->slots[operand]] = (int16_t)i;
            }
        }
    }
}

static struct pm_lane_item item_of(const struct pm_lane_program *program,
                                   const struct pm_lane_step *step)
{
    struct pm_lane_item item = {
        .step = step,
        .part = part_of(step, program->dim),
        .choice = choice_of(program, step),
        .out = step->out_slot,
        .slots = {step->a_slot, step->b_slot, step->c_slot},
        .places = {step->a, step->b, step->c},
    };
    for (int operand = 0; operand < 3; operand++) {
        item.roles[operand] = role_of(&item, operand);
    }
    return item;
}

bool pm_lane_items_straight(const struct pm_lane_items *list, uint32_t dim)
{
    enum { STRAIGHT_MAX = 32 };
    if (dim > PM_LANES || list->count > STRAIGHT_MAX) {
        return false;
    }
    for (int i = 0; i < list->count; i++) {
        if (list->items[i].part == PM_LANE_CALL || list->items[i].part == PM_LANE_COLUMN) {
            return false;
        }
    }
    return true;
}

/* Training with its first region turned to the end, if that makes two loops one. */
static void try_turning(const struct pm_lane_program *program, struct pm_lane_items *list)
{
    struct pm_lane_items turned;
    const int length = pm_lane_region_length(list, 0);
    if (!may_turn(program, list, length)) {
        return;
    }
    turn(program, list, length, &turned);
    if (count_regions(&turned) >= count_regions(list)) {
        return;
    }
    const struct pm_lane_slots next_round = live_in(&turned, program->dim, program->carried);
    for (size_t i = 0; i < sizeof next_round.bits / sizeof *next_round.bits; i++) {
        list->live_out.bits[i] = program->carried.bits[i] | next_round.bits[i];
    }
    list->turned = length;
    memcpy(list->items, turned.items, (size_t)turned.count * sizeof *turned.items);
}

bool pm_lane_items_list(const struct pm_lane_program *program, enum pm_lane_section section,
                        struct pm_lane_items *out)
{
    const struct pm_lane_step *steps = pm_lane_section_steps(program, section);
    out->count = program->step_count[section];
    out->turned = 0;
    out->live_out = program->live_out[section];
    if (out->count > PM_LANE_ITEMS_MAX) {
        return false;
    }
    for (int i = 0; i < out->count; i++) {
        out->items[i] = item_of(program, &steps[i]);
    }
    if (section == PM_LANE_TRAIN && out->count > 0 && !pm_lane_items_straight(out, program->dim)) {
        try_turning(program, out);
    }
    link_reads(out);
    return true;
}
