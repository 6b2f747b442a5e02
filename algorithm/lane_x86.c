#include "lane_x86.h"

#include <string.h>

static void byte(struct pm_x86 *x, unsigned value)
{
    if (x->next == x->end) {
        x->full = true;
        return;
    }
    *x->next++ = (uint8_t)value;
}

static void word(struct pm_x86 *x, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        byte(x, value >> 8 * i & 0xFF);
    }
}

static unsigned bit(unsigned value, unsigned which)
{
    return value >> which & 1;
}

/* ModRM, SIB and displacement of a memory operand. A short displacement counts in units of `scale`
 * bytes. */
static void memory_operand(struct pm_x86 *x, unsigned reg, struct pm_x86_memory m, int32_t scale)
{
    enum { SIB_FOLLOWS = 4, NO_INDEX = 4, NO_DISPLACEMENT = 0, SHORT = 1, LONG = 2 };
    const unsigned base = (unsigned)m.base & 7;
    const bool indexed = m.index != PM_X86_NO_REGISTER;
    const bool fits = m.offset % scale == 0 && m.offset / scale >= -128 && m.offset / scale <= 127;
    unsigned mode = fits ? SHORT : LONG;
    if (m.offset == 0 && base != (PM_X86_RBP & 7)) {
        mode = NO_DISPLACEMENT;
    }
    if (indexed || base == SIB_FOLLOWS) {
        byte(x, mode << 6 | (reg & 7) << 3 | SIB_FOLLOWS);
        byte(x, (indexed ? (unsigned)m.index & 7 : NO_INDEX) << 3 | base);
    } else {
        byte(x, mode << 6 | (reg & 7) << 3 | base);
    }
    if (mode == SHORT) {
        byte(x, (unsigned)(m.offset / scale) & 0xFF);
    } else if (mode == LONG) {
        word(x, (uint32_t)m.offset);
    }
}

/* ---- vectors ---- */

enum map { MAP_0F = 1, MAP_0F38 = 2 };
enum prefix { PREFIX_NONE = 0, PREFIX_66 = 1 };
enum { VECTOR_BYTES = 64, MASK = 1 };

struct encoding {
    enum map map;
    enum prefix prefix;
    uint8_t opcode;
    uint8_t mask; /* 0: none */
    bool zeroing; /* elements not in the mask become 0; otherwise they stay */
};

/* The four bytes before the opcode. `index` and `base` are bits 4 and 3 of a register operand, or
 * bit 3 of a memory operand's registers. */
static void evex(struct pm_x86 *x, struct encoding e, unsigned reg, unsigned second, unsigned index,
                 unsigned base)
{
    enum { WHOLE_VECTORS = 2 };
    byte(x, 0x62);
    byte(x, (bit(reg, 3) ^ 1) << 7 | (index ^ 1) << 6 | (base ^ 1) << 5 | (bit(reg, 4) ^ 1) << 4 |
                (unsigned)e.map);
    byte(x, (~second & 15) << 3 | 1 << 2 | (unsigned)e.prefix);
    byte(x, (e.zeroing ? 1u : 0u) << 7 | WHOLE_VECTORS << 5 | (bit(second, 4) ^ 1) << 3 | e.mask);
    byte(x, e.opcode);
}

static void vector_instruction(struct pm_x86 *x, struct encoding e, unsigned reg, unsigned second,
                               struct pm_x86_source source)
{
    if (source.in_memory) {
        const bool indexed = source.memory.index != PM_X86_NO_REGISTER;
        evex(x, e, reg, second, indexed ? bit((unsigned)source.memory.index, 3) : 0,
             bit((unsigned)source.memory.base, 3));
        memory_operand(x, reg, source.memory, VECTOR_BYTES);
    } else {
        evex(x, e, reg, second, bit(source.vector, 4), bit(source.vector, 3));
        byte(x, 0xC0 | (reg & 7) << 3 | (source.vector & 7));
    }
}

void pm_x86_load(struct pm_x86 *x, uint8_t out, struct pm_x86_source from)
{
    if (from.in_memory || from.vector != out) {
        vector_instruction(x, (struct encoding){.map = MAP_0F, .opcode = 0x28}, out, 0, from);
    }
}

void pm_x86_store(struct pm_x86 *x, struct pm_x86_memory to, uint8_t from)
{
    vector_instruction(x, (struct encoding){.map = MAP_0F, .opcode = 0x29}, from, 0,
                       (struct pm_x86_source){.in_memory = true, .memory = to});
}

