/* Where a kernel finds its operands. Private to the lane kernels. */
#ifndef POOLMINER_LANE_OPERANDS_H
#define POOLMINER_LANE_OPERANDS_H

#include "lane_program.h"
#include "lane_simd.h"

#define PM_INLINE static inline __attribute__((always_inline))

PM_INLINE const pm_vec *pm_read_at(struct pm_lane_place place, const struct pm_lane_frame *frame,
                                   size_t instance)
{
    return (const pm_vec *)(const void *)(frame->base[place.base] + place.offset +
                                          instance * frame->stride[place.base]);
}

PM_INLINE pm_vec *pm_write_at(struct pm_lane_place place, const struct pm_lane_frame *frame,
                              size_t instance)
{
    return (pm_vec *)(void *)(frame->base[place.base] + place.offset +
                              instance * frame->stride[place.base]);
}

#endif
