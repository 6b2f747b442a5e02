#include <math.h>

#include <poolminer/elementary.h>
#include <poolminer/philox.h>

static const float TWO_PI = 6.28318530717958647692F;

struct pm_philox_key pm_philox_key(uint64_t key)
{
    return (struct pm_philox_key){{(uint32_t)key, (uint32_t)(key >> 32)}};
}

struct pm_philox_block pm_philox(struct pm_philox_counter counter, struct pm_philox_key key)
{
    enum { ROUNDS = 10 };
    uint32_t x0 = counter.words[0], x1 = counter.words[1];
    uint32_t x2 = counter.words[2], x3 = counter.words[3];
    uint32_t k0 = key.words[0], k1 = key.words[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t product0 = UINT64_C(0xD2511F53) * x0;
        uint64_t product1 = UINT64_C(0xCD9E8D57) * x2;
        x0 = (uint32_t)(product1 >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)product1;
        x2 = (uint32_t)(product0 >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)product0;
        k0 += UINT32_C(0x9E3779B9); /* golden ratio */
        k1 += UINT32_C(0xBB67AE85); /* sqrt(3) - 1 */
    }
    return (struct pm_philox_block){{x0, x1, x2, x3}};
}

static float unit(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24F;
}

void pm_philox_uniform(struct pm_philox_block block, float out[4])
{
    for (int i = 0; i < 4; i++) {
        out[i] = unit(block.words[i]);
    }
}

void pm_philox_normal(struct pm_philox_block block, float out[4])
{
    for (int i = 0; i < 4; i += 2) {
        float u = ((float)block.words[i] + 0.5F) * 0x1p-32F; /* never 0, so log is finite */
        float radius = sqrtf(-2.0F * pm_elementary_log(u));
        float angle = TWO_PI * unit(block.words[i + 1]);
        out[i] = radius * pm_elementary_cos(angle);
        out[i + 1] = radius * pm_elementary_sin(angle);
    }
}
