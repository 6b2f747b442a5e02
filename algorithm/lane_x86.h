/* An assembler for the few x86-64 instructions that native lane code consists of: AVX-512 on whole
 * 64-byte vectors, and what loops and calls need. Encodings: Intel 64 and IA-32 Architectures
 * Software Developer's Manual, volume 2. Private to algorithm/. */
#ifndef POOLMINER_LANE_X86_H
#define POOLMINER_LANE_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pm_x86_register {
    PM_X86_RAX,
    PM_X86_RCX,
    PM_X86_RDX,
    PM_X86_RBX,
    PM_X86_RSP,
    PM_X86_RBP,
    PM_X86_RSI,
    PM_X86_RDI,
    PM_X86_R8,
    PM_X86_R9,
    PM_X86_R10,
    PM_X86_R11,
    PM_X86_R12,
    PM_X86_R13,
    PM_X86_R14,
    PM_X86_R15,
    PM_X86_NO_REGISTER
};

/* base + index + offset bytes; an index of PM_X86_NO_REGISTER is none. */
struct pm_x86_memory {
    enum pm_x86_register base, index;
    int32_t offset;
};

/* Where code goes. What does not fit is not written, and `full` says so. */
struct pm_x86 {
    uint8_t *start, *next, *end;
    bool full;
};

/* A source operand: a vector register 0..31, or memory. */
struct pm_x86_source {
    bool in_memory;
    uint8_t vector;
    struct pm_x86_memory memory;
};

static inline struct pm_x86_source pm_x86_vector(uint8_t vector)
{
    return (struct pm_x86_source){.vector = vector};
}

/* ---- vectors of 16 floats ---- */

/* The opcode of `out = a op b`. */
enum pm_x86_arithmetic {
    PM_X86_SQRT = 0x51, /* of b alone */
    PM_X86_ADD = 0x58,
    PM_X86_MUL = 0x59,
    PM_X86_SUB = 0x5C,
    PM_X86_MIN = 0x5D, /* a < b ? a : b */
    PM_X86_DIV = 0x5E,
    PM_X86_MAX = 0x5F /* a > b ? a : b */
};

void pm_x86_load(struct pm_x86 *x, uint8_t out, struct pm_x86_source from);
void pm_x86_store(struct pm_x86 *x, struct pm_x86_memory to, uint8_t from);
void pm_x86_arithmetic(struct pm_x86 *x, enum pm_x86_arithmetic op, uint8_t out, uint8_t a,
                       struct pm_x86_source b);
/* out = a & b, as bits. */
void pm_x86_and(struct pm_x86 *x, uint8_t out, uint8_t a, struct pm_x86_source b);
/* Every element = the float with these bits. Changes rax. */
void pm_x86_fill(struct pm_x86 *x, uint8_t out, uint32_t bits);
/* Every element = the float in memory. */
void pm_x86_broadcast(struct pm_x86 *x, uint8_t out, struct pm_x86_memory from);
/* out = the 1 in memory where a > 0, else 0; `out` is not a's register. Changes mask register 1. */
void pm_x86_heaviside(struct pm_x86 *x, uint8_t out, struct pm_x86_source a,
                      struct pm_x86_memory one);
/* out = a where a is not a number. Changes mask register 1. */
void pm_x86_keep_nan(struct pm_x86 *x, uint8_t out, uint8_t a);

/* The element of `right`, integers, grows by 1 where (prediction > half) equals the label, with the
 * elements of `one`, `half` and `count` being 1, 0.5 and the integer 1. Changes `spare` and mask
 * register 1. */
void pm_x86_count_right(struct pm_x86 *x, uint8_t right, struct pm_x86_source prediction,
                        struct pm_x86_source label, uint8_t one, uint8_t half, uint8_t count,
                        uint8_t spare);

/* ---- the rest ---- */

/* A function that may use rbx, rbp, r12 to r15 and call, with 8 bytes of its own at rsp. */
void pm_x86_enter(struct pm_x86 *x);
void pm_x86_leave(struct pm_x86 *x);
void pm_x86_read(struct pm_x86 *x, enum pm_x86_register out, struct pm_x86_memory from);
void pm_x86_write(struct pm_x86 *x, struct pm_x86_memory to, enum pm_x86_register from);
void pm_x86_move(struct pm_x86 *x, enum pm_x86_register out, enum pm_x86_register from);
void pm_x86_set(struct pm_x86 *x, enum pm_x86_register out, uint64_t value);
void pm_x86_add(struct pm_x86 *x, enum pm_x86_register to, int32_t value);
void pm_x86_add_memory(struct pm_x86 *x, enum pm_x86_register to, struct pm_x86_memory from);
void pm_x86_call(struct pm_x86 *x, enum pm_x86_register address);
/* To `target` if `left` is below `limit`, unsigned. */
void pm_x86_jump_if_below(struct pm_x86 *x, enum pm_x86_register left, int32_t limit,
                          const uint8_t *target);
/* Counts down and jumps unless that gave 0. */
void pm_x86_count_down(struct pm_x86 *x, enum pm_x86_register counter, const uint8_t *target);
/* The same for a counter in memory. Changes rax. */
void pm_x86_count_down_memory(struct pm_x86 *x, struct pm_x86_memory counter,
                              const uint8_t *target);

#endif
