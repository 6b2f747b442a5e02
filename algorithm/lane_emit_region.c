#include "lane_native.h"

#include <string.h>

/* A region is a loop over rows, with the scalar steps before it and the sums' results after it.
 * What a row computes stays in registers as long as a later step of the same row reads it, and goes
 * to memory only if something else does. Rows are done in tiles, step by step for all rows of the
 * tile: then an element that is read whole, or a column's, is loaded once for all of them. */

static const struct pm_lane_item *item_at(const struct pm_lane_emitter *e, int i)
{
    return &e->list->items[i];
}

static bool reads_as(const struct pm_lane_item *item, uint8_t slot, enum pm_lane_role role)
{
    for (int operand = 0; operand < 3; operand++)
        if (pm_lane_operand_slot(&item->step, operand) == slot &&
            pm_lane_role_of(item, operand) == role)
            return true;
    return false;
}

static bool reads_at_all(const struct pm_lane_item *item, uint8_t slot)
{
    return reads_as(item, slot, PM_LANE_SCALAR) || reads_as(item, slot, PM_LANE_ELEMENT) ||
           reads_as(item, slot, PM_LANE_WHOLE) || reads_as(item, slot, PM_LANE_CELL);
}

/* Whether items after `i` and before `end` read what is in the slot now. */
static bool read_again(const struct pm_lane_emitter *e, int i, int end, uint8_t slot,
                       enum pm_lane_role role)
{
    for (i++; i < end; i++) {
        if (reads_as(item_at(e, i), slot, role))
            return true;
        if (item_at(e, i)->step.out_slot == slot)
            return false;
    }
    return false;
}

/* Whether what is in the slot after item `i` is read from memory: by anything but the items before
 * `end`, which find it in a register. */
static bool needs_memory(const struct pm_lane_emitter *e, int i, int end, uint8_t slot)
{
    for (int j = i + 1; j < e->list->count; j++) {
        const struct pm_lane_item *item = item_at(e, j);
        if (j >= end && reads_at_all(item, slot))
            return true;
        if (item->step.out_slot == slot)
            return item->part == PM_LANE_CALL;
    }
    return pm_lane_slots_has(&e->list->live_out, slot);
}

/* ---- caches ---- */

static struct pm_lane_cached *find(struct pm_lane_cache *cache, uint8_t slot, uint32_t row)
{
    for (int i = 0; i < cache->count; i++)
        if (cache->entries[i].slot == slot && cache->entries[i].row == row)
            return &cache->entries[i];
    return NULL;
}

static void forget(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                   struct pm_lane_cached *entry)
{
    if (entry == NULL)
        return;
    pm_emit_give(e, entry->vector);
    *entry = cache->entries[--cache->count];
}

static void remember(struct pm_lane_emitter *e, struct pm_lane_cache *cache, uint8_t slot,
                     uint8_t vector, bool in_memory)
{
    forget(e, cache, find(cache, slot, e->row));
    if (cache->count == PM_LANE_CACHE_MAX) {
        e->exhausted = true;
        return;
    }
    cache->entries[cache->count++] =
        (struct pm_lane_cached){slot, (uint8_t)e->row, vector, in_memory};
}

/* Gives back the registers of what no item after `i` reads before `end`. */
static void release(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i, int end,
                    enum pm_lane_role role)
{
    for (int k = cache->count - 1; k >= 0; k--)
        if (!read_again(e, i, end, cache->entries[k].slot, role))
            forget(e, cache, &cache->entries[k]);
}

static bool is_read_twice(const struct pm_lane_step *step, int operand)
{
    const uint8_t slot = pm_lane_operand_slot(step, operand);
    return pm_lane_operand_slot(step, (operand + 1) % 3) == slot ||
           pm_lane_operand_slot(step, (operand + 2) % 3) == slot;
}

