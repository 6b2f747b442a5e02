/* Loops that do one thing as fast as the processor can. Private to lane_kernels.c. */
#ifndef POOLMINER_LANE_PROBE_KERNELS_H
#define POOLMINER_LANE_PROBE_KERNELS_H

#include "lane_simd.h"

enum { PM_PROBE_CHAINS = 6 }; /* side by side, more than an operation takes cycles */

/* An empty statement that claims to read and change the vector: keeps it in a register. */
#if defined(__x86_64__)
#define PM_PROBE_KEEP(x) __asm__ volatile("" : "+v"(x))
#else
#define PM_PROBE_KEEP(x) __asm__ volatile("" : "+w"(x))
#endif

/* Chains are variables of their own: an array would be memory. */
#define PM_PROBE_EACH_CHAIN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define PM_PROBE_DECLARE(i) pm_vec product##i = one, sum##i = one;
#define PM_PROBE_STEP(i)                                                                           \
    if (multiply) {                                                                                \
        product##i *= one;                                                                         \
        PM_PROBE_KEEP(product##i);                                                                 \
    }                                                                                              \
    if (add) {                                                                                     \
        sum##i += zero;                                                                            \
        PM_PROBE_KEEP(sum##i);                                                                     \
    }

static inline __attribute__((always_inline)) void compute(size_t rounds, bool multiply, bool add)
{
    pm_vec one = pm_vec_all(1), zero = {0};
    PM_PROBE_KEEP(one); /* what is not known cannot be left out */
    PM_PROBE_KEEP(zero);
    PM_PROBE_EACH_CHAIN(PM_PROBE_DECLARE)
    for (size_t round = 0; round < rounds; round++) {
        PM_PROBE_EACH_CHAIN(PM_PROBE_STEP)
    }
}

/* `rounds` times PM_PROBE_CHAINS multiplications, additions, or both, of single vectors. */
static void probe_arithmetic(size_t rounds, bool multiply, bool add)
{
    if (multiply && add) {
        compute(rounds, true, true);
    } else if (multiply) {
        compute(rounds, true, false);
    } else {
        compute(rounds, false, add);
    }
}

/* Reads or writes `count` elements of all lanes; a multiple of 8. */
static void probe_read(const float *data, size_t count)
{
    const pm_vec *from = (const pm_vec *)(const void *)data;
    for (size_t i = 0; i < count * PM_PARTS; i += 8) {
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++) {
            pm_vec x = from[i + k];
            PM_PROBE_KEEP(x);
        }
    }
}

static void probe_write(float *data, size_t count)
{
    pm_vec *to = (pm_vec *)(void *)data, zero = {0};
    for (size_t i = 0; i < count * PM_PARTS; i++) {
        to[i] = zero;
        PM_PROBE_KEEP(zero);
    }
}

#endif