void pm_x86_arithmetic(struct pm_x86 *x, enum pm_x86_arithmetic op, uint8_t out, uint8_t a,
                       struct pm_x86_source b)
{
    vector_instruction(x, (struct encoding){.map = MAP_0F, .opcode = (uint8_t)op}, out,
                       op == PM_X86_SQRT ? 0 : a, b);
}

void pm_x86_and(struct pm_x86 *x, uint8_t out, uint8_t a, struct pm_x86_source b)
{
    vector_instruction(x, (struct encoding){.map = MAP_0F, .prefix = PREFIX_66, .opcode = 0xDB},
                       out, a, b);
}

static void clear(struct pm_x86 *x, uint8_t out)
{
    vector_instruction(x, (struct encoding){.map = MAP_0F, .prefix = PREFIX_66, .opcode = 0xEF},
                       out, out, pm_x86_vector(out));
}

/* A float in memory to every element that the mask (0: none) lets through; the others become 0. */
static void broadcast(struct pm_x86 *x, uint8_t out, struct pm_x86_memory from, uint8_t mask)
{
    const struct encoding e = {
        .map = MAP_0F38, .prefix = PREFIX_66, .opcode = 0x18, .mask = mask, .zeroing = mask != 0};
    evex(x, e, out, 0, 0, bit((unsigned)from.base, 3));
    memory_operand(x, out, from, sizeof(float));
}

void pm_x86_broadcast(struct pm_x86 *x, uint8_t out, struct pm_x86_memory from)
{
    broadcast(x, out, from, 0);
}

void pm_x86_fill(struct pm_x86 *x, uint8_t out, uint32_t bits)
{
    if (bits == 0) {
        clear(x, out);
        return;
    }
    pm_x86_set(x, PM_X86_RAX, bits);
    vector_instruction(x, (struct encoding){.map = MAP_0F38, .prefix = PREFIX_66, .opcode = 0x7C},
                       out, 0, pm_x86_vector(PM_X86_RAX));
}

enum { LESS_ORDERED_QUIET = 17 };

/* The mask = a ? b. */
static void compare(struct pm_x86 *x, unsigned predicate, uint8_t a, struct pm_x86_source b)
{
    vector_instruction(x, (struct encoding){.map = MAP_0F, .opcode = 0xC2}, MASK, a, b);
    byte(x, predicate);
}

void pm_x86_heaviside(struct pm_x86 *x, uint8_t out, struct pm_x86_source a,
                      struct pm_x86_memory one)
{
    clear(x, out);
    compare(x, LESS_ORDERED_QUIET, out, a);
    broadcast(x, out, one, MASK);
}

void pm_x86_keep_nan(struct pm_x86 *x, uint8_t out, uint8_t a)
{
    enum { UNORDERED_QUIET = 3 };
    compare(x, UNORDERED_QUIET, a, pm_x86_vector(a));
    vector_instruction(x, (struct encoding){.map = MAP_0F, .opcode = 0x28, .mask = MASK}, out, 0,
                       pm_x86_vector(a));
}

void pm_x86_count_right(struct pm_x86 *x, uint8_t right, struct pm_x86_source prediction,
                        struct pm_x86_source label, uint8_t one, uint8_t half, uint8_t count,
                        uint8_t spare)
{
    enum { EQUAL_ORDERED_QUIET = 0 };
    compare(x, LESS_ORDERED_QUIET, half, prediction);
    vector_instruction(
        x, (struct encoding){.map = MAP_0F, .opcode = 0x28, .mask = MASK, .zeroing = true}, spare,
        0, pm_x86_vector(one));
    compare(x, EQUAL_ORDERED_QUIET, spare, label);
    vector_instruction(
        x, (struct encoding){.map = MAP_0F, .prefix = PREFIX_66, .opcode = 0xFE, .mask = MASK},
        right, right, pm_x86_vector(count));
}

/* ---- the rest ---- */

/* The prefix of 64-bit operands and of registers from r8 on. */
static void rex(struct pm_x86 *x, unsigned reg, unsigned index, unsigned base)
{
    byte(x, 0x48 | bit(reg, 3) << 2 | bit(index, 3) << 1 | bit(base, 3));
}

static void memory_instruction(struct pm_x86 *x, unsigned opcode, enum pm_x86_register reg,
                               struct pm_x86_memory m)
{
    rex(x, (unsigned)reg, m.index == PM_X86_NO_REGISTER ? 0 : (unsigned)m.index, (unsigned)m.base);
    byte(x, opcode);
    memory_operand(x, (unsigned)reg, m, 1);
}

static const enum pm_x86_register SAVED[] = {PM_X86_RBX, PM_X86_RBP, PM_X86_R12,
                                             PM_X86_R13, PM_X86_R14, PM_X86_R15};