/* An element of a row, or a cell: in a register if it is there or will be read again. */
static struct pm_x86_source cached_source(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                                          int i, int end, int operand, uint32_t column)
{
    const struct pm_lane_item *item = item_at(e, i);
    const uint8_t slot = pm_lane_operand_slot(&item->step, operand);
    const enum pm_lane_role role = pm_lane_role_of(item, operand);
    const struct pm_lane_cached *entry = find(cache, slot, e->row);
    if (entry != NULL)
        return pm_x86_vector(entry->vector);
    const struct pm_x86_source memory = {
        .in_memory = true,
        .memory = pm_emit_memory(e, pm_lane_operand_place(&item->step, operand), role, column)};
    const bool last = item->step.out_slot == slot || !read_again(e, i, end, slot, role);
    if (last && !is_read_twice(&item->step, operand))
        return memory;
    const uint8_t vector = pm_emit_take(e);
    pm_x86_load(&e->x, vector, memory);
    remember(e, cache, slot, vector, true);
    return pm_x86_vector(vector);
}

static struct pm_x86_source scalar_source(struct pm_lane_emitter *e,
                                          const struct pm_lane_item *item, int operand)
{
    return pm_emit_scalar(e, pm_lane_operand_slot(&item->step, operand),
                          pm_lane_operand_place(&item->step, operand));
}

static void emit_product(struct pm_lane_emitter *e, uint8_t out,
                         const struct pm_x86_source sources[3])
{
    const struct pm_lane_step multiply = {.operation = {PM_LANE_BINARY, PM_LANE_MUL, PM_LANE_EACH}};
    pm_emit_operation(e, &multiply, out, sources);
}

/* ---- sums ---- */

/* Partial sums start at -0, which added to the first term gives that term; where there is no term
 * they stay at +0. */
static void start_sum(struct pm_lane_emitter *e, uint8_t partial[PM_LANE_TILE_MAX])
{
    for (uint32_t j = 0; j < PM_LANE_TILE_MAX; j++) {
        partial[j] = pm_emit_take(e);
        pm_x86_fill(&e->x, partial[j], j < e->dim ? UINT32_C(0x80000000) : 0);
    }
}

/* The sum in partial[0]; the others' registers are given back. */
static void finish_sum(struct pm_lane_emitter *e, const uint8_t partial[PM_LANE_TILE_MAX])
{
    pm_x86_arithmetic(&e->x, PM_X86_ADD, partial[0], partial[0], pm_x86_vector(partial[1]));
    pm_x86_arithmetic(&e->x, PM_X86_ADD, partial[2], partial[2], pm_x86_vector(partial[3]));
    pm_x86_arithmetic(&e->x, PM_X86_ADD, partial[0], partial[0], pm_x86_vector(partial[2]));
    for (int j = 1; j < PM_LANE_TILE_MAX; j++)
        pm_emit_give(e, partial[j]);
}

static void emit_sum_row(struct pm_lane_emitter *e, int i, const uint8_t partial[PM_LANE_TILE_MAX])
{
    const struct pm_lane_item *item = item_at(e, i);
    const uint8_t to = partial[e->row % PM_LANE_TILE_MAX];
    struct pm_x86_source sources[3] = {cached_source(e, &e->rows, i, e->end, 0, 0)};
    if (item->step.operation.op == PM_LANE_MEAN) {
        pm_x86_arithmetic(&e->x, PM_X86_ADD, to, to, sources[0]);
        return;
    }
    if (item->step.operation.op == PM_LANE_DOT) {
        sources[1] = cached_source(e, &e->rows, i, e->end, 1, 0);
    } else {
        const uint8_t element = pm_emit_take(e);
        pm_x86_load(&e->x, element, sources[0]);
        sources[0] = sources[1] = pm_x86_vector(element);
        pm_emit_give(e, element);
    }
    const uint8_t product = pm_emit_take(e);
    emit_product(e, product, sources);
    pm_x86_arithmetic(&e->x, PM_X86_ADD, to, to, pm_x86_vector(product));
    pm_emit_give(e, product);
}

static void emit_sum_result(struct pm_lane_emitter *e, const struct pm_lane_step *step,
                            const uint8_t partial[PM_LANE_TILE_MAX])
{
    finish_sum(e, partial);
    if (step->operation.op == PM_LANE_NORM) {
        pm_x86_arithmetic(&e->x, PM_X86_SQRT, partial[0], 0, pm_x86_vector(partial[0]));
    } else if (step->operation.op == PM_LANE_MEAN) {
        const uint8_t count = pm_emit_take(e);
        const float dim = (float)e->dim;
        uint32_t bits;
        memcpy(&bits, &dim, sizeof bits);
        pm_x86_fill(&e->x, count, bits);
        pm_x86_arithmetic(&e->x, PM_X86_DIV, partial[0], partial[0], pm_x86_vector(count));
        pm_emit_give(e, count);
    }
    pm_emit_set_scalar(e, step, partial[0]);
}

