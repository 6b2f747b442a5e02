#include "lane_native.h"

/* Neighbouring column items, run column by column for the rows of a tile. */
struct pass {
    int first, end;
    uint32_t row, rows;                 /* the tile */
    struct pm_lane_cache cells, wholes; /* of the column being written */
    /* By item and row: an outer product's element, a matrix-vector product's partial sums. */
    uint8_t left[PM_LANE_SUMS_MAX][PM_LANE_TILE_MAX];
    uint8_t partial[PM_LANE_SUMS_MAX][PM_LANE_TILE_MAX][PM_LANE_TILE_MAX];
};

/* Whether the item is an outer product with an element of each row. */
static bool is_outer(const struct pm_lane_item *item)
{
    const uint8_t op = item->step->operation.op;
    return (op == PM_LANE_OUTER || op == PM_LANE_FUSED_OUTER) && item->roles[0] == PM_LANE_ELEMENT;
}

static bool is_resident(const struct pm_lane_emitter *e, uint8_t slot, uint32_t column)
{
    return slot == e->resident_slot && column < e->resident_count;
}

/* An element that is read whole: kept in a register if more than one row of the tile reads it. */
static struct pm_x86_source whole_source(struct pm_lane_emitter *e, struct pass *pass,
                                         const struct pm_lane_item *item, int operand,
                                         uint32_t column)
{
    const uint8_t slot = item->slots[operand];
    if (is_resident(e, slot, column)) {
        return pm_x86_vector(e->resident[column]);
    }
    const struct pm_x86_source memory =
        pm_emit_from_memory(e, item->places[operand], PM_LANE_WHOLE, column);
    if (pass->rows == 1) {
        return memory;
    }
    const struct pm_lane_cached *entry = pm_cache_find(&pass->wholes, slot, 0);
    if (entry != NULL) {
        return pm_x86_vector(entry->vector);
    }
    if (pass->wholes.count == PM_LANE_CACHE_MAX) {
        e->exhausted = true;
        return memory;
    }
    const uint8_t vector = pm_emit_take(e);
    pm_x86_load(&e->x, vector, memory);
    pass->wholes.entries[pass->wholes.count++] =
        (struct pm_lane_cached){.slot = slot, .vector = vector};
    return pm_x86_vector(vector);
}

static void emit_cell_product(struct pm_lane_emitter *e, const uint8_t *partial, uint32_t column,
                              const struct pm_x86_source sources[3])
{
    const uint8_t to = partial[column % PM_LANE_TILE_MAX];
    if (column < PM_LANE_TILE_MAX) {
        pm_emit_product(e, to, sources);
        return;
    }
    const uint8_t product = pm_emit_take(e);
    pm_emit_product(e, product, sources);
    pm_x86_arithmetic(&e->x, PM_X86_ADD, to, to, pm_x86_vector(product));
    pm_emit_give(e, product);
}

static void emit_cell(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t column)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    const uint32_t row = e->row - pass->row;
    struct pm_x86_source sources[3] = {{0}};
    for (int operand = 0; operand < 3; operand++) {
        switch (item->roles[operand]) {
        case PM_LANE_SCALAR:
            sources[operand] = pm_emit_scalar(e, item, operand);
            break;
        case PM_LANE_ELEMENT:
            sources[operand] = pm_x86_vector(pass->left[i - pass->first][row]);
            break;
        case PM_LANE_WHOLE:
            sources[operand] = whole_source(e, pass, item, operand, column);
            break;
        case PM_LANE_CELL:
            sources[operand] = pm_cache_source(e, &pass->cells, i, pass->end, operand, column);
            break;
        case PM_LANE_NOTHING:
            break;
        }
    }
    if (item->step->operation.op == PM_LANE_MATRIX_VECTOR) {
        emit_cell_product(e, pass->partial[i - pass->first][row], column, sources);
        pm_cache_settle(e, &pass->cells, i, pass->end);
        return;
    }
    const uint8_t result = pm_emit_take(e);
    pm_emit_operation(e, item, result, sources);
    pm_cache_settle(e, &pass->cells, i, pass->end);
    pm_cache_result(e, &pass->cells, i, pass->end, result, column);
}