enum { SAVED_COUNT = sizeof SAVED / sizeof *SAVED };

void pm_x86_enter(struct pm_x86 *x)
{
    word(x, 0xFA1E0FF3); /* endbr64: a place that may be jumped to */
    for (int i = 0; i < SAVED_COUNT; i++) {
        if (SAVED[i] >= PM_X86_R8) {
            byte(x, 0x41);
        }
        byte(x, 0x50 | ((unsigned)SAVED[i] & 7));
    }
    pm_x86_add(x, PM_X86_RSP, -8); /* calls want the stack on 16 bytes */
}

void pm_x86_leave(struct pm_x86 *x)
{
    pm_x86_add(x, PM_X86_RSP, 8);
    for (int i = SAVED_COUNT - 1; i >= 0; i--) {
        if (SAVED[i] >= PM_X86_R8) {
            byte(x, 0x41);
        }
        byte(x, 0x58 | ((unsigned)SAVED[i] & 7));
    }
    byte(x, 0xC5); /* vzeroupper */
    byte(x, 0xF8);
    byte(x, 0x77);
    byte(x, 0xC3);
}

void pm_x86_read(struct pm_x86 *x, enum pm_x86_register out, struct pm_x86_memory from)
{
    memory_instruction(x, 0x8B, out, from);
}

void pm_x86_write(struct pm_x86 *x, struct pm_x86_memory to, enum pm_x86_register from)
{
    memory_instruction(x, 0x89, from, to);
}

void pm_x86_move(struct pm_x86 *x, enum pm_x86_register out, enum pm_x86_register from)
{
    rex(x, (unsigned)from, 0, (unsigned)out);
    byte(x, 0x89);
    byte(x, 0xC0 | ((unsigned)from & 7) << 3 | ((unsigned)out & 7));
}

void pm_x86_set(struct pm_x86 *x, enum pm_x86_register out, uint64_t value)
{
    if (value <= UINT32_MAX) {
        if (out >= PM_X86_R8) {
            byte(x, 0x41);
        }
        byte(x, 0xB8 | ((unsigned)out & 7));
        word(x, (uint32_t)value);
        return;
    }
    rex(x, 0, 0, (unsigned)out);
    byte(x, 0xB8 | ((unsigned)out & 7));
    word(x, (uint32_t)value);
    word(x, (uint32_t)(value >> 32));
}

void pm_x86_add(struct pm_x86 *x, enum pm_x86_register to, int32_t value)
{
    rex(x, 0, 0, (unsigned)to);
    byte(x, 0x81);
    byte(x, 0xC0 | ((unsigned)to & 7));
    word(x, (uint32_t)value);
}

void pm_x86_add_memory(struct pm_x86 *x, enum pm_x86_register to, struct pm_x86_memory from)
{
    memory_instruction(x, 0x03, to, from);
}

void pm_x86_call(struct pm_x86 *x, enum pm_x86_register address)
{
    if (address >= PM_X86_R8) {
        byte(x, 0x41);
    }
    byte(x, 0xFF);
    byte(x, 0xD0 | ((unsigned)address & 7));
}

static void jump_if(struct pm_x86 *x, unsigned condition, const uint8_t *target)
{
    enum { LENGTH = 6 };
    const ptrdiff_t distance = target - (x->next + LENGTH);
    byte(x, 0x0F);
    byte(x, 0x80 | condition);
    word(x, (uint32_t)distance);
}

void pm_x86_jump_if_below(struct pm_x86 *x, enum pm_x86_register left, int32_t limit,
                          const uint8_t *target)
{
    enum { BELOW = 2 };
    rex(x, 0, 0, (unsigned)left);
    byte(x, 0x81);
    byte(x, 0xF8 | ((unsigned)left & 7));
    word(x, (uint32_t)limit);
    jump_if(x, BELOW, target);
}

enum { NOT_ZERO = 5 };

void pm_x86_count_down(struct pm_x86 *x, enum pm_x86_register counter, const uint8_t *target)
{
    rex(x, 0, 0, (unsigned)counter);
    byte(x, 0xFF);
    byte(x, 0xC8 | ((unsigned)counter & 7));
    jump_if(x, NOT_ZERO, target);
}

void pm_x86_count_down_memory(struct pm_x86 *x, struct pm_x86_memory counter, const uint8_t *target)
{
    pm_x86_read(x, PM_X86_RAX, counter);
    pm_x86_add(x, PM_X86_RAX, -1);
    pm_x86_write(x, counter, PM_X86_RAX); /* and the flags stay */
    jump_if(x, NOT_ZERO, target);
}
