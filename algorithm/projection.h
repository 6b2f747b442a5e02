/* The inner loop of projecting images, compiled once for each SIMD level. Private to algorithm/. */
#ifndef POOLMINER_PROJECTION_H
#define POOLMINER_PROJECTION_H

#include <stddef.h>
#include <stdint.h>

enum {
    PM_TILE_COLUMNS = 8,
    PM_TILE_PIXELS = 256, /* 16 KiB of doubles: half a first-level cache */
    PM_PIXEL_VALUES = 256,
};

/* A piece of the projection: up to PM_TILE_PIXELS rows, PM_TILE_COLUMNS columns, zero where it has
 * none. */
struct pm_projection_tile {
    size_t first_row, rows, columns;
    double weight[PM_TILE_PIXELS][PM_TILE_COLUMNS];
    double unit[PM_PIXEL_VALUES]; /* what a pixel's byte stands for */
};

/* Goes on with the sums of all images over the tile's rows, from the first to the last:
 * out[i * stride + c] for the tile's columns c. The same bits at every level. */
typedef void pm_project_tile(const struct pm_projection_tile *tile, const uint8_t *const *pixels,
                             size_t image_count, double *out, size_t stride);

pm_project_tile pm_project_tile_baseline;
#if defined(__x86_64__)
pm_project_tile pm_project_tile_avx2;
pm_project_tile pm_project_tile_avx512;
#endif

#endif
