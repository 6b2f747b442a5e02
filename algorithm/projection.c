/* PM_PROJECT_TILE is the level's name of the function. Vectors hold neighbouring columns, so every
 * sum keeps its own order; nothing is fused, and fused it would be the same, as the products are
 * exact. */
#include "algorithm/projection.h"

#include <string.h>

#if defined(__AVX512F__)
enum { WIDTH = 8 };
#elif defined(__AVX2__)
enum { WIDTH = 4 };
#else
enum { WIDTH = 2 };
#endif

/* As many sums at once as hide an addition's latency and fit in registers. */
enum { PARTS = PM_TILE_COLUMNS / WIDTH, IMAGES = WIDTH < 4 ? 2 : WIDTH };

typedef double vector __attribute__((vector_size(8 * WIDTH)));
/* The same in memory, where doubles are. */
typedef double stored_vector __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));

static void accumulate(const struct pm_projection_tile *tile, const uint8_t *const pixels[IMAGES],
                       vector sums[IMAGES][PARTS])
{
    vector kept[IMAGES][PARTS];
    memcpy(kept, sums, sizeof kept);
    for (size_t j = 0; j < tile->rows; j++) {
        const stored_vector *weight = (const stored_vector *)tile->weight[j];
        for (size_t i = 0; i < IMAGES; i++) {
            double value = tile->unit[pixels[i][j]];
            for (size_t part = 0; part < PARTS; part++) {
                kept[i][part] += value * weight[part];
            }
        }
    }
    memcpy(sums, kept, sizeof kept);
}

void PM_PROJECT_TILE(const struct pm_projection_tile *tile, const uint8_t *const *pixels,
                     size_t image_count, double *out, size_t stride)
{
    const size_t row_size = tile->columns * sizeof *out;
    for (size_t first = 0; first < image_count; first += IMAGES) {
        size_t images = image_count - first < IMAGES ? image_count - first : IMAGES;
        const uint8_t *rows[IMAGES];
        vector sums[IMAGES][PARTS] = {0};
        for (size_t i = 0; i < IMAGES; i++) {
            rows[i] = pixels[first + (i < images ? i : 0)] + tile->first_row;
        }
        for (size_t i = 0; i < images; i++) {
            memcpy(sums[i], out + (first + i) * stride, row_size);
        }
        accumulate(tile, rows, sums);
        for (size_t i = 0; i < images; i++) {
            memcpy(out + (first + i) * stride, sums[i], row_size);
        }
    }
}