/* ---- rows ---- */

/* What a row has computed for the vector that item `i` writes. */
static void keep_row(struct pm_lane_emitter *e, int i, uint8_t result)
{
    const struct pm_lane_step *step = &item_at(e, i)->step;
    const bool stored = needs_memory(e, i, e->end, step->out_slot);
    if (stored)
        pm_x86_store(&e->x, pm_emit_memory(e, step->out, PM_LANE_ELEMENT, 0), result);
    remember(e, &e->rows, step->out_slot, result, stored);
}

static void emit_row_item(struct pm_lane_emitter *e, int i)
{
    const struct pm_lane_item *item = item_at(e, i);
    struct pm_x86_source sources[3] = {{0}};
    for (int operand = 0; operand < 3; operand++) {
        const enum pm_lane_role role = pm_lane_role_of(item, operand);
        if (role == PM_LANE_SCALAR)
            sources[operand] = scalar_source(e, item, operand);
        else if (role == PM_LANE_ELEMENT)
            sources[operand] = cached_source(e, &e->rows, i, e->end, operand, 0);
    }
    const uint8_t result = pm_emit_take(e);
    pm_emit_operation(e, &item->step, result, sources);
    keep_row(e, i, result);
}

/* ---- columns ---- */

/* Neighbouring column items, run column by column for the rows of a tile. */
struct pass {
    int first, end;
    uint32_t row, rows;                 /* the tile */
    struct pm_lane_cache cells, wholes; /* of the column being written */
    /* By item and row: an outer product's element, a matrix-vector product's partial sums. */
    uint8_t left[PM_LANE_SUMS_MAX][PM_LANE_TILE_MAX];
    uint8_t partial[PM_LANE_SUMS_MAX][PM_LANE_TILE_MAX][PM_LANE_TILE_MAX];
};

static bool is_outer(const struct pm_lane_step *step)
{
    return step->operation.op == PM_LANE_OUTER || step->operation.op == PM_LANE_FUSED_OUTER;
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
    const uint8_t slot = pm_lane_operand_slot(&item->step, operand);
    if (is_resident(e, slot, column))
        return pm_x86_vector(e->resident[column]);
    const struct pm_x86_source memory = {
        .in_memory = true,
        .memory =
            pm_emit_memory(e, pm_lane_operand_place(&item->step, operand), PM_LANE_WHOLE, column)};
    if (pass->rows == 1)
        return memory;
    const struct pm_lane_cached *entry = find(&pass->wholes, slot, 0);
    if (entry != NULL)
        return pm_x86_vector(entry->vector);
    if (pass->wholes.count == PM_LANE_CACHE_MAX) {
        e->exhausted = true;
        return memory;
    }
    const uint8_t vector = pm_emit_take(e);
    pm_x86_load(&e->x, vector, memory);
    pass->wholes.entries[pass->wholes.count++] = (struct pm_lane_cached){slot, 0, vector, true};
    return pm_x86_vector(vector);
}

static void emit_cell_product(struct pm_lane_emitter *e, const uint8_t *partial, uint32_t column,
                              const struct pm_x86_source sources[3])
{
    const uint8_t to = partial[column % PM_LANE_TILE_MAX];
    if (column < PM_LANE_TILE_MAX) {
        emit_product(e, to, sources);
        return;
    }
    const uint8_t product = pm_emit_take(e);
    emit_product(e, product, sources);
    pm_x86_arithmetic(&e->x, PM_X86_ADD, to, to, pm_x86_vector(product));
    pm_emit_give(e, product);
}

