#include "lane_native.h"

/* Scalars stay in registers from region to region, as long as no loop needs the registers. */

struct pm_x86_source pm_emit_scalar(struct pm_lane_emitter *e, const struct pm_lane_item *item,
                                    int operand)
{
    const uint8_t slot = item->slots[operand];
    const struct pm_lane_cached *entry = pm_cache_find(&e->scalars, slot, 0);
    if (entry != NULL) {
        return pm_x86_vector(entry->vector);
    }
    const uint8_t home = pm_homes_find(e, slot, 0);
    if (home != PM_NO_VECTOR) {
        return pm_x86_vector(home);
    }
    const uint8_t vector = pm_emit_take(e);
    const struct pm_lane_place place = item->places[operand];
    pm_x86_load(&e->x, vector, pm_emit_from_memory(e, place, PM_LANE_SCALAR, 0));
    pm_cache_remember(
        e, &e->scalars,
        (struct pm_lane_cached){.slot = slot, .vector = vector, .in_memory = true, .place = place});
    return pm_x86_vector(vector);
}

void pm_emit_set_scalar(struct pm_lane_emitter *e, const struct pm_lane_item *item, uint8_t result)
{
    if (pm_homes_keep(e, item->out, 0, result)) {
        return;
    }
    pm_cache_remember(
        e, &e->scalars,
        (struct pm_lane_cached){.slot = item->out, .vector = result, .place = item->step->out});
}

static void save(struct pm_lane_emitter *e, struct pm_lane_cached *entry)
{
    if (!entry->in_memory) {
        pm_x86_store(&e->x, pm_emit_memory(e, entry->place, PM_LANE_SCALAR, 0), entry->vector);
    }
    entry->in_memory = true;
}

void pm_emit_save_scalars(struct pm_lane_emitter *e, const struct pm_lane_slots *which)
{
    for (int k = 0; k < e->scalars.count; k++) {
        if (which == NULL || pm_lane_slots_has(which, e->scalars.entries[k].slot)) {
            save(e, &e->scalars.entries[k]);
        }
    }
}

void pm_emit_scalar_item(struct pm_lane_emitter *e, int i)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    struct pm_x86_source sources[3] = {{0}};
    for (int operand = 0; operand < 3; operand++) {
        if (item->roles[operand] == PM_LANE_SCALAR) {
            sources[operand] = pm_emit_scalar(e, item, operand);
        }
    }
    const uint8_t result = pm_emit_take(e);
    pm_emit_operation(e, item, result, sources);
    pm_emit_set_scalar(e, item, result);
}

static bool loop_reads(const struct pm_lane_emitter *e, uint8_t slot)
{
    for (int i = e->first; i < e->end; i++) {
        if (pm_emit_item(e, i)->part != PM_LANE_BEFORE &&
            pm_lane_reads_as(pm_emit_item(e, i), slot, PM_LANE_SCALAR)) {
            return true;
        }
    }
    return false;
}

void pm_emit_settle_scalars(struct pm_lane_emitter *e)
{
    for (int k = e->scalars.count - 1; k >= 0; k--) {
        struct pm_lane_cached *entry = &e->scalars.entries[k];
        if (loop_reads(e, entry->slot)) {
            continue;
        }
        if (!entry->in_memory &&
            pm_emit_needs_memory(e, e->end - 1, e->end, entry->slot, PM_LANE_NOTHING)) {
            save(e, entry);
        }
        pm_cache_forget(e, &e->scalars, entry);
    }
    for (int i = e->first; i < e->end; i++) {
        for (int operand = 0; operand < 3; operand++) {
            if (pm_emit_item(e, i)->part != PM_LANE_BEFORE &&
                pm_emit_item(e, i)->roles[operand] == PM_LANE_SCALAR) {
                pm_emit_scalar(e, pm_emit_item(e, i), operand);
            }
        }
    }
}
