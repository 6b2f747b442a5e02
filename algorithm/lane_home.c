#include "lane_native.h"

/* Homes: vector registers that hold, all through training, what one example hands to the next. An
 * example then waits for the arithmetic of the one before, but not for its way through memory.
 * There are registers for one group of tasks only, so a section with homes trains one group after
 * another; where an example is a long chain of few operations, groups side by side are better. */

enum { HOME_VECTORS_MAX = 20 };

/* Cycles from an operation's operands to its result, about, on all processors with AVX-512. */
enum { LATENCY = 4, LATENCY_LONG = 16 };

/* ---- which registers ---- */

static bool is_element(const struct pm_lane_emitter *e, uint8_t slot)
{
    return slot < PM_SLOT_INPUT &&
           (pm_lane_slot_kind(slot) == PM_KIND_SCALAR ||
            (pm_lane_slot_kind(slot) == PM_KIND_VECTOR && e->dim <= PM_LANES));
}

/* Whether the item reads and writes the slot in no other way than element by element. */
static bool uses_elements(const struct pm_lane_item *item, uint8_t slot)
{
    const bool scalar = pm_lane_slot_kind(slot) == PM_KIND_SCALAR;
    for (int operand = 0; operand < 3; operand++) {
        if (item->slots[operand] == slot &&
            item->roles[operand] != (scalar ? PM_LANE_SCALAR : PM_LANE_ELEMENT)) {
            return false;
        }
    }
    return item->out != slot || scalar || item->part == PM_LANE_ROW;
}

static bool add_home(struct pm_lane_emitter *e, uint8_t slot, struct pm_lane_place place)
{
    const uint32_t vectors = pm_lane_slot_kind(slot) == PM_KIND_SCALAR ? 1 : e->dim;
    uint32_t used = vectors;
    for (int i = 0; i < e->list->count; i++) {
        if (!uses_elements(pm_emit_item(e, i), slot)) {
            return false;
        }
    }
    for (int i = 0; i < e->home_count; i++) {
        used += e->homes[i].vectors;
    }
    if (used > HOME_VECTORS_MAX || e->home_count == PM_LANE_HOMES_MAX) {
        return false;
    }
    e->homes[e->home_count++] =
        (struct pm_lane_home){.slot = slot, .vectors = (uint8_t)vectors, .place = place};
    return true;
}

static bool has_home(const struct pm_lane_emitter *e, uint8_t slot)
{
    for (int i = 0; i < e->home_count; i++) {
        if (e->homes[i].slot == slot) {
            return true;
        }
    }
    return false;
}

static bool find_all(struct pm_lane_emitter *e)
{
    for (int i = 0; i < e->list->count; i++) {
        const struct pm_lane_item *item = pm_emit_item(e, i);
        if (pm_lane_slots_has(&e->list->live_out, item->out) && !has_home(e, item->out) &&
            (!is_element(e, item->out) || !add_home(e, item->out, item->step->out))) {
            return false;
        }
    }
    return e->home_count > 0;
}

/* ---- whether they pay ---- */

static int latency_of(const struct pm_lane_emitter *e, const struct pm_lane_item *item)
{
    switch ((enum pm_lane_op)item->step->operation.op) {
    case PM_LANE_BINARY:
        return item->step->operation.which == PM_LANE_DIV ? LATENCY_LONG + LATENCY : LATENCY;
    case PM_LANE_FUSED_EACH:
    case PM_LANE_FUSED_SCALAR:
        return 2 * LATENCY;
    case PM_LANE_NORM:
    case PM_LANE_MEAN:
    case PM_LANE_DOT:
        return LATENCY * (int)(2 + e->dim / PM_LANE_TILE_MAX) +
               (item->step->operation.op == PM_LANE_DOT ? 0 : LATENCY_LONG);
    default:
        return LATENCY;
    }
}

/* Arithmetic on vectors, in operations. */
static int operations_of(const struct pm_lane_emitter *e, const struct pm_lane_item *item)
{
    const int rows = item->part == PM_LANE_BEFORE ? 1 : (int)e->dim;
    switch ((enum pm_lane_op)item->step->operation.op) {
    case PM_LANE_FUSED_EACH:
    case PM_LANE_FUSED_SCALAR:
    case PM_LANE_NORM:
    case PM_LANE_DOT:
        return 2 * rows;
    default:
        return rows;
    }
}

/* Cycles that an example takes at least because it waits for the one before. */
static int chain_of(const struct pm_lane_emitter *e)
{
    enum { ROUNDS = 2 };
    int ready[PM_LANE_SLOTS] = {0}, end[ROUNDS] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < e->list->count; i++) {
            const struct pm_lane_item *item = pm_emit_item(e, i);
            int start = 0;
            for (int operand = 0; operand < 3; operand++) {
                const uint8_t slot = item->slots[operand];
                if (slot != PM_SLOT_NONE && ready[slot] > start) {
                    start = ready[slot];
                }
            }
            ready[item->out] = start + latency_of(e, item);
            end[round] = ready[item->out] > end[round] ? ready[item->out] : end[round];
        }
    }
    return end[1] - end[0];
}

static bool is_worthwhile(const struct pm_lane_emitter *e)
{
    int operations = 0;
    for (int i = 0; i < e->list->count; i++) {
        operations += operations_of(e, pm_emit_item(e, i));
    }
    return chain_of(e) <= operations;
}

void pm_homes_choose(struct pm_lane_emitter *e)
{
    e->home_count = 0;
    if (e->section != PM_LANE_TRAIN || !e->straight || !find_all(e) || !is_worthwhile(e)) {
        e->home_count = 0;
    }
}

/* ---- what is in them ---- */

void pm_homes_load(struct pm_lane_emitter *e)
{
    for (int i = 0; i < e->home_count; i++) {
        struct pm_lane_home *home = &e->homes[i];
        for (uint32_t row = 0; row < home->vectors; row++) {
            home->vector[row] = pm_emit_take(e);
            pm_x86_load(&e->x, home->vector[row],
                        pm_emit_from_memory(e, home->place, PM_LANE_WHOLE, row));
        }
    }
}

void pm_homes_store(struct pm_lane_emitter *e)
{
    for (int i = 0; i < e->home_count; i++) {
        const struct pm_lane_home *home = &e->homes[i];
        for (uint32_t row = 0; row < home->vectors; row++) {
            pm_x86_store(&e->x, pm_emit_memory(e, home->place, PM_LANE_WHOLE, row),
                         home->vector[row]);
        }
    }
}

uint8_t pm_homes_find(const struct pm_lane_emitter *e, uint8_t slot, uint32_t row)
{
    for (int i = 0; i < e->home_count; i++) {
        if (e->homes[i].slot == slot) {
            return e->homes[i].vector[row];
        }
    }
    return PM_NO_VECTOR;
}

bool pm_homes_keep(struct pm_lane_emitter *e, uint8_t slot, uint32_t row, uint8_t result)
{
    const uint8_t vector = pm_homes_find(e, slot, row);
    if (vector == PM_NO_VECTOR) {
        return false;
    }
    pm_x86_load(&e->x, vector, pm_x86_vector(result));
    pm_emit_give(e, result);
    return true;
}