static void emit_cell(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t column)
{
    const struct pm_lane_item *item = item_at(e, i);
    const uint32_t row = e->row - pass->row;
    struct pm_x86_source sources[3] = {{0}};
    for (int operand = 0; operand < 3; operand++)
        switch (pm_lane_role_of(item, operand)) {
        case PM_LANE_SCALAR:
            sources[operand] = scalar_source(e, item, operand);
            break;
        case PM_LANE_ELEMENT:
            sources[operand] = pm_x86_vector(pass->left[i - pass->first][row]);
            break;
        case PM_LANE_WHOLE:
            sources[operand] = whole_source(e, pass, item, operand, column);
            break;
        case PM_LANE_CELL:
            sources[operand] = cached_source(e, &pass->cells, i, pass->end, operand, column);
            break;
        case PM_LANE_NOTHING:
            break;
        }
    if (item->step.operation.op == PM_LANE_MATRIX_VECTOR) {
        emit_cell_product(e, pass->partial[i - pass->first][row], column, sources);
        return;
    }
    const uint8_t result = pm_emit_take(e);
    pm_emit_operation(e, &item->step, result, sources);
    const bool stored = needs_memory(e, i, pass->end, item->step.out_slot);
    if (stored)
        pm_x86_store(&e->x, pm_emit_memory(e, item->step.out, PM_LANE_CELL, column), result);
    remember(e, &pass->cells, item->step.out_slot, result, stored);
}

/* An outer product's element of the row gets a register, that of the row's value if nobody else will
 * need it. */
static void take_left(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t row)
{
    const uint8_t slot = item_at(e, i)->step.a_slot;
    uint8_t *left = &pass->left[i - pass->first][row];
    struct pm_lane_cached *entry = find(&e->rows, slot, e->row);
    if (entry != NULL && !read_again(e, i, e->end, slot, PM_LANE_ELEMENT)) {
        *left = entry->vector;
        *entry = e->rows.entries[--e->rows.count];
        return;
    }
    *left = pm_emit_take(e);
    pm_x86_load(&e->x, *left, cached_source(e, &e->rows, i, e->end, 0, 0));
}

/* A pass over several rows needs many registers: what memory holds too gives up its own. */
static void make_room(struct pm_lane_emitter *e)
{
    for (int k = e->rows.count - 1; k >= 0; k--)
        if (e->rows.entries[k].in_memory)
            forget(e, &e->rows, &e->rows.entries[k]);
}

static void start_pass_row(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t row)
{
    const struct pm_lane_step *step = &item_at(e, i)->step;
    const int k = i - pass->first;
    e->row = pass->row + row;
    if (step->operation.op == PM_LANE_MATRIX_VECTOR) {
        for (uint32_t j = 0; j < PM_LANE_TILE_MAX; j++) {
            pass->partial[k][row][j] = pm_emit_take(e);
            if (j >= e->dim)
                pm_x86_fill(&e->x, pass->partial[k][row][j], 0);
        }
    } else if (is_outer(step)) {
        take_left(e, pass, i, row);
    }
}

static void end_pass_row(struct pm_lane_emitter *e, struct pass *pass, int i, uint32_t row)
{
    const struct pm_lane_step *step = &item_at(e, i)->step;
    const int k = i - pass->first;
    e->row = pass->row + row;
    if (step->operation.op == PM_LANE_MATRIX_VECTOR) {
        finish_sum(e, pass->partial[k][row]);
        keep_row(e, i, pass->partial[k][row][0]);
    } else if (is_outer(step)) {
        pm_emit_give(e, pass->left[k][row]);
    }
}

/* Whether the item after the pass can be part of it: it may not wait for an element that a product
 * of the pass yields at its end. */
static bool may_continue(const struct pm_lane_emitter *e, const struct pass *pass)
{
    const struct pm_lane_item *next = item_at(e, pass->end);
    if (next->part != PM_LANE_COLUMN || pass->end - pass->first == PM_LANE_SUMS_MAX)
        return false;
    for (int i = pass->first; i < pass->end; i++)
        if (reads_as(next, item_at(e, i)->step.out_slot, PM_LANE_ELEMENT))
            return false;
    return true;
}

static void emit_column(struct pm_lane_emitter *e, struct pass *pass, uint32_t column)
{
    pass->cells.count = pass->wholes.count = 0;
    for (uint32_t row = 0; row < pass->rows; row++) {
        e->row = pass->row + row;
        for (int i = pass->first; i < pass->end; i++) {
            emit_cell(e, pass, i, column);
            release(e, &pass->cells, i, pass->end, PM_LANE_CELL);
        }
    }
    while (pass->wholes.count > 0)
        forget(e, &pass->wholes, &pass->wholes.entries[0]);
}

