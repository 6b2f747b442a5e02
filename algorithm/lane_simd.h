/* One SIMD level: the width of its vectors, as the compiler's flags say, and the few operations
 * that generic vectors do not have. Every level gives the same bits. Private to the lane kernels,
 * which are compiled once for each level. */
#ifndef POOLMINER_LANE_SIMD_H
#define POOLMINER_LANE_SIMD_H

#include <sleef.h>
#include <stdint.h>

#include <poolminer/lanes.h>

#if defined(__AVX512F__)
enum { PM_WIDTH = 16 };
#define PM_SLEEF(function) Sleef_cinz_##function##f16_u10avx512fnofma
#elif defined(__AVX2__)
enum { PM_WIDTH = 8 };
#define PM_SLEEF(function) Sleef_cinz_##function##f8_u10avx
#elif defined(__SSE2__)
enum { PM_WIDTH = 4 };
#define PM_SLEEF(function) Sleef_cinz_##function##f4_u10sse2
#elif defined(__ARM_NEON)
enum { PM_WIDTH = 4 };
#define PM_SLEEF(function) Sleef_cinz_##function##f4_u10advsimdnofma
#else
#error "lane kernels need SSE2, AVX2, AVX-512 or NEON"
#endif

/* How many vectors hold one element of all lanes. */
enum { PM_PARTS = PM_LANES / PM_WIDTH };

typedef float pm_vec __attribute__((vector_size(4 * PM_WIDTH)));
typedef int32_t pm_ivec __attribute__((vector_size(4 * PM_WIDTH)));
typedef uint32_t pm_uvec __attribute__((vector_size(4 * PM_WIDTH)));

static inline pm_vec pm_vec_all(float x)
{
    return x - (pm_vec){0}; /* x - (+0) is x, for -0 too */
}

/* yes where the mask is -1, no where it is 0. */
static inline pm_vec pm_vec_choose(pm_ivec mask, pm_vec yes, pm_vec no)
{
    return (pm_vec)((mask & (pm_ivec)yes) | (~mask & (pm_ivec)no));
}

static inline pm_vec pm_vec_abs(pm_vec x)
{
    return (pm_vec)((pm_ivec)x & INT32_MAX);
}

static inline pm_ivec pm_vec_is_nan(pm_vec x)
{
    return x != x; /* NOLINT(misc-redundant-expression) */
}

/* A NaN operand gives NaN; of two equal numbers (zeros of different sign) the second is taken. The
 * processor's own instructions do that but for a NaN in front. */
static inline pm_vec pm_vec_min(pm_vec a, pm_vec b)
{
#if defined(__AVX512F__)
    return _mm512_mask_mov_ps(_mm512_min_ps(a, b), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
#elif defined(__AVX2__)
    return pm_vec_choose(pm_vec_is_nan(a), a, _mm256_min_ps(a, b));
#elif defined(__SSE2__)
    return pm_vec_choose(pm_vec_is_nan(a), a, _mm_min_ps(a, b));
#else
    return pm_vec_choose((a < b) | pm_vec_is_nan(a), a, b);
#endif
}

static inline pm_vec pm_vec_max(pm_vec a, pm_vec b)
{
#if defined(__AVX512F__)
    return _mm512_mask_mov_ps(_mm512_max_ps(a, b), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
#elif defined(__AVX2__)
    return pm_vec_choose(pm_vec_is_nan(a), a, _mm256_max_ps(a, b));
#elif defined(__SSE2__)
    return pm_vec_choose(pm_vec_is_nan(a), a, _mm_max_ps(a, b));
#else
    return pm_vec_choose((a > b) | pm_vec_is_nan(a), a, b);
#endif
}

static inline pm_vec pm_vec_sqrt(pm_vec x)
{
#if defined(__AVX512F__)
    return _mm512_sqrt_ps(x);
#elif defined(__AVX2__)
    return _mm256_sqrt_ps(x);
#elif defined(__SSE2__)
    return _mm_sqrt_ps(x);
#else
    return (pm_vec)vsqrtq_f32((float32x4_t)x);
#endif
}

/* The low and the high word of the 64-bit products of x with a constant. */
static inline void pm_uvec_multiply(pm_uvec x, uint32_t by, pm_uvec *low, pm_uvec *high)
{
    *low = x * by;
#if defined(__SSE2__)
    typedef uint64_t wide __attribute__((vector_size(4 * PM_WIDTH)));
    wide even, odd, factor = by - (wide){0};
#if defined(__AVX512F__)
    even = (wide)_mm512_mul_epu32((__m512i)x, (__m512i)factor);
    odd = (wide)_mm512_mul_epu32((__m512i)((wide)x >> 32), (__m512i)factor);
#elif defined(__AVX2__)
    even = (wide)_mm256_mul_epu32((__m256i)x, (__m256i)factor);
    odd = (wide)_mm256_mul_epu32((__m256i)((wide)x >> 32), (__m256i)factor);
#else
    even = (wide)_mm_mul_epu32((__m128i)x, (__m128i)factor);
    odd = (wide)_mm_mul_epu32((__m128i)((wide)x >> 32), (__m128i)factor);
#endif
    *high = (pm_uvec)(even >> 32 | (odd & (UINT64_C(0xFFFFFFFF00000000) - (wide){0})));
#else
    uint64x2_t front = vmull_n_u32(vget_low_u32((uint32x4_t)x), by);
    uint64x2_t back = vmull_high_n_u32((uint32x4_t)x, by);
    *high = (pm_uvec)vuzp2q_u32(vreinterpretq_u32_u64(front), vreinterpretq_u32_u64(back));
#endif
}

#endif
