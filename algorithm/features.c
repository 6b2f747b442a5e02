/* Every number here is defined by its order of additions: loops may be tiled and vectorised over
 * images and columns, but each sum runs over pixels (or rows) from first to last. Pixels / 255 and
 * the projection are float32, so each product is exact in a double. */
#include "features.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/numpy_random.h>

enum {
    COLUMNS_MAX = 128,
    TILE_COLUMNS = 8,
    TILE_IMAGES = 4,
    TILE_PIXELS = 256, /* 16 KiB of doubles with TILE_COLUMNS: half a first-level cache */
    PIXEL_VALUES = 256,
};

static const double NORM_MIN = 1e-6;
static const double DEVIATION_OFFSET = 1e-6;

/* ---- the projection ---- */

void pm_projection_draw(uint64_t seed, size_t pixel_count, size_t columns, float *out)
{
    assert(columns <= COLUMNS_MAX);
    double norm[COLUMNS_MAX] = {0.0};
    struct pm_numpy_random random;
    pm_numpy_random_seed(&random, seed);
    for (size_t j = 0; j < pixel_count; j++) {
        double row[COLUMNS_MAX];
        pm_numpy_random_normals(&random, columns, row);
        for (size_t c = 0; c < columns; c++) {
            float rounded = (float)row[c];
            out[j * columns + c] = rounded;
            norm[c] += (double)rounded * (double)rounded;
        }
    }
    for (size_t c = 0; c < columns; c++)
        norm[c] = sqrt(norm[c]) > NORM_MIN ? sqrt(norm[c]) : NORM_MIN;
    for (size_t j = 0; j < pixel_count; j++)
        for (size_t c = 0; c < columns; c++)
            out[j * columns + c] = (float)((double)out[j * columns + c] / norm[c]);
}

/* ---- pixels x projection ---- */

/* A tile of the projection: TILE_PIXELS rows, TILE_COLUMNS columns, zero where it has none. */
struct projection_tile {
    size_t rows, columns;
    double weight[TILE_PIXELS][TILE_COLUMNS];
};

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void cut_tile(const float *projection, size_t pixel_count, size_t columns, size_t first_row,
                     size_t first_column, struct projection_tile *tile)
{
    tile->rows = min_size(TILE_PIXELS, pixel_count - first_row);
    tile->columns = min_size(TILE_COLUMNS, columns - first_column);
    for (size_t j = 0; j < tile->rows; j++) {
        const float *row = projection + (first_row + j) * columns + first_column;
        for (size_t c = 0; c < TILE_COLUMNS; c++)
            tile->weight[j][c] = c < tile->columns ? (double)row[c] : 0.0;
    }
}

/* Goes on with the sums of TILE_IMAGES images, over the tile's rows. */
static void accumulate(const uint8_t *const pixels[TILE_IMAGES], const double unit[PIXEL_VALUES],
                       const struct projection_tile *tile, double sums[TILE_IMAGES][TILE_COLUMNS])
{
    double kept[TILE_IMAGES][TILE_COLUMNS];
    memcpy(kept, sums, sizeof kept);
    for (size_t j = 0; j < tile->rows; j++)
        for (size_t i = 0; i < TILE_IMAGES; i++) {
            double value = unit[pixels[i][j]];
            for (size_t c = 0; c < TILE_COLUMNS; c++)
                kept[i][c] += value * tile->weight[j][c];
        }
    memcpy(sums, kept, sizeof kept);
}

static void project_tile(const uint8_t *const *pixels, size_t image_count, size_t first_row,
                         const double unit[PIXEL_VALUES], const struct projection_tile *tile,
                         size_t columns, double *out)
{
    for (size_t first = 0; first < image_count; first += TILE_IMAGES) {
        size_t images = min_size(TILE_IMAGES, image_count - first);
        const uint8_t *rows[TILE_IMAGES];
        double sums[TILE_IMAGES][TILE_COLUMNS] = {{0.0}};
        for (size_t i = 0; i < TILE_IMAGES; i++)
            rows[i] = pixels[first + (i < images ? i : 0)] + first_row;
        for (size_t i = 0; i < images; i++)
            memcpy(sums[i], out + (first + i) * columns, tile->columns * sizeof *out);
        accumulate(rows, unit, tile, sums);
        for (size_t i = 0; i < images; i++)
            memcpy(out + (first + i) * columns, sums[i], tile->columns * sizeof *out);
    }
}

void pm_features_project(const uint8_t *const *pixels, size_t image_count, size_t pixel_count,
                         const float *projection, size_t columns, double *out)
{
    double unit[PIXEL_VALUES];
    struct projection_tile tile;
    for (int value = 0; value < PIXEL_VALUES; value++)
        unit[value] = (double)((float)value / 255.0F);
    for (size_t i = 0; i < image_count * columns; i++)
        out[i] = 0.0;
    for (size_t column = 0; column < columns; column += TILE_COLUMNS)
        for (size_t row = 0; row < pixel_count; row += TILE_PIXELS) {
            cut_tile(projection, pixel_count, columns, row, column, &tile);
            project_tile(pixels, image_count, row, unit, &tile, columns, out + column);
        }
}

/* ---- standardising ---- */

void pm_features_standardise(const double *values, size_t rows, size_t columns, float *out)
{
    assert(columns <= COLUMNS_MAX);
    double mean[COLUMNS_MAX] = {0.0};
    double deviation[COLUMNS_MAX] = {0.0};
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < columns; c++)
            mean[c] += values[i * columns + c];
    for (size_t c = 0; c < columns; c++)
        mean[c] /= (double)rows;
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < columns; c++) {
            double distance = values[i * columns + c] - mean[c];
            deviation[c] += distance * distance;
        }
    for (size_t c = 0; c < columns; c++)
        deviation[c] = sqrt(deviation[c] / (double)rows) + DEVIATION_OFFSET;
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < columns; c++)
            out[i * columns + c] = (float)((values[i * columns + c] - mean[c]) / deviation[c]);
}
