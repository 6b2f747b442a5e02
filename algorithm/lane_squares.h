/* Sums of squared errors, for regression. Private to lane_kernels.c.
 *
 * Each lane adds up its own task's examples in their order, in double precision: the same bits as
 * pm_task_score, which is the definition. */
#ifndef POOLMINER_LANE_SQUARES_H
#define POOLMINER_LANE_SQUARES_H

#include "lane_program.h"
#include "lane_simd.h"

/* Half as many lanes as a vector has: so many doubles fit into one. */
enum { HALF = PM_WIDTH / 2, HALVES = PM_LANES / HALF };

typedef float half_vec __attribute__((vector_size(4 * HALF)));
typedef int32_t half_ivec __attribute__((vector_size(4 * HALF)));
typedef double half_dvec __attribute__((vector_size(8 * HALF)));
typedef int64_t half_lvec __attribute__((vector_size(8 * HALF)));

static void add_squares(const struct pm_lane_examples *examples, const int32_t count[PM_LANES],
                        struct pm_lane_squares *squares)
{
    const half_ivec *counts = (const half_ivec *)(const void *)count;
    half_dvec *sums = (half_dvec *)(void *)squares->sum;
    half_ivec *odds = (half_ivec *)(void *)squares->odd;
    for (size_t half = 0; half < HALVES; half++) {
        half_dvec sum = sums[half];
        half_ivec odd = odds[half];
        for (size_t i = 0; i < examples->count; i++) {
            const half_vec prediction =
                ((const half_vec *)(const void *)(examples->predictions +
                                                  i * examples->prediction_stride))[half];
            const half_vec label =
                ((const half_vec *)(const void *)(examples->labels +
                                                  i * examples->label_stride))[half];
            const half_ivec takes_part = counts[half] > (int32_t)i;
            const half_ivec exponent = (half_ivec)prediction & 0x7F800000;
            const half_dvec distance = __builtin_convertvector(prediction, half_dvec) -
                                       __builtin_convertvector(label, half_dvec);
            odd |= takes_part & (exponent == 0x7F800000);
            sum += (half_dvec)((half_lvec)(distance * distance) &
                               __builtin_convertvector(takes_part, half_lvec));
        }
        sums[half] = sum;
        odds[half] = odd;
    }
}

#endif
