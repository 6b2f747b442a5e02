/* The generator of random instructions: its published vectors, and statistics of what is made of
 * it. Keys are fixed, so a statistic that is fine today is fine for ever; the limits are such that
 * a sound generator passes with about 99.9 % of keys. */
#include "tests/cmocka_include.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/philox.h>

struct vector {
    struct pm_philox_counter counter;
    struct pm_philox_key key;
    struct pm_philox_block block;
};

/* From the generator's authors' known answers. */
static void published_vectors_come_out(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {{{0, 0, 0, 0}}, {{0, 0}}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
        {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
         {{0xffffffff, 0xffffffff}},
         {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
        {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
         {{0xa4093822, 0x299f31d0}},
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct pm_philox_block block = pm_philox(vectors[i].counter, vectors[i].key);
        assert_memory_equal(&block, &vectors[i].block, sizeof block);
    }
    struct pm_philox_key key = pm_philox_key(UINT64_C(0x299f31d0a4093822));
    assert_memory_equal(&key, &vectors[2].key, sizeof key);
}

static void uniform_numbers_are_in_the_half_open_interval(void **state)
{
    (void)state;
    float out[4];
    const struct pm_philox_block extremes = {{0, 0xff, 0x100, 0xffffffff}};
    pm_philox_uniform(extremes, out);
    assert_true(out[0] == 0.0F && out[1] == 0.0F);
    assert_true(out[2] == 0x1p-24F);
    assert_true(out[3] == 1.0F - 0x1p-24F);
}

static void normal_numbers_are_finite_at_the_extremes(void **state)
{
    (void)state;
    static const uint32_t words[] = {0, 1, 0x100, 0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
            float out[4];
            const struct pm_philox_block block = {{words[i], words[j], words[j], words[i]}};
            pm_philox_normal(block, out);
            for (int k = 0; k < 4; k++) {
                assert_true(fabsf(out[k]) < 6.8F);
            }
        }
    }
}

/* The formula in double: float's own rounding is all that may lie between. */
static void normal_numbers_follow_the_formula(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10000; i++) {
        float out[4];
        struct pm_philox_block block = pm_philox((struct pm_philox_counter){{i}}, pm_philox_key(1));
        pm_philox_normal(block, out);
        for (int k = 0; k < 4; k += 2) {
            double u = ((double)block.words[k] + 0.5) / 4294967296.0;
            double t = 2 * M_PI * (double)(block.words[k + 1] >> 8) / 16777216.0;
            double r = sqrt(-2 * log(u));
            /* Near u = 1 the rounding of u to float is magnified by the logarithm. */
            double tolerance = 1e-5 + 1e-7 / (r + 1e-4);
            assert_true(fabs((double)out[k] - r * cos(t)) < tolerance);
            assert_true(fabs((double)out[k + 1] - r * sin(t)) < tolerance);
        }
    }
}

/* ---- statistics ---- */

enum { DRAWS = 400000 };
typedef void draw_shape(struct pm_philox_block block, float out[4]);

/* As one instruction draws them: block after block of one counter, over many examples. */
static void draw(draw_shape *shape, uint64_t key, float *out)
{
    enum { BLOCKS_PER_EXAMPLE = 64 };
    for (uint32_t block = 0; block < DRAWS / 4; block++) {
        const struct pm_philox_counter counter = {
            {block % BLOCKS_PER_EXAMPLE, 3, block / BLOCKS_PER_EXAMPLE, 1}};
        shape(pm_philox(counter, pm_philox_key(key)), out + (size_t)block * 4);
    }
}

static double mean_power(const float *x, int power)
{
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        sum += pow((double)x[i], power);
    }
    return sum / DRAWS;
}

