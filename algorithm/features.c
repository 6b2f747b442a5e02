/* Every number here is defined by its order of additions: loops may be tiled and vectorised over
 * images and columns (projection.c), but each sum runs over pixels, or rows, from first to last.
 * Pixels / 255 and the projection are float32, so each product is exact in a double. */
#include "algorithm/features.h"

#include "algorithm/projection.h"

#include <assert.h>
#include <math.h>

#include <poolminer/lanes.h>
#include <poolminer/numpy_random.h>

enum { COLUMNS_MAX = 128 };

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
    for (size_t c = 0; c < columns; c++) {
        norm[c] = sqrt(norm[c]) > NORM_MIN ? sqrt(norm[c]) : NORM_MIN;
    }
    for (size_t j = 0; j < pixel_count; j++) {
        for (size_t c = 0; c < columns; c++) {
            out[j * columns + c] = (float)((double)out[j * columns + c] / norm[c]);
        }
    }
}

/* ---- pixels x projection ---- */

static pm_project_tile *choose_level(void)
{
    switch (pm_simd_level_best()) {
#if defined(__x86_64__)
    case PM_SIMD_AVX512:
        return pm_project_tile_avx512;
    case PM_SIMD_AVX2:
        return pm_project_tile_avx2;
#endif
    default:
        return pm_project_tile_baseline;
    }
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void cut_tile(const float *projection, size_t pixel_count, size_t columns, size_t first_row,
                     size_t first_column, struct pm_projection_tile *tile)
{
    tile->first_row = first_row;
    tile->rows = min_size(PM_TILE_PIXELS, pixel_count - first_row);
    tile->columns = min_size(PM_TILE_COLUMNS, columns - first_column);
    for (size_t j = 0; j < tile->rows; j++) {
        const float *row = projection + (first_row + j) * columns + first_column;
        for (size_t c = 0; c < PM_TILE_COLUMNS; c++) {
            tile->weight[j][c] = c < tile->columns ? (double)row[c] : 0.0;
        }
    }
}

void pm_features_project(const uint8_t *const *pixels, size_t image_count, size_t pixel_count,
                         const float *projection, size_t columns, double *out)
{
    pm_project_tile *const project_tile = choose_level();
    struct pm_projection_tile tile;
    for (int value = 0; value < PM_PIXEL_VALUES; value++) {
        tile.unit[value] = (double)((float)value / 255.0F);
    }
    for (size_t i = 0; i < image_count * columns; i++) {
        out[i] = 0.0;
    }
    for (size_t column = 0; column < columns; column += PM_TILE_COLUMNS) {
        for (size_t row = 0; row < pixel_count; row += PM_TILE_PIXELS) {
            cut_tile(projection, pixel_count, columns, row, column, &tile);
            project_tile(&tile, pixels, image_count, out + column, columns);
        }
    }
}

/* ---- standardising ---- */

void pm_features_standardise(const double *values, size_t rows, size_t columns, float *out)
{
    assert(columns <= COLUMNS_MAX);
    double mean[COLUMNS_MAX] = {0.0};
    double deviation[COLUMNS_MAX] = {0.0};
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < columns; c++) {
            mean[c] += values[i * columns + c];
        }
    }
    for (size_t c = 0; c < columns; c++) {
        mean[c] /= (double)rows;
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < columns; c++) {
            double distance = values[i * columns + c] - mean[c];
            deviation[c] += distance * distance;
        }
    }
    for (size_t c = 0; c < columns; c++) {
        deviation[c] = sqrt(deviation[c] / (double)rows) + DEVIATION_OFFSET;
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < columns; c++) {
            out[i * columns + c] = (float)((values[i * columns + c] - mean[c]) / deviation[c]);
        }
    }
}
