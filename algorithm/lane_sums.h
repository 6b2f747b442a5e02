/* Lane kernels that sum: dot products, norms, means, deviations, products of matrices. Private to
 * lane_kernels.c. */
#ifndef POOLMINER_LANE_SUMS_H
#define POOLMINER_LANE_SUMS_H

#include "lane_operands.h"

enum term { TERM_PRODUCT, TERM_SQUARE, TERM_PLAIN, TERM_SQUARED_DISTANCE };

PM_INLINE pm_vec term(enum term kind, pm_vec a, pm_vec b)
{
    switch (kind) {
    case TERM_PRODUCT:
        return a * b;
    case TERM_SQUARE:
        return a * a;
    case TERM_SQUARED_DISTANCE:
        return (a - b) * (a - b);
    default:
        return a;
    }
}

/* The sum of n terms, the i-th of a[i * a_stride] and b[i * b_stride], in four partial sums. */
PM_INLINE pm_vec sum(enum term kind, size_t n, const pm_vec *a, size_t a_stride, const pm_vec *b,
                     size_t b_stride)
{
#define TERM(i) term(kind, a[(i)*a_stride], b[(i)*b_stride])
    pm_vec p0 = TERM(0), p1 = {0}, p2 = {0}, p3 = {0};
    if (n > 1) {
        p1 = TERM(1);
    }
    if (n > 2) {
        p2 = TERM(2);
    }
    if (n > 3) {
        p3 = TERM(3);
    }
    size_t i = 4;
    for (; i + 4 <= n; i += 4) {
        p0 += TERM(i);
        p1 += TERM(i + 1);
        p2 += TERM(i + 2);
        p3 += TERM(i + 3);
    }
    if (i < n) {
        p0 += TERM(i);
    }
    if (i + 1 < n) {
        p1 += TERM(i + 1);
    }
    if (i + 2 < n) {
        p2 += TERM(i + 2);
    }
    return (p0 + p1) + (p2 + p3);
#undef TERM
}

/* The usual length gets a copy of its own, unrolled. */
PM_INLINE pm_vec sum_unrolled(enum term kind, size_t n, const pm_vec *a, const pm_vec *b,
                              size_t b_stride)
{
    if (n == 16) {
        return sum(kind, 16, a, PM_PARTS, b, b_stride);
    }
    return sum(kind, n, a, PM_PARTS, b, b_stride);
}

static void dot(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            out[part] = sum_unrolled(TERM_PRODUCT, step->count, a + part, b + part, PM_PARTS);
        }
    }
}

PM_INLINE pm_vec mean_of(const struct pm_lane_step *step, const pm_vec *a)
{
    return sum_unrolled(TERM_PLAIN, step->count, a, a, PM_PARTS) / (float)step->count;
}

static void norm(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            out[part] =
                pm_vec_sqrt(sum_unrolled(TERM_SQUARE, step->count, a + part, a + part, PM_PARTS));
        }
    }
}

static void mean(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            out[part] = mean_of(step, a + part);
        }
    }
}

static void deviation(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            const pm_vec centre = mean_of(step, a + part);
            const pm_vec squares =
                sum_unrolled(TERM_SQUARED_DISTANCE, step->count, a + part, &centre, 0);
            out[part] = pm_vec_sqrt(squares / (float)step->count);
        }
    }
}

/* ---- matrices ---- */

/* One column of a product: out[r] = row r of a times the column, for n rows. */
PM_INLINE void multiply_column(size_t n, pm_vec *restrict out, size_t out_stride, const pm_vec *a,
                               const pm_vec *column, size_t stride)
{
    for (size_t row = 0; row < n; row++) {
        out[row * out_stride] =
            sum(TERM_PRODUCT, n, a + row * n * PM_PARTS, PM_PARTS, column, stride);
    }
}

/* The usual length. What is read of the column serves several rows: all of them where there are
 * registers enough to hold it, otherwise two. */
PM_INLINE void multiply_column_16(pm_vec *restrict out, size_t out_stride, const pm_vec *a,
                                  const pm_vec *column, size_t stride)
{
    enum { N = 16, ROWS = PM_WIDTH == 16 ? 1 : 2 };
    pm_vec x[N];
#pragma GCC unroll 16
    for (size_t i = 0; i < N; i++) {
        x[i] = column[i * stride];
    }
    for (size_t row = 0; row < N; row += ROWS) {
        const pm_vec *cell = a + row * N * PM_PARTS;
        pm_vec p[ROWS][4];
#pragma GCC unroll 16
        for (size_t i = 0; i < N; i++) {
#pragma GCC unroll 2
            for (size_t k = 0; k < ROWS; k++) {
                const pm_vec product = cell[(k * N + i) * PM_PARTS] * x[i];
                p[k][i % 4] = i < 4 ? product : p[k][i % 4] + product;
            }
        }
#pragma GCC unroll 2
        for (size_t k = 0; k < ROWS; k++) {
            out[(row + k) * out_stride] = (p[k][0] + p[k][1]) + (p[k][2] + p[k][3]);
        }
    }
}

static void matrix_vector(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            if (step->count == 16) {
                multiply_column_16(out + part, PM_PARTS, a + part, b + part, PM_PARTS);
            } else {
                multiply_column(step->count, out + part, PM_PARTS, a + part, b + part, PM_PARTS);
            }
        }
    }
}

static void matrix_matrix(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            for (size_t column = part; column < n * PM_PARTS; column += PM_PARTS) {
                if (n == 16) {
                    multiply_column_16(out + column, n * PM_PARTS, a + part, b + column,
                                       n * PM_PARTS);
                } else {
                    multiply_column(n, out + column, n * PM_PARTS, a + part, b + column,
                                    n * PM_PARTS);
                }
            }
        }
    }
}

static void outer(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t row = 0; row < n; row++) {
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = a[row * PM_PARTS + part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS) {
                    out[row * n * PM_PARTS + i] = x * b[i];
                }
            }
        }
    }
}

#endif
