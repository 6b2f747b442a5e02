#include "lane_native.h"

#include <string.h>

static struct pm_x86_source row_source(struct pm_lane_emitter *e, int i, int operand)
{
    return pm_emit_item(e, i)->roles[operand] == PM_LANE_SCALAR
               ? pm_emit_scalar(e, pm_emit_item(e, i), operand)
               : pm_cache_source(e, &e->rows, i, pm_emit_horizon(e), operand, 0);
}

void pm_emit_row_item(struct pm_lane_emitter *e, int i)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    struct pm_x86_source sources[3] = {{0}};
    for (int operand = 0; operand < 3; operand++) {
        if (item->roles[operand] != PM_LANE_NOTHING) {
            sources[operand] = row_source(e, i, operand);
        }
    }
    const uint8_t result = pm_emit_take(e);
    pm_emit_operation(e, item, result, sources);
    pm_cache_settle(e, &e->rows, i, pm_emit_horizon(e));
    pm_cache_result(e, &e->rows, i, pm_emit_horizon(e), result, 0);
}

/* ---- sums ---- */

/* Partial sums are their first terms, and +0 where there is no term. In a loop, where no row is
 * known to be the first, they start at -0, to which adding the first term gives that term. */
void pm_emit_start_sum(struct pm_lane_emitter *e, uint8_t partial[PM_LANE_TILE_MAX])
{
    for (uint32_t j = 0; j < PM_LANE_TILE_MAX; j++) {
        partial[j] = pm_emit_take(e);
        if (j >= e->dim) {
            pm_x86_fill(&e->x, partial[j], 0);
        } else if (!e->straight) {
            pm_x86_fill(&e->x, partial[j], UINT32_C(0x80000000));
        }
    }
}

void pm_emit_finish_sum(struct pm_lane_emitter *e, const uint8_t partial[PM_LANE_TILE_MAX])
{
    pm_x86_arithmetic(&e->x, PM_X86_ADD, partial[0], partial[0], pm_x86_vector(partial[1]));
    pm_x86_arithmetic(&e->x, PM_X86_ADD, partial[2], partial[2], pm_x86_vector(partial[3]));
    pm_x86_arithmetic(&e->x, PM_X86_ADD, partial[0], partial[0], pm_x86_vector(partial[2]));
    for (int j = 1; j < PM_LANE_TILE_MAX; j++) {
        pm_emit_give(e, partial[j]);
    }
}

/* Adds a term that is not rounded any more. */
static void add_term(struct pm_lane_emitter *e, uint8_t partial, struct pm_x86_source term)
{
    if (e->straight && e->row < PM_LANE_TILE_MAX) {
        pm_x86_load(&e->x, partial, term);
    } else {
        pm_x86_arithmetic(&e->x, PM_X86_ADD, partial, partial, term);
    }
}

static void emit_term(struct pm_lane_emitter *e, int i, uint8_t to)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    struct pm_x86_source sources[3] = {row_source(e, i, 0)};
    if (item->step->operation.op == PM_LANE_MEAN) {
        add_term(e, to, sources[0]);
        return;
    }
    if (item->step->operation.op == PM_LANE_DOT) {
        sources[1] = row_source(e, i, 1);
    } else {
        const uint8_t element = pm_emit_take(e);
        pm_x86_load(&e->x, element, sources[0]);
        sources[0] = sources[1] = pm_x86_vector(element);
        pm_emit_give(e, element);
    }
    if (e->straight && e->row < PM_LANE_TILE_MAX) {
        pm_emit_product(e, to, sources);
        return;
    }
    const uint8_t product = pm_emit_take(e);
    pm_emit_product(e, product, sources);
    add_term(e, to, pm_x86_vector(product));
    pm_emit_give(e, product);
}

void pm_emit_sum_row(struct pm_lane_emitter *e, int i, const uint8_t partial[PM_LANE_TILE_MAX])
{
    emit_term(e, i, partial[e->row % PM_LANE_TILE_MAX]);
    pm_cache_settle(e, &e->rows, i, pm_emit_horizon(e));
}

void pm_emit_sum_result(struct pm_lane_emitter *e, const struct pm_lane_item *item,
                        const uint8_t partial[PM_LANE_TILE_MAX])
{
    const uint8_t op = item->step->operation.op;
    pm_emit_finish_sum(e, partial);
    if (op == PM_LANE_NORM) {
        pm_x86_arithmetic(&e->x, PM_X86_SQRT, partial[0], 0, pm_x86_vector(partial[0]));
    } else if (op == PM_LANE_MEAN) {
        const uint8_t count = pm_emit_take(e);
        const float dim = (float)e->dim;
        uint32_t bits;
        memcpy(&bits, &dim, sizeof bits);
        pm_x86_fill(&e->x, count, bits);
        pm_x86_arithmetic(&e->x, PM_X86_DIV, partial[0], partial[0], pm_x86_vector(count));
        pm_emit_give(e, count);
    }
    pm_emit_set_scalar(e, item, partial[0]);
}
