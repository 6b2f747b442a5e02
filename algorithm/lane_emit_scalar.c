#include "lane_native.h"

struct pm_x86_source pm_emit_scalar(struct pm_lane_emitter *e, const struct pm_lane_item *item,
                                    int operand)
{
    const uint8_t slot = pm_lane_operand_slot(&item->step, operand);
    if (e->scalar[slot] == PM_NO_VECTOR) {
        const struct pm_lane_place place = pm_lane_operand_place(&item->step, operand);
        e->scalar[slot] = pm_emit_take(e);
        pm_x86_load(&e->x, e->scalar[slot],
                    (struct pm_x86_source){.in_memory = true,
                                           .memory = pm_emit_memory(e, place, PM_LANE_SCALAR, 0)});
    }
    return pm_x86_vector(e->scalar[slot]);
}

void pm_emit_set_scalar(struct pm_lane_emitter *e, const struct pm_lane_step *step, uint8_t result)
{
    const uint8_t slot = step->out_slot;
    if (e->scalar[slot] != PM_NO_VECTOR)
        pm_emit_give(e, e->scalar[slot]);
    e->scalar[slot] = result;
    pm_lane_slots_add(&e->unsaved, slot);
}

void pm_emit_save_scalars(struct pm_lane_emitter *e, const struct pm_lane_slots *which)
{
    for (unsigned slot = 0; slot < sizeof e->scalar; slot++) {
        if (!pm_lane_slots_has(&e->unsaved, (uint8_t)slot) ||
            (which != NULL && !pm_lane_slots_has(which, (uint8_t)slot)))
            continue;
        pm_x86_store(&e->x, pm_emit_memory(e, pm_emit_home(e, (uint8_t)slot), PM_LANE_SCALAR, 0),
                     e->scalar[slot]);
        pm_lane_slots_drop(&e->unsaved, (uint8_t)slot);
    }
}

void pm_emit_scalar_item(struct pm_lane_emitter *e, int i)
{
    const struct pm_lane_item *item = pm_emit_item(e, i);
    struct pm_x86_source sources[3] = {{0}};
    for (int operand = 0; operand < 3; operand++)
        if (item->roles[operand] == PM_LANE_SCALAR)
            sources[operand] = pm_emit_scalar(e, item, operand);
    const uint8_t result = pm_emit_take(e);
    pm_emit_operation(e, item, result, sources);
    pm_emit_set_scalar(e, &item->step, result);
}

static bool loop_reads(const struct pm_lane_emitter *e, uint8_t slot)
{
    for (int i = e->first; i < e->end; i++)
        if (pm_emit_item(e, i)->part != PM_LANE_BEFORE &&
            pm_emit_reads_as(pm_emit_item(e, i), slot, PM_LANE_SCALAR))
            return true;
    return false;
}

void pm_emit_settle_scalars(struct pm_lane_emitter *e)
{
    struct pm_lane_slots needed = {{0}};
    for (unsigned slot = 0; slot < sizeof e->scalar; slot++)
        if (pm_lane_slots_has(&e->unsaved, (uint8_t)slot) &&
            pm_emit_needs_memory(e, e->end - 1, e->end, (uint8_t)slot))
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
            if (pm_emit_item(e, i)->part != PM_LANE_BEFORE &&
                pm_emit_item(e, i)->roles[operand] == PM_LANE_SCALAR)
                pm_emit_scalar(e, pm_emit_item(e, i), operand);
}