/* Returns where the pass ends. */
static int emit_pass(struct pm_lane_emitter *e, int first, uint32_t row, uint32_t rows)
{
    struct pass pass = {.first = first, .end = first, .row = row, .rows = rows};
    while (pass.end < e->end && may_continue(e, &pass))
        pass.end++;
    for (int i = pass.first; i < pass.end; i++)
        for (uint32_t k = 0; k < rows; k++)
            start_pass_row(e, &pass, i, k);
    if (rows > 1)
        make_room(e);
    for (uint32_t column = 0; column < e->dim && !e->exhausted; column++)
        emit_column(e, &pass, column);
    for (int i = pass.first; i < pass.end; i++)
        for (uint32_t k = 0; k < rows; k++)
            end_pass_row(e, &pass, i, k);
    return pass.end;
}

/* ---- the loop ---- */

static void emit_tile(struct pm_lane_emitter *e, uint32_t row, uint32_t rows)
{
    int sums = 0;
    e->rows.count = 0;
    for (int i = e->first; i < e->end && !e->exhausted;) {
        const enum pm_lane_part part = item_at(e, i)->part;
        if (part == PM_LANE_COLUMN) {
            i = emit_pass(e, i, row, rows);
        } else {
            for (e->row = row; e->row < row + rows && part == PM_LANE_ROW; e->row++)
                emit_row_item(e, i);
            for (e->row = row; e->row < row + rows && part == PM_LANE_SUM; e->row++)
                emit_sum_row(e, i, e->sums[sums]);
            sums += part == PM_LANE_SUM;
            i++;
        }
        release(e, &e->rows, i - 1, e->end, PM_LANE_ELEMENT);
    }
}

static void emit_rows(struct pm_lane_emitter *e, uint32_t rows)
{
    for (uint32_t row = 0; row < rows; row += e->tiling.rows)
        emit_tile(e, row, rows - row < e->tiling.rows ? rows - row : e->tiling.rows);
}

static int count_part(const struct pm_lane_emitter *e, enum pm_lane_part part)
{
    int count = 0;
    for (int i = e->first; i < e->end; i++)
        count += item_at(e, i)->part == part;
    return count;
}

static void emit_loop(struct pm_lane_emitter *e)
{
    const bool columns = count_part(e, PM_LANE_COLUMN) > 0;
    const bool sums = count_part(e, PM_LANE_SUM) > 0;
    const uint32_t together = sums || !columns ? PM_LANE_TILE_MAX : e->tiling.rows;
    const uint32_t rounds = e->dim / together;
    e->indexed = rounds > 1;
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
    if (columns)
        pm_x86_add(&e->x, PM_X86_RDX, bytes * (int32_t)e->dim);
    pm_x86_jump_if_below(&e->x, PM_X86_RCX, bytes * (int32_t)rounds, again);
    emit_rows(e, e->dim % together);
    e->indexed = false;
}

/* ---- the region ---- */

static void emit_scalar_item(struct pm_lane_emitter *e, int i)
{
    const struct pm_lane_item *item = item_at(e, i);
    struct pm_x86_source sources[3] = {{0}};
    for (int operand = 0; operand < 3; operand++)
        if (pm_lane_role_of(item, operand) == PM_LANE_SCALAR)
            sources[operand] = scalar_source(e, item, operand);
    const uint8_t result = pm_emit_take(e);
    pm_emit_operation(e, &item->step, result, sources);
    pm_emit_set_scalar(e, &item->step, result);
}

static bool loop_reads(const struct pm_lane_emitter *e, uint8_t slot)
{
    for (int i = e->first; i < e->end; i++)
        if (item_at(e, i)->part != PM_LANE_BEFORE && reads_as(item_at(e, i), slot, PM_LANE_SCALAR))
            return true;
    return false;
}

