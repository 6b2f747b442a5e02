/* Lane kernels that draw random numbers: philox.c on all lanes. Private to lane_kernels.c. */
#ifndef POOLMINER_LANE_RANDOM_H
#define POOLMINER_LANE_RANDOM_H

#include "lane_operands.h"

struct block {
    pm_uvec words[4];
};

PM_INLINE struct block philox(struct block x, pm_uvec key_low, pm_uvec key_high)
{
    enum { ROUNDS = 10 };
    for (int round = 0; round < ROUNDS; round++) {
        pm_uvec low0, high0, low1, high1;
        pm_uvec_multiply(x.words[0], UINT32_C(0xD2511F53), &low0, &high0);
        pm_uvec_multiply(x.words[2], UINT32_C(0xCD9E8D57), &low1, &high1);
        x = (struct block){
            {high1 ^ x.words[1] ^ key_low, low1, high0 ^ x.words[3] ^ key_high, low0}};
        key_low += UINT32_C(0x9E3779B9);
        key_high += UINT32_C(0xBB67AE85);
    }
    return x;
}

PM_INLINE pm_vec unit(pm_uvec word)
{
    return __builtin_convertvector((pm_ivec)(word >> 8), pm_vec) * 0x1p-24f;
}

PM_INLINE void shape_uniform(const struct block *block, pm_vec numbers[4])
{
    for (int i = 0; i < 4; i++) {
        numbers[i] = unit(block->words[i]);
    }
}

PM_INLINE void shape_normal(const struct block *block, pm_vec numbers[4])
{
    for (int i = 0; i < 4; i += 2) {
        const pm_vec u = (__builtin_convertvector(block->words[i], pm_vec) + 0.5f) * 0x1p-32f;
        const pm_vec radius = pm_vec_sqrt(-2.0f * PM_SLEEF(log)(u));
        const pm_vec angle = 6.28318530717958647692f * unit(block->words[i + 1]);
        numbers[i] = radius * PM_SLEEF(cos)(angle);
        numbers[i + 1] = radius * PM_SLEEF(sin)(angle);
    }
}

PM_INLINE void draw(const struct pm_lane_step *step, const struct pm_lane_frame *frame, bool normal)
{
    const float offset = step->c0, scale = normal ? step->c1 : step->c1 - step->c0;
    for (size_t g = 0; g < frame->instances; g++) {
        const struct pm_lane_keys *keys = &frame->keys[g * frame->key_stride];
        const uint32_t example = frame->example + (uint32_t)g * frame->example_stride;
        const pm_uvec *low = (const pm_uvec *)(const void *)keys->low;
        const pm_uvec *high = (const pm_uvec *)(const void *)keys->high;
        const pm_uvec *first = (const pm_uvec *)(const void *)keys->first_example;
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (uint32_t i = 0; i < step->count; i += 4) {
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_uvec zero = {0};
                const struct block counter = {
                    {zero + i / 4, zero + step->index, first[part] + example, zero + step->phase}};
                const struct block block = philox(counter, low[part], high[part]);
                pm_vec numbers[4];
                if (normal) {
                    shape_normal(&block, numbers);
                } else {
                    shape_uniform(&block, numbers);
                }
                for (uint32_t k = 0; k < 4 && i + k < step->count; k++) {
                    out[(size_t)(i + k) * PM_PARTS + part] = offset + scale * numbers[k];
                }
            }
        }
    }
}

static void gaussian(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    draw(step, frame, true);
}

static void uniform(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    draw(step, frame, false);
}

#endif