/* `deviation`: of x^power itself; 3.3 standard errors hold 99.9 %. */
static void check_moment(const float *x, int power, double expected, double deviation)
{
    double found = mean_power(x, power);
    double limit = 3.3 * deviation / sqrt(DRAWS);
    if (fabs(found - expected) > limit) {
        fail_msg("moment %d is %g, not %g +- %g", power, found, expected, limit);
    }
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: the greatest distance between found and expected distribution. Its 99.9 %
 * point is 1.95 / sqrt(n). Sorts x. */
static void check_distribution(float *x, double (*expected)(double))
{
    double distance = 0;
    qsort(x, DRAWS, sizeof *x, compare_floats);
    for (int i = 0; i < DRAWS; i++) {
        double p = expected((double)x[i]);
        double before = p - (double)i / DRAWS, after = (i + 1.0) / DRAWS - p;
        if (before > distance) {
            distance = before;
        }
        if (after > distance) {
            distance = after;
        }
    }
    if (distance > 1.95 / sqrt(DRAWS)) {
        fail_msg("the distribution is off by %g", distance);
    }
}

/* Pearson's chi square of equally likely cells: mean cells - 1, variance twice that. */
static void check_cells(const float *x, int cells, double (*distribution)(double))
{
    int *count = calloc((size_t)cells, sizeof *count);
    for (int i = 0; i < DRAWS; i++) {
        int cell = (int)(distribution((double)x[i]) * cells);
        count[cell < cells ? cell : cells - 1]++;
    }
    double expected = (double)DRAWS / cells, chi_square = 0;
    for (int i = 0; i < cells; i++) {
        chi_square += (count[i] - expected) * (count[i] - expected) / expected;
    }
    free(count);
    double limit = 3.3 * sqrt(2.0 * (cells - 1));
    if (fabs(chi_square - (cells - 1)) > limit) {
        fail_msg("chi square over %d cells is %g", cells, chi_square);
    }
}

/* Between each number and the one `lag` later: with n numbers it deviates by 1 / sqrt(n). */
static void check_no_correlation(const float *x, int lag)
{
    double mean = mean_power(x, 1), variance = mean_power(x, 2) - mean * mean, sum = 0;
    for (int i = 0; i + lag < DRAWS; i++) {
        sum += ((double)x[i] - mean) * ((double)x[i + lag] - mean);
    }
    double correlation = sum / (DRAWS - lag) / variance;
    if (fabs(correlation) > 3.3 / sqrt(DRAWS - lag)) {
        fail_msg("numbers %d apart correlate by %g", lag, correlation);
    }
}

static double uniform_distribution(double x)
{
    return x;
}

static double normal_distribution(double x)
{
    return 0.5 * erfc(-x / M_SQRT2);
}

static void check_sample(draw_shape *shape, uint64_t key, double (*distribution)(double))
{
    static const int lags[] = {1, 2, 3, 4, 5, 8, 16, 256, 1024};
    float *x = calloc(DRAWS, sizeof *x);
    assert_non_null(x);
    draw(shape, key, x);
    for (size_t i = 0; i < sizeof lags / sizeof *lags; i++) {
        check_no_correlation(x, lags[i]);
    }
    check_cells(x, 100, distribution);
    check_cells(x, 1000, distribution);
    if (distribution == normal_distribution) {
        check_moment(x, 1, 0, 1);
        check_moment(x, 2, 1, sqrt(2));
        check_moment(x, 3, 0, sqrt(15));
        check_moment(x, 4, 3, sqrt(96));
    } else {
        check_moment(x, 1, 1.0 / 2, sqrt(1.0 / 12));
        check_moment(x, 2, 1.0 / 3, sqrt(4.0 / 45));
        check_moment(x, 3, 1.0 / 4, sqrt(9.0 / 112));
    }
    check_distribution(x, distribution);
    free(x);
}

static void uniform_numbers_are_uniform(void **state)
{
    (void)state;
    for (uint64_t key = 1; key <= 3; key++) {
        check_sample(pm_philox_uniform, key, uniform_distribution);
    }
}

static void normal_numbers_are_normal(void **state)
{
    (void)state;
    for (uint64_t key = 1; key <= 3; key++) {
        check_sample(pm_philox_normal, key, normal_distribution);
    }
}

/* Neighbours in any word of the counter or the key share nothing: two samples side by side. */
static void neighbouring_streams_are_independent(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    for (int word = 0; word < 5; word++) {
        double sum = 0;
        for (uint32_t i = 0; i < COUNT; i++) {
            struct pm_philox_counter counter = {{i, i, i, i}};
            float a[4], b[4];
            pm_philox_normal(pm_philox(counter, pm_philox_key(7)), a);
            if (word < 4) {
                counter.words[word] ^= 1;
            }
            pm_philox_normal(pm_philox(counter, pm_philox_key(word < 4 ? 7 : 8)), b);
            sum += (double)a[0] * (double)b[0];
        }
        assert_true(fabs(sum / COUNT) < 3.3 / sqrt(COUNT));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_come_out),
        cmocka_unit_test(uniform_numbers_are_in_the_half_open_interval),
        cmocka_unit_test(normal_numbers_are_finite_at_the_extremes),
        cmocka_unit_test(normal_numbers_follow_the_formula),
        cmocka_unit_test(uniform_numbers_are_uniform),
        cmocka_unit_test(normal_numbers_are_normal),
        cmocka_unit_test(neighbouring_streams_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
