#include "lane_native.h"

#include <string.h>

/* ---- registers ---- */

uint8_t pm_emit_take(struct pm_lane_emitter *e)
{
    if (e->free == 0) {
        const uint8_t evicted = e->straight ? pm_cache_evict(e) : PM_NO_VECTOR;
        e->exhausted |= evicted == PM_NO_VECTOR;
        return evicted == PM_NO_VECTOR ? 0 : evicted;
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

struct pm_x86_memory pm_emit_frame(size_t offset)
{
    return (struct pm_x86_memory){PM_X86_RBX, PM_X86_NO_REGISTER, (int32_t)offset};
}

enum pm_x86_register pm_emit_base(int base)
{
    static const enum pm_x86_register registers[PM_LANE_BASE_COUNT] = {
        [PM_LANE_OWN] = PM_X86_R12,   [PM_LANE_SHARED] = PM_X86_R13, [PM_LANE_INPUT] = PM_X86_R14,
        [PM_LANE_LABEL] = PM_X86_R15, [PM_LANE_RIGHT] = PM_X86_R11,
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
        .base = pm_emit_base(place.base),
        .index = e->indexed ? index : PM_X86_NO_REGISTER,
        .offset = (int32_t)(place.offset + element * PM_LANE_VECTOR_SIZE),
    };
}

struct pm_x86_source pm_emit_from_memory(const struct pm_lane_emitter *e,
                                         struct pm_lane_place place, enum pm_lane_role role,
                                         uint32_t column)
{
    return (struct pm_x86_source){.in_memory = true,
                                  .memory = pm_emit_memory(e, place, role, column)};
}

/* ---- operations ---- */

/* The source in a register: its own, or `spare`. */
static uint8_t in_register(struct pm_lane_emitter *e, struct pm_x86_source source, uint8_t spare)
{
    if (!source.in_memory) {
        return source.vector;
    }
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
    if (commutes && a.in_memory && !b.in_memory) {
        pm_x86_arithmetic(&e->x, op, out, b.vector, a);
    } else {
        pm_x86_arithmetic(&e->x, op, out, in_register(e, a, out), b);
    }
}

static void divide(struct pm_lane_emitter *e, uint8_t out, struct pm_x86_source a,
                   struct pm_x86_source b)
{
    const uint8_t divisor = pm_emit_take(e);
    pm_x86_broadcast(&e->x, divisor, pm_emit_frame(offsetof(struct pm_lane_native_frame, shift)));
    pm_x86_arithmetic(&e->x, PM_X86_ADD, divisor, divisor, b);
    pm_x86_arithmetic(&e->x, PM_X86_DIV, out, in_register(e, a, out), pm_x86_vector(divisor));
    pm_emit_give(e, divisor);
}

/* The processor gives the second operand where either is not a number, and where both are equal.
 * The definition wants what is not a number, else the second of equals; which are different only if
 * they are zeros. */
static void choose(struct pm_lane_emitter *e, enum pm_x86_arithmetic op, enum pm_lane_choice choice,
                   uint8_t out, struct pm_x86_source a, struct pm_x86_source b)
{
    const uint8_t spare = pm_emit_take(e);
    if (choice == PM_LANE_B_NUMBER || choice == PM_LANE_B_ZERO) {
        const uint8_t right = in_register(e, b, spare);
        pm_x86_arithmetic(&e->x, op, out, right, a);
        if (choice == PM_LANE_B_ZERO) { /* -0 + +0 is +0, and x + +0 is x */
            pm_x86_arithmetic(&e->x, PM_X86_ADD, out, out, pm_x86_vector(right));
        }
    } else {
        const uint8_t left = in_register(e, a, spare);
        pm_x86_arithmetic(&e->x, op, out, left, b);
        if (choice == PM_LANE_ANY) {
            pm_x86_keep_nan(&e->x, out, left);
        }
    }
    pm_emit_give(e, spare);
}

static void binary(struct pm_lane_emitter *e, const struct pm_lane_item *item, uint8_t out,
                   struct pm_x86_source a, struct pm_x86_source b)
{
    switch ((enum pm_lane_binary)item->step->operation.which) {
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
        choose(e, PM_X86_MIN, item->choice, out, a, b);
        break;
    case PM_LANE_MAX:
        choose(e, PM_X86_MAX, item->choice, out, a, b);
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
        pm_x86_broadcast(&e->x, out,
                         pm_emit_frame(offsetof(struct pm_lane_native_frame, magnitude)));
        pm_x86_and(&e->x, out, out, a);
        break;
    case PM_LANE_HEAVISIDE:
        pm_x86_heaviside(&e->x, out, a, pm_emit_frame(offsetof(struct pm_lane_native_frame, one)));
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

void pm_emit_operation(struct pm_lane_emitter *e, const struct pm_lane_item *item, uint8_t out,
                       const struct pm_x86_source sources[3])
{
    const struct pm_lane_step *step = item->step;
    switch ((enum pm_lane_op)step->operation.op) {
    case PM_LANE_BINARY:
        binary(e, item, out, sources[0], sources[1]);
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

void pm_emit_product(struct pm_lane_emitter *e, uint8_t out, const struct pm_x86_source sources[3])
{
    arithmetic(e, PM_X86_MUL, out, sources[0], sources[1]);
}