/* An outer product's element of the row gets a register, that of the row's value if nobody else
 * will need it. */
static void take_left(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t row)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    uint8_t *left = &pass->left[i - pass->first][row];
    struct pm_lane_cached *entry = pm_cache_find(&e->rows, item->slots[0], e->row);
    if (entry != NULL && item->next[0] >= e->end) {
        *left = entry->vector;
        *entry = e->rows.entries[--e->rows.count];
        return;
    }
    *left = pm_emit_take(e);
    pm_x86_load(&e->x, *left, pm_cache_source(e, &e->rows, i, e->end, 0, 0));
    pm_cache_settle(e, &e->rows, i, e->end);
}

/* A pass over several rows needs many registers: what memory holds too gives up its own. */
static void make_room(struct pm_lane_emitter *e)
{
    for (int k = e->rows.count - 1; k >= 0; k--) {
        if (e->rows.entries[k].in_memory) {
            pm_cache_forget(e, &e->rows, &e->rows.entries[k]);
        }
    }
}

static void start_pass_row(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t row)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    const int k = i - pass->first;
    e->row = pass->row + row;
    if (is_outer(item)) {
        take_left(e, pass, i, row);
    }
    for (uint32_t j = 0; j < PM_LANE_TILE_MAX && item->step->operation.op == PM_LANE_MATRIX_VECTOR;
         j++) {
        pass->partial[k][row][j] = pm_emit_take(e);
        if (j >= e->dim) {
            pm_x86_fill(&e->x, pass->partial[k][row][j], 0);
        }
    }
}

static void end_pass_row(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t row)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    const int k = i - pass->first;
    e->row = pass->row + row;
    if (is_outer(item)) {
        pm_emit_give(e, pass->left[k][row]);
    }
    if (item->step->operation.op == PM_LANE_MATRIX_VECTOR) {
        pm_emit_finish_sum(e, pass->partial[k][row]);
        pm_cache_result(e, &e->rows, i, e->end, pass->partial[k][row][0], 0);
    }
}

/* Whether the item after the pass can be part of it: it may not wait for an element that a product
 * of the pass yields at its end. */
static bool may_continue(const struct pm_lane_emitter *e, const struct pass *pass)
{
    const struct pm_lane_item *next = pm_emit_item(e, pass->end);
    if (next->part != PM_LANE_COLUMN || pass->end - pass->first == PM_LANE_SUMS_MAX) {
        return false;
    }
    for (int i = pass->first; i < pass->end; i++) {
        if (pm_lane_reads_as(next, pm_emit_item(e, i)->out, PM_LANE_ELEMENT)) {
            return false;
        }
    }
    return true;
}

static void emit_column(struct pm_lane_emitter *e, struct pass *pass, uint32_t column)
{
    for (uint32_t row = 0; row < pass->rows; row++) {
        e->row = pass->row + row;
        for (int i = pass->first; i < pass->end; i++) {
            emit_cell(e, pass, i, column);
        }
    }
    pm_cache_forget_all(e, &pass->cells);
    pm_cache_forget_all(e, &pass->wholes);
}

int pm_emit_pass(struct pm_lane_emitter *e, int first, uint32_t row, uint32_t rows)
{
    struct pass pass = {.first = first, .end = first, .row = row, .rows = rows};
    while (pass.end < e->end && may_continue(e, &pass)) {
        pass.end++;
    }
    for (int i = pass.first; i < pass.end; i++) {
        if (pm_lane_slot_kind(pm_emit_item(e, i)->out) == PM_KIND_MATRIX) {
            e->stored[i] =
                pm_emit_needs_memory(e, i, pass.end, pm_emit_item(e, i)->out, PM_LANE_CELL);
        }
        for (uint32_t k = 0; k < rows; k++) {
            start_pass_row(e, &pass, i, k);
        }
    }
    if (rows > 1) {
        make_room(e);
    }
    for (uint32_t column = 0; column < e->dim && !e->exhausted; column++) {
        emit_column(e, &pass, column);
    }
    for (int i = pass.first; i < pass.end; i++) {
        for (uint32_t k = 0; k < rows; k++) {
            end_pass_row(e, &pass, i, k);
        }
    }
    return pass.end;
}