/* Leaves in registers the scalars that the loop reads and no others. */
static void settle_scalars(struct pm_lane_emitter *e)
{
    struct pm_lane_slots needed = {{0}};
    for (unsigned slot = 0; slot < sizeof e->scalar; slot++)
        if (pm_lane_slots_has(&e->unsaved, (uint8_t)slot) &&
            needs_memory(e, e->end - 1, e->end, (uint8_t)slot))
            pm_lane_slots_add(&needed, (uint8_t)slot);
    for (unsigned slot = 0; slot < sizeof e->scalar; slot++) {
        if (e->scalar[slot] == PM_NO_VECTOR || loop_reads(e, (uint8_t)slot))
            continue;
        struct pm_lane_slots one = {{0}};
        pm_lane_slots_add(&one, (uint8_t)slot);
        if (pm_lane_slots_has(&needed, (uint8_t)slot))
            pm_emit_save_scalars(e, &one);
        pm_lane_slots_drop(&e->unsaved, (uint8_t)slot);
        pm_emit_give(e, e->scalar[slot]);
        e->scalar[slot] = PM_NO_VECTOR;
    }
    for (int i = e->first; i < e->end; i++)
        for (int operand = 0; operand < 3; operand++)
            if (item_at(e, i)->part != PM_LANE_BEFORE &&
                pm_lane_role_of(item_at(e, i), operand) == PM_LANE_SCALAR)
                scalar_source(e, item_at(e, i), operand);
}

/* Vectors read whole in the region, the one that a matrix-vector product reads first. */
static int list_wholes(const struct pm_lane_emitter *e, uint8_t slots[2 * PM_LANE_SUMS_MAX],
                       struct pm_lane_place *first)
{
    int count = 0;
    for (int i = e->first; i < e->end; i++)
        for (int operand = 0; operand < 3; operand++) {
            const struct pm_lane_item *item = item_at(e, i);
            const uint8_t slot = pm_lane_operand_slot(&item->step, operand);
            if (pm_lane_role_of(item, operand) != PM_LANE_WHOLE ||
                (count > 0 && memchr(slots, slot, (size_t)count) != NULL) ||
                count == 2 * PM_LANE_SUMS_MAX)
                continue;
            slots[count++] = slot;
            if (count == 1 || item->step.operation.op == PM_LANE_MATRIX_VECTOR) {
                slots[count - 1] = slots[0];
                slots[0] = slot;
                *first = pm_lane_operand_place(&item->step, operand);
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
    if (e->tiling.resident == 0 || list_wholes(e, slots, &place) == 0)
        return;
    e->resident_slot = slots[0];
    for (; e->resident_count < e->tiling.resident; e->resident_count++) {
        e->resident[e->resident_count] = pm_emit_take(e);
        pm_x86_load(&e->x, e->resident[e->resident_count],
                    (struct pm_x86_source){
                        .in_memory = true,
                        .memory = pm_emit_memory(e, place, PM_LANE_WHOLE, e->resident_count)});
    }
}

static void emit_items(struct pm_lane_emitter *e)
{
    int sums = 0;
    for (int i = e->first; i < e->end; i++)
        if (item_at(e, i)->part == PM_LANE_BEFORE)
            emit_scalar_item(e, i);
    if (e->end - e->first == count_part(e, PM_LANE_BEFORE))
        return;
    settle_scalars(e);
    for (int i = e->first; i < e->end && sums < PM_LANE_SUMS_MAX; i++)
        if (item_at(e, i)->part == PM_LANE_SUM)
            start_sum(e, e->sums[sums++]);
    e->exhausted |= count_part(e, PM_LANE_SUM) > sums;
    load_resident(e);
    if (!e->exhausted)
        emit_loop(e);
    for (uint32_t column = 0; column < e->resident_count; column++)
        pm_emit_give(e, e->resident[column]);
    sums = 0;
    for (int i = e->first; i < e->end && !e->exhausted; i++)
        if (item_at(e, i)->part == PM_LANE_SUM)
            emit_sum_result(e, &item_at(e, i)->step, e->sums[sums++]);
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
    if (wholes > 1)
        out[count++] = (struct pm_lane_tiling){4, 0};
    if (wholes > 1)
        out[count++] = (struct pm_lane_tiling){2, most};
    if (wholes > 0)
        out[count++] = (struct pm_lane_tiling){1, most};
    if (wholes > 0)
        out[count++] = (struct pm_lane_tiling){2, 0};
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
        if (!e->exhausted)
            return true;
    }
    *e = before;
    return false;
}
