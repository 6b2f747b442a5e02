#include "lane_native.h"

#include <string.h>

/* ---- registers ---- */

uint8_t pm_emit_take(struct pm_lane_emitter *e)
{
    if (e->free == 0) {
        e->exhausted = true;
        return 0;
    }
    const uint8_t vector = (uint8_t)__builtin_ctz(e->free);
    e->free &= e->free - 1;
    return vector;
}

void pm_emit_give(struct pm_lane_emitter *e, uint8_t vector)
{
    e->free |= UINT32_C(1) << vector;
}

/* ---- operands ---- */

static enum pm_x86_register base_register(uint8_t base)
{
    static const enum pm_x86_register registers[PM_LANE_BASE_COUNT] = {
        [PM_LANE_OWN] = PM_X86_R12,
        [PM_LANE_SHARED] = PM_X86_R13,
        [PM_LANE_INPUT] = PM_X86_R14,
        [PM_LANE_LABEL] = PM_X86_R15,
    };
    return registers[base];
}

struct pm_x86_memory pm_emit_memory(const struct pm_lane_emitter *e, struct pm_lane_place place,
                                    enum pm_lane_role role, uint32_t column)
{
    uint32_t element = 0;
    enum pm_x86_register index = PM_X86_NO_REGISTER;
    if (role == PM_LANE_ELEMENT) {
        element = e->row;
        index = PM_X86_RCX;
    } else if (role == PM_LANE_CELL) {
        element = e->row * e->dim + column;
        index = PM_X86_RDX;
    } else if (role == PM_LANE_WHOLE) {
        element = column;
    }
    return (struct pm_x86_memory){
        .base = base_register(place.base),
        .index = e->indexed ? index : PM_X86_NO_REGISTER,
        .offset = (int32_t)(place.offset + element * PM_LANE_VECTOR_SIZE),
    };
}

/* ---- scalars ---- */

