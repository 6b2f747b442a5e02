/* From pixels to features: a random projection, then every column standardised. Private to
 * algorithm/. */
#ifndef POOLMINER_FEATURES_H
#define POOLMINER_FEATURES_H

#include <stddef.h>
#include <stdint.h>

/* The random projection of `pixel_count` pixels to `columns` features, as numpy's
 * default_rng(seed).standard_normal((pixel_count, columns)) gives it, in float32, each column
 * divided by its norm (at least 1e-6). `out` is pixel_count x columns, row by row; columns <= 128.
 */
void pm_projection_draw(uint64_t seed, size_t pixel_count, size_t columns, float *out);

/* out[i * columns + c] = sum over j of pixel[i][j] / 255 * projection[j * columns + c], where
 * pixels[i] points to image i. Sums are of doubles in the order of j, without rounding in between
 * but theirs. */
void pm_features_project(const uint8_t *const *pixels, size_t image_count, size_t pixel_count,
                         const float *projection, size_t columns, double *out);

/* Every column minus its mean, divided by its population standard deviation + 1e-6, rounded to
 * float32 at the end. Sums in the order of rows. `values` is rows x columns and not changed. */
void pm_features_standardise(const double *values, size_t rows, size_t columns, float *out);

#endif
