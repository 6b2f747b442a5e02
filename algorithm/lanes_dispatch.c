#include "lane_kernels.h"

#include <stdlib.h>
#include <string.h>

static const char *const LEVEL_NAMES[PM_SIMD_LEVEL_COUNT] = {
    [PM_SIMD_BASELINE] = "baseline",
    [PM_SIMD_AVX2] = "avx2",
    [PM_SIMD_AVX512] = "avx512",
};

const char *pm_simd_level_name(enum pm_simd_level level)
{
    return LEVEL_NAMES[level];
}

bool pm_simd_level_parse(const char *text, enum pm_simd_level *out, struct pm_error *error)
{
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (strcmp(text, LEVEL_NAMES[level]) == 0) {
            *out = (enum pm_simd_level)level;
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "SIMD level \"%.32s\" is unknown; there are baseline, avx2 and avx512", text);
}

bool pm_simd_level_available(enum pm_simd_level level)
{
    switch (level) {
    case PM_SIMD_BASELINE:
        return true;
#if defined(__x86_64__)
    case PM_SIMD_AVX2:
        return __builtin_cpu_supports("avx2") != 0;
    case PM_SIMD_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    default:
        return false;
    }
}

enum pm_simd_level pm_simd_level_best(void)
{
    enum pm_simd_level best = PM_SIMD_BASELINE, asked = PM_SIMD_BASELINE;
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (pm_simd_level_available((enum pm_simd_level)level)) {
            best = (enum pm_simd_level)level;
        }
    }
    const char *name = getenv("POOLMINER_SIMD");
    if (name != NULL && pm_simd_level_parse(name, &asked, NULL) && asked < best &&
        pm_simd_level_available(asked)) {
        return asked;
    }
    return best;
}

const struct pm_lane_kernels *pm_lane_kernels(enum pm_simd_level level)
{
    switch (level) {
    case PM_SIMD_BASELINE:
        return &pm_lane_kernels_baseline;
#if defined(__x86_64__)
    case PM_SIMD_AVX2:
        return &pm_lane_kernels_avx2;
    case PM_SIMD_AVX512:
        return &pm_lane_kernels_avx512;
#endif
    default:
        return NULL;
    }
}