struct pm_x86_source pm_emit_scalar(struct pm_lane_emitter *e, uint8_t slot,
                                    struct pm_lane_place place)
{
    if (e->scalar[slot] == PM_NO_VECTOR) {
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

/* Where a scalar that the section writes lies: as the step that writes it says. */
static struct pm_lane_place scalar_place(const struct pm_lane_emitter *e, uint8_t slot)
{
    int i = 0;
    while (e->list->items[i].step.out_slot != slot)
        i++;
    return e->list->items[i].step.out;
}

void pm_emit_save_scalars(struct pm_lane_emitter *e, const struct pm_lane_slots *which)
{
    for (unsigned slot = 0; slot < sizeof e->scalar; slot++) {
        if (!pm_lane_slots_has(&e->unsaved, (uint8_t)slot) ||
            (which != NULL && !pm_lane_slots_has(which, (uint8_t)slot)))
            continue;
        pm_x86_store(&e->x, pm_emit_memory(e, scalar_place(e, (uint8_t)slot), PM_LANE_SCALAR, 0),
                     e->scalar[slot]);
        pm_lane_slots_drop(&e->unsaved, (uint8_t)slot);
    }
}

/* ---- operations ---- */

/* The source in a register: its own, or `spare`. */
static uint8_t in_register(struct pm_lane_emitter *e, struct pm_x86_source source, uint8_t spare)
{
    if (!source.in_memory)
        return source.vector;
    pm_x86_load(&e->x, spare, source);
    return spare;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void arithmetic(struct pm_lane_emitter *e, enum pm_x86_arithmetic op, uint8_t out,
                       struct pm_x86_source a, struct pm_x86_source b)
{
    const bool commutes = op == PM_X86_ADD || op == PM_X86_MUL;
    if (commutes && a.in_memory && !b.in_memory)
        pm_x86_arithmetic(&e->x, op, out, b.vector, a);
    else
        pm_x86_arithmetic(&e->x, op, out, in_register(e, a, out), b);
}

static void divide(struct pm_lane_emitter *e, uint8_t out, struct pm_x86_source a,
                   struct pm_x86_source b)
{
    const uint8_t divisor = pm_emit_take(e);
    pm_x86_fill(&e->x, divisor, bits_of(1e-8f));
    pm_x86_arithmetic(&e->x, PM_X86_ADD, divisor, divisor, b);
    pm_x86_arithmetic(&e->x, PM_X86_DIV, out, in_register(e, a, out), pm_x86_vector(divisor));
    pm_emit_give(e, divisor);
}

/* The processor gives b where either is not a number: so that leaves a. */
static void choose(struct pm_lane_emitter *e, enum pm_x86_arithmetic op, uint8_t out,
                   struct pm_x86_source a, struct pm_x86_source b)
{
    const uint8_t spare = pm_emit_take(e);
    const uint8_t left = in_register(e, a, spare);
    pm_x86_arithmetic(&e->x, op, out, left, b);
    pm_x86_keep_nan(&e->x, out, left);
    pm_emit_give(e, spare);
}

static void binary(struct pm_lane_emitter *e, enum pm_lane_binary which, uint8_t out,
                   struct pm_x86_source a, struct pm_x86_source b)
{
    switch (which) {
    case PM_LANE_ADD:
        arithmetic(e, PM_X86_ADD, out, a, b);
        break;
    case PM_LANE_SUB:
        arithmetic(e, PM_X86_SUB, out, a, b);
        break;
    case PM_LANE_MUL:
        arithmetic(e, PM_X86_MUL, out, a, b);
        break;
    case PM_LANE_DIV:
        divide(e, out, a, b);
        break;
    case PM_LANE_MIN:
        choose(e, PM_X86_MIN, out, a, b);
        break;
    case PM_LANE_MAX:
        choose(e, PM_X86_MAX, out, a, b);
        break;
    case PM_LANE_BINARY_COUNT:
        break;
    }
}

static void unary(struct pm_lane_emitter *e, enum pm_lane_unary which, uint8_t out,
                  struct pm_x86_source a)
{
    switch (which) {
    case PM_LANE_ABS:
        pm_x86_fill(&e->x, out, INT32_MAX);
        pm_x86_and(&e->x, out, out, a);
        break;
    case PM_LANE_HEAVISIDE:
        pm_x86_heaviside(&e->x, out, a);
        break;
    default:
        pm_x86_load(&e->x, out, a);
    }
}

/* out holds the product. */
static void fuse(struct pm_lane_emitter *e, enum pm_lane_fused which, uint8_t out,
                 struct pm_x86_source c)
{
    const uint8_t spare = pm_emit_take(e);
    switch (which) {
    case PM_LANE_PLUS_PRODUCT:
        pm_x86_arithmetic(&e->x, PM_X86_ADD, out, out, c);
        break;
    case PM_LANE_MINUS_PRODUCT:
        pm_x86_arithmetic(&e->x, PM_X86_SUB, out, in_register(e, c, spare), pm_x86_vector(out));
        break;
    case PM_LANE_PRODUCT_MINUS:
        pm_x86_arithmetic(&e->x, PM_X86_SUB, out, out, c);
        break;
    case PM_LANE_FUSED_COUNT:
        break;
    }
    pm_emit_give(e, spare);
}

void pm_emit_operation(struct pm_lane_emitter *e, const struct pm_lane_step *step, uint8_t out,
                       const struct pm_x86_source sources[3])
{
    switch ((enum pm_lane_op)step->operation.op) {
    case PM_LANE_BINARY:
        binary(e, (enum pm_lane_binary)step->operation.which, out, sources[0], sources[1]);
        break;
    case PM_LANE_UNARY:
        unary(e, (enum pm_lane_unary)step->operation.which, out, sources[0]);
        break;
    case PM_LANE_FUSED_EACH:
    case PM_LANE_FUSED_SCALAR:
    case PM_LANE_FUSED_OUTER:
        arithmetic(e, PM_X86_MUL, out, sources[0], sources[1]);
        fuse(e, (enum pm_lane_fused)step->operation.which, out, sources[2]);
        break;
    case PM_LANE_OUTER:
        arithmetic(e, PM_X86_MUL, out, sources[0], sources[1]);
        break;
    case PM_LANE_CONSTANT:
        pm_x86_fill(&e->x, out, bits_of(step->c0));
        break;
    default: /* spreads */
        pm_x86_load(&e->x, out, sources[0]);
    }
}
