/* The embedded dataset: two patterns a class and noise, from integers alone. Each class is a faint
 * pattern that is always there plus a strong one of random sign, so that a linear classifier learns
 * something and a non-linear one more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/dataset.h>

enum {
    PLANES = 3,
    SIDE = 32,
    CELLS = 8,           /* a pattern's cells along a side */
    CELL = SIDE / CELLS, /* pixels along a cell's side */
    PATTERN_WEIGHT = 60, /* in 256ths */
    SIGNED_WEIGHT = 130,
    NOISE_WEIGHT = 200,
};

struct patterns {
    int fixed[PM_DATASET_CLASSES][PM_DATASET_PIXELS];
    int by_sign[PM_DATASET_CLASSES][PM_DATASET_PIXELS];
};

/* Output `index` (from 1) of SplitMix64 started at `seed`. */
static uint64_t mix(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + index * 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

/* Outputs 1, 2, ... as little-endian bytes; `count` is a multiple of 8. */
static void fill_bytes(uint64_t seed, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count / 8; i++) {
        uint64_t word = mix(seed, i + 1);
        for (int byte = 0; byte < 8; byte++) {
            out[8 * i + (size_t)byte] = (uint8_t)(word >> (8 * byte));
        }
    }
}

static void make_pattern(uint64_t seed, int out[PM_DATASET_PIXELS])
{
    uint8_t grid[PLANES * CELLS * CELLS];
    fill_bytes(seed, sizeof grid, grid);
    for (int pixel = 0; pixel < PM_DATASET_PIXELS; pixel++) {
        int plane = pixel / (SIDE * SIDE);
        int row = pixel / SIDE % SIDE;
        int column = pixel % SIDE;
        out[pixel] = grid[(plane * CELLS + row / CELL) * CELLS + column / CELL] - 128;
    }
}

static void make_patterns(uint64_t seed, struct patterns *patterns)
{
    for (uint64_t class = 0; class < PM_DATASET_CLASSES; class ++) {
        make_pattern(1000003 * seed + 2 * class, patterns->fixed[class]);
        make_pattern(1000003 * seed + 2 * class + 1, patterns->by_sign[class]);
    }
}

static uint8_t clamp_pixel(int in_256ths)
{
    if (in_256ths < 0) {
        return 0;
    }
    return in_256ths > 255 * 256 ? 255 : (uint8_t)(in_256ths >> 8);
}

static void make_record(uint64_t seed, uint64_t index, const struct patterns *patterns,
                        uint8_t *record)
{
    uint64_t draw = mix((seed << 32) + (1U << 20) + index, 1);
    unsigned class = (unsigned)(draw % PM_DATASET_CLASSES);
    int signed_weight = draw >> 32 & 1 ? SIGNED_WEIGHT : -SIGNED_WEIGHT;
    const int *fixed = patterns->fixed[class];
    const int *by_sign = patterns->by_sign[class];
    uint8_t noise[PM_DATASET_PIXELS];
    fill_bytes((seed << 32) + (UINT64_C(1) << 52) + 4096 * index, sizeof noise, noise);
    record[0] = (uint8_t) class;
    for (int pixel = 0; pixel < PM_DATASET_PIXELS; pixel++) {
        record[1 + pixel] =
            clamp_pixel(128 * 256 + PATTERN_WEIGHT * fixed[pixel] + signed_weight * by_sign[pixel] +
                        NOISE_WEIGHT * (noise[pixel] - 128));
    }
}

static char *name_of(size_t count)
{
    char name[48] = "synthetic";
    if (count != PM_DATASET_SYNTHETIC_RECORDS) {
        snprintf(name, sizeof name, "synthetic:%zu", count);
    }
    return strdup(name);
}

bool pm_dataset_synthetic(uint64_t seed, size_t count, struct pm_dataset **out,
                          struct pm_error *error)
{
    if (count < PM_DATASET_SYNTHETIC_RECORDS_MIN || count > PM_DATASET_RECORDS_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "a synthetic dataset has %d to %d records, not %zu",
                       PM_DATASET_SYNTHETIC_RECORDS_MIN, PM_DATASET_RECORDS_MAX, count);
    }
    struct pm_dataset *dataset = calloc(1, sizeof *dataset);
    struct patterns *patterns = malloc(sizeof *patterns);
    if (dataset != NULL) {
        dataset->name = name_of(count);
        dataset->records = malloc(count * PM_DATASET_RECORD_SIZE);
        dataset->count = count;
        dataset->pixel_count = PM_DATASET_PIXELS;
    }
    if (dataset == NULL || patterns == NULL || dataset->name == NULL || dataset->records == NULL) {
        free(patterns);
        pm_dataset_destroy(dataset);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a dataset of %zu records", count);
    }
    make_patterns(seed, patterns);
    for (size_t i = 0; i < count; i++) {
        make_record(seed, i, patterns, dataset->records + i * PM_DATASET_RECORD_SIZE);
    }
    free(patterns);
    *out = dataset;
    return true;
}
