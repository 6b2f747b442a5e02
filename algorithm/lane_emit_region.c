#include "lane_native.h"

#include <string.h>

/* A region is a loop over rows, with the scalar steps before it and the sums' results after it.
 * What a row computes stays in registers as long as a later step of the same row reads it, and goes
 * to memory only if something else does. Rows are done in tiles, step by step for all rows of the
 * tile: then an element that is read whole, or a column's, is loaded once for all of them. */

static void emit_tile(struct pm_lane_emitter *e, uint32_t row, uint32_t rows)
{
    int sums = 0;
    for (int i = e->first; i < e->end && !e->exhausted;) {
        const enum pm_lane_part part = pm_emit_item(e, i)->part;
        if (part == PM_LANE_COLUMN) {
            i = pm_emit_pass(e, i, row, rows);
            continue;
        }
        for (e->row = row; e->row < row + rows && part != PM_LANE_BEFORE; e->row++) {
            if (part == PM_LANE_ROW) {
                pm_emit_row_item(e, i);
            } else {
                pm_emit_sum_row(e, i, e->sums[sums]);
            }
        }
        sums += part == PM_LANE_SUM;
        i++;
    }
    if (!e->straight) {
        pm_cache_forget_all(e, &e->rows);
    }
}

static void emit_rows(struct pm_lane_emitter *e, uint32_t rows)
{
    for (uint32_t row = 0; row < rows; row += e->tiling.rows) {
        emit_tile(e, row, rows - row < e->tiling.rows ? rows - row : e->tiling.rows);
    }
}

static int count_part(const struct pm_lane_emitter *e, enum pm_lane_part part)
{
    int count = 0;
    for (int i = e->first; i < e->end; i++) {
        count += pm_emit_item(e, i)->part == part;
    }
    return count;
}

static void emit_loop(struct pm_lane_emitter *e)
{
    const bool columns = count_part(e, PM_LANE_COLUMN) > 0;
    const bool sums = count_part(e, PM_LANE_SUM) > 0;
    const uint32_t together = sums || !columns ? PM_LANE_TILE_MAX : e->tiling.rows;
    const uint32_t rounds = e->dim / together;
    e->indexed = rounds > 1 && !e->straight;
    if (!e->indexed) {
        emit_rows(e, e->dim);
        return;
    }
    const int32_t bytes = (int32_t)(together * PM_LANE_VECTOR_SIZE);
    pm_x86_set(&e->x, PM_X86_RCX, 0);
    pm_x86_set(&e->x, PM_X86_RDX, 0);
    const uint8_t *again = e->x.next;
    emit_rows(e, together);
    pm_x86_add(&e->x, PM_X86_RCX, bytes);
    if (columns) {
        pm_x86_add(&e->x, PM_X86_RDX, bytes * (int32_t)e->dim);
    }
    pm_x86_jump_if_below(&e->x, PM_X86_RCX, bytes * (int32_t)rounds, again);
    emit_rows(e, e->dim % together);
    e->indexed = false;
}

/* ---- the region ---- */

/* Vectors read whole in the region, the one that a matrix-vector product reads first. */
static int list_wholes(const struct pm_lane_emitter *e, uint8_t slots[2 * PM_LANE_SUMS_MAX],
                       struct pm_lane_place *first)
{
    int count = 0;
    for (int i = e->first; i < e->end; i++) {
        for (int operand = 0; operand < 3; operand++) {
            const struct pm_lane_item *item = pm_emit_item(e, i);
            const uint8_t slot = item->slots[operand];
            if (item->roles[operand] != PM_LANE_WHOLE ||
                (count > 0 && memchr(slots, slot, (size_t)count) != NULL) ||
                count == 2 * PM_LANE_SUMS_MAX) {
                continue;
            }
            slots[count++] = slot;
            if (count == 1 || item->step->operation.op == PM_LANE_MATRIX_VECTOR) {
                slots[count - 1] = slots[0];
                slots[0] = slot;
                *first = item->places[operand];
            }
        }
    }
    return count;
}

