#include "lane_native.h"

#include <limits.h>

bool pm_emit_needs_memory(const struct pm_lane_emitter *e, int i, int end, uint8_t slot,
                          enum pm_lane_role role)
{
    for (int j = i + 1; j < e->list->count; j++) {
        const struct pm_lane_item *item = pm_emit_item(e, j);
        for (int operand = 0; operand < 3; operand++) {
            if (item->slots[operand] == slot && (j >= end || item->roles[operand] != role)) {
                return true;
            }
        }
        if (item->out == slot) {
            return item->part == PM_LANE_CALL;
        }
    }
    return pm_lane_slots_has(&e->list->live_out, slot);
}

int pm_emit_horizon(const struct pm_lane_emitter *e)
{
    return e->straight ? e->list->count : e->end;
}

/* ---- entries ---- */

struct pm_lane_cached *pm_cache_find(struct pm_lane_cache *cache, uint8_t slot, uint32_t row)
{
    for (int i = 0; i < cache->count; i++) {
        if (cache->entries[i].slot == slot && cache->entries[i].row == row) {
            return &cache->entries[i];
        }
    }
    return NULL;
}

void pm_cache_forget(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                     struct pm_lane_cached *entry)
{
    if (entry == NULL) {
        return;
    }
    pm_emit_give(e, entry->vector);
    *entry = cache->entries[--cache->count];
}

void pm_cache_forget_all(struct pm_lane_emitter *e, struct pm_lane_cache *cache)
{
    while (cache->count > 0) {
        pm_cache_forget(e, cache, &cache->entries[cache->count - 1]);
    }
}

void pm_cache_remember(struct pm_lane_emitter *e, struct pm_lane_cache *cache,
                       struct pm_lane_cached entry)
{
    pm_cache_forget(e, cache, pm_cache_find(cache, entry.slot, entry.row));
    if (cache->count == PM_LANE_CACHE_MAX) {
        e->exhausted = true;
        return;
    }
    cache->entries[cache->count++] = entry;
}

/* ---- eviction ---- */

/* When the entry is read: later in this region, by the order of rows and items; or in a later
 * region. */
static int reading_time(const struct pm_lane_emitter *e, const struct pm_lane_cached *entry)
{
    enum { A_ROW = PM_LANE_ITEMS_MAX, A_REGION = A_ROW * PM_LANES };
    if (entry->next == PM_LANE_NEVER) {
        return INT_MAX;
    }
    return entry->next < e->end ? ((int)entry->row - (int)e->row) * A_ROW + entry->next
                                : A_REGION + entry->next * A_ROW + entry->row;
}

uint8_t pm_cache_evict(struct pm_lane_emitter *e)
{
    struct pm_lane_cached *last = NULL;
    int latest = INT_MIN;
    for (int k = 0; k < e->rows.count; k++) {
        struct pm_lane_cached *entry = &e->rows.entries[k];
        const int time = reading_time(e, entry);
        if ((e->locked >> entry->vector & 1) == 0 && time > latest) {
            last = entry;
            latest = time;
        }
    }
    if (last == NULL) {
        return PM_NO_VECTOR;
    }
    const uint8_t vector = last->vector;
    if (!last->in_memory && latest < INT_MAX) {
        pm_x86_store(&e->x, pm_emit_memory(e, last->place, PM_LANE_WHOLE, last->row), vector);
    }
    *last = e->rows.entries[--e->rows.count];
    return vector;
}

/* ---- operands and results ---- */

/* The source, which nobody else may have the register of until the item is written. */
static struct pm_x86_source lock(struct pm_lane_emitter *e, uint8_t vector)
{
    e->locked |= UINT32_C(1) << vector;
    return pm_x86_vector(vector);
}

static bool is_read_twice(const struct pm_lane_item *item, int operand)
{
    return item->slots[operand] == item->slots[(operand + 1) % 3] ||
           item->slots[operand] == item->slots[(operand + 2) % 3];
}

struct pm_x86_source pm_cache_source(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i,
                                     int end, int operand, uint32_t column)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    const uint8_t slot = item->slots[operand];
    struct pm_lane_cached *entry = pm_cache_find(cache, slot, e->row);
    if (entry != NULL) {
        entry->next = item->next[operand];
        return lock(e, entry->vector);
    }
    if (slot == e->pinned_slot) {
        return pm_x86_vector(e->pinned[e->row]);
    }
    const uint8_t home = pm_homes_find(e, slot, e->row);
    if (home != PM_NO_VECTOR) {
        return pm_x86_vector(home);
    }
    const struct pm_x86_source memory =
        pm_emit_from_memory(e, item->places[operand], item->roles[operand], column);
    if (item->next[operand] >= end && !is_read_twice(item, operand)) {
        return memory;
    }
    const uint8_t vector = pm_emit_take(e);
    pm_x86_load(&e->x, vector, memory);
    pm_cache_remember(e, cache,
                      (struct pm_lane_cached){.slot = slot,
                                              .row = (uint8_t)e->row,
                                              .vector = vector,
                                              .in_memory = true,
                                              .next = item->next[operand],
                                              .place = item->places[operand]});
    return lock(e, vector);
}

void pm_cache_settle(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i, int end)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    e->locked = 0;
    for (int operand = 0; operand < 3; operand++) {
        if (item->next[operand] >= end && item->slots[operand] != item->out) {
            pm_cache_forget(e, cache, pm_cache_find(cache, item->slots[operand], e->row));
        }
    }
}

void pm_cache_result(struct pm_lane_emitter *e, struct pm_lane_cache *cache, int i, int end,
                     uint8_t result, uint32_t column)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    const enum pm_lane_role role =
        pm_lane_slot_kind(item->out) == PM_KIND_MATRIX ? PM_LANE_CELL : PM_LANE_ELEMENT;
    if (pm_homes_keep(e, item->out, e->row, result)) {
        return;
    }
    if (e->stored[i]) {
        pm_x86_store(&e->x, pm_emit_memory(e, item->step->out, role, column), result);
    }
    if (item->next_out >= end) {
        pm_cache_forget(e, cache, pm_cache_find(cache, item->out, e->row));
        pm_emit_give(e, result);
        return;
    }
    pm_cache_remember(e, cache,
                      (struct pm_lane_cached){.slot = item->out,
                                              .row = (uint8_t)e->row,
                                              .vector = result,
                                              .in_memory = e->stored[i],
                                              .next = item->next_out,
                                              .place = item->step->out});
}
