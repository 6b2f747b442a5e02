#include "lane_native.h"

#include <limits.h>

bool pm_emit_reads_as(const struct pm_lane_item *item, uint8_t slot, enum pm_lane_role role)
{
    for (int operand = 0; operand < 3; operand++)
        if (pm_lane_operand_slot(&item->step, operand) == slot && item->roles[operand] == role)
            return true;
    return false;
}

static bool reads_at_all(const struct pm_lane_item *item, uint8_t slot)
{
    return pm_emit_reads_as(item, slot, PM_LANE_SCALAR) ||
           pm_emit_reads_as(item, slot, PM_LANE_ELEMENT) ||
           pm_emit_reads_as(item, slot, PM_LANE_WHOLE) ||
           pm_emit_reads_as(item, slot, PM_LANE_CELL);
}

bool pm_emit_read_again(const struct pm_lane_emitter *e, int i, int end, uint8_t slot,
                        enum pm_lane_role role)
{
    for (i++; i < end; i++) {
        if (pm_emit_reads_as(pm_emit_item(e, i), slot, role))
            return true;
        if (pm_emit_item(e, i)->step.out_slot == slot)
            return false;
    }
    return false;
}

bool pm_emit_needs_memory(const struct pm_lane_emitter *e, int i, int end, uint8_t slot)
{
    for (int j = i + 1; j < e->list->count; j++) {
        const struct pm_lane_item *item = pm_emit_item(e, j);
        if (j >= end && reads_at_all(item, slot))
            return true;
        if (item->step.out_slot == slot)
            return item->part == PM_LANE_CALL;
    }
    return pm_lane_slots_has(&e->list->live_out, slot);
}

int pm_emit_horizon(const struct pm_lane_emitter *e)
{
    return e->straight ? e->list->count : e->end;
}

/* ---- caches ---- */

struct pm_lane_cached *pm_cache_find(struct pm_lane_cache *cache, uint8_t slot, uint32_t row)
{
    for (int i = 0; i < cache->count; i++)
        if (cache->entries[i].slot == slot && cache->entries[i].row == row)
            return &cache->entries[i];
    return NULL;
}

void pm_cache_forget(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                     struct pm_lane_cached *entry)
{
    if (entry == NULL)
        return;
    pm_emit_give(e, entry->vector);
    *entry = cache->entries[--cache->count];
}

void pm_cache_remember(struct pm_lane_emitter *e, struct pm_lane_cache *cache, uint8_t slot,
                       uint8_t vector, bool in_memory)
{
    pm_cache_forget(e, cache, pm_cache_find(cache, slot, e->row));
    if (cache->count == PM_LANE_CACHE_MAX) {
        e->exhausted = true;
        return;
    }
    cache->entries[cache->count++] =
        (struct pm_lane_cached){slot, (uint8_t)e->row, vector, in_memory};
}

void pm_cache_release(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i, int end,
                      enum pm_lane_role role)
{
    /* Written out, rows come one after another: what is known is when this one reads again. */
    for (int k = cache->count - 1; k >= 0; k--)
        if ((!e->straight || cache->entries[k].row == e->row) &&
            !pm_emit_read_again(e, i, end, cache->entries[k].slot, role))
            pm_cache_forget(e, cache, &cache->entries[k]);
}

static bool is_read_twice(const struct pm_lane_step *step, int operand)
{
    const uint8_t slot = pm_lane_operand_slot(step, operand);
    return pm_lane_operand_slot(step, (operand + 1) % 3) == slot ||
           pm_lane_operand_slot(step, (operand + 2) % 3) == slot;
}

/* When the entry is read next: later in this region, by the order of rows and items; or in a later
 * region. */
static int next_read(const struct pm_lane_emitter *e, const struct pm_lane_cached *entry)
{
    enum { A_ROW = PM_LANE_ITEMS_MAX, A_REGION = A_ROW * PM_LANES };
    const int rows_ahead = (int)entry->row - (int)e->row;
    int i = rows_ahead == 0 ? e->item : rows_ahead > 0 ? e->first : e->end;
    for (; i < e->list->count; i++)
        if (pm_emit_reads_as(pm_emit_item(e, i), entry->slot, PM_LANE_ELEMENT))
            return i < e->end ? rows_ahead * A_ROW + i : A_REGION + i * A_ROW + (int)entry->row;
    return INT_MAX;
}

uint8_t pm_cache_evict(struct pm_lane_emitter *e)
{
    struct pm_lane_cached *last = NULL;
    int latest = -1;
    for (int k = 0; k < e->rows.count; k++) {
        struct pm_lane_cached *entry = &e->rows.entries[k];
        const int next = next_read(e, entry);
        if ((e->locked >> entry->vector & 1) == 0 && next > latest) {
            last = entry;
            latest = next;
        }
    }
    if (last == NULL)
        return PM_NO_VECTOR;
    const uint8_t vector = last->vector;
    if (!last->in_memory && latest < INT_MAX) {
        struct pm_x86_memory home =
            pm_emit_memory(e, pm_emit_home(e, last->slot), PM_LANE_WHOLE, last->row);
        pm_x86_store(&e->x, home, vector);
    }
    *last = e->rows.entries[--e->rows.count];
    return vector;
}

/* The source, which nobody else may have the register of until the item is written. */
static struct pm_x86_source lock(struct pm_lane_emitter *e, uint8_t vector)
{
    e->locked |= UINT32_C(1) << vector;
    return pm_x86_vector(vector);
}

struct pm_x86_source pm_cache_source(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i,
                                     int end, int operand, uint32_t column)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    const uint8_t slot = pm_lane_operand_slot(&item->step, operand);
    const enum pm_lane_role role = item->roles[operand];
    const struct pm_lane_cached *entry = pm_cache_find(cache, slot, e->row);
    if (entry != NULL)
        return lock(e, entry->vector);
    if (slot == e->pinned_slot)
        return pm_x86_vector(e->pinned[e->row]);
    const struct pm_x86_source memory = {
        .in_memory = true,
        .memory = pm_emit_memory(e, pm_lane_operand_place(&item->step, operand), role, column)};
    const bool last = item->step.out_slot == slot || !pm_emit_read_again(e, i, end, slot, role);
    if (last && !is_read_twice(&item->step, operand))
        return memory;
    const uint8_t vector = pm_emit_take(e);
    pm_x86_load(&e->x, vector, memory);
    pm_cache_remember(e, cache, slot, vector, true);
    return lock(e, vector);
}