static void load_resident(struct pm_lane_emitter *e)
{
    uint8_t slots[2 * PM_LANE_SUMS_MAX];
    struct pm_lane_place place = {0};
    e->resident_count = 0;
    e->resident_slot = PM_SLOT_NONE;
    if (e->tiling.resident == 0 || list_wholes(e, slots, &place) == 0) {
        return;
    }
    e->resident_slot = slots[0];
    for (; e->resident_count < e->tiling.resident; e->resident_count++) {
        e->resident[e->resident_count] = pm_emit_take(e);
        pm_x86_load(&e->x, e->resident[e->resident_count],
                    pm_emit_from_memory(e, place, PM_LANE_WHOLE, e->resident_count));
    }
}

/* Scalars that were read from what the region has written are not that any more. */
static void forget_written(struct pm_lane_emitter *e)
{
    for (int i = e->first; i < e->end; i++) {
        if (pm_emit_item(e, i)->part == PM_LANE_ROW || pm_emit_item(e, i)->part == PM_LANE_COLUMN) {
            pm_cache_forget(e, &e->scalars, pm_cache_find(&e->scalars, pm_emit_item(e, i)->out, 0));
        }
    }
}

static void emit_items(struct pm_lane_emitter *e)
{
    int sums = 0;
    for (int i = e->first; i < e->end; i++) {
        e->stored[i] = pm_emit_needs_memory(e, i, pm_emit_horizon(e), pm_emit_item(e, i)->out,
                                            PM_LANE_ELEMENT);
    }
    for (int i = e->first; i < e->end; i++) {
        if (pm_emit_item(e, i)->part == PM_LANE_BEFORE) {
            pm_emit_scalar_item(e, i);
        }
    }
    if (e->end - e->first == count_part(e, PM_LANE_BEFORE)) {
        return;
    }
    pm_emit_settle_scalars(e);
    for (int i = e->first; i < e->end && sums < PM_LANE_SUMS_MAX; i++) {
        if (pm_emit_item(e, i)->part == PM_LANE_SUM) {
            pm_emit_start_sum(e, e->sums[sums++]);
        }
    }
    e->exhausted |= count_part(e, PM_LANE_SUM) > sums;
    load_resident(e);
    if (!e->exhausted) {
        emit_loop(e);
    }
    for (uint32_t column = 0; column < e->resident_count; column++) {
        pm_emit_give(e, e->resident[column]);
    }
    forget_written(e);
    sums = 0;
    for (int i = e->first; i < e->end && !e->exhausted; i++) {
        if (pm_emit_item(e, i)->part == PM_LANE_SUM) {
            pm_emit_sum_result(e, pm_emit_item(e, i), e->sums[sums++]);
        }
    }
}

/* Tilings from the one with the fewest loads of elements read whole: each costs a load for every
 * tile of rows, unless it is resident. */
static int list_tilings(const struct pm_lane_emitter *e, struct pm_lane_tiling out[6])
{
    uint8_t slots[2 * PM_LANE_SUMS_MAX];
    struct pm_lane_place place;
    const uint32_t most = e->dim < PM_LANES ? e->dim : PM_LANES;
    const int wholes = list_wholes(e, slots, &place);
    int count = 0;
    if (wholes > 1) {
        out[count++] = (struct pm_lane_tiling){4, 0};
    }
    if (wholes > 1) {
        out[count++] = (struct pm_lane_tiling){2, most};
    }
    if (wholes > 0) {
        out[count++] = (struct pm_lane_tiling){1, most};
    }
    if (wholes > 0) {
        out[count++] = (struct pm_lane_tiling){2, 0};
    }
    out[count++] = (struct pm_lane_tiling){1, 0};
    return count;
}

bool pm_emit_region(struct pm_lane_emitter *e, int first, int end)
{
    struct pm_lane_tiling tilings[6];
    const struct pm_lane_emitter before = *e;
    e->first = first;
    e->end = end;
    const int count = list_tilings(e, tilings);
    for (int i = 0; i < count; i++) {
        *e = before;
        e->first = first;
        e->end = end;
        e->tiling = tilings[i];
        emit_items(e);
        if (!e->exhausted) {
            return true;
        }
    }
    *e = before;
    return false;
}
