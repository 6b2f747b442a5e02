/* The lane kernels of each SIMD level in this build. Private to algorithm/. */
#ifndef POOLMINER_LANE_KERNELS_H
#define POOLMINER_LANE_KERNELS_H

#include "lane_program.h"

/* NULL for a level that this build does not have. */
const struct pm_lane_kernels *pm_lane_kernels(enum pm_simd_level level);

extern const struct pm_lane_kernels pm_lane_kernels_baseline;
#if defined(__x86_64__)
extern const struct pm_lane_kernels pm_lane_kernels_avx2;
extern const struct pm_lane_kernels pm_lane_kernels_avx512;
#endif

#endif
