/* Lane kernels that work element by element. Private to lane_kernels.c. */
#ifndef POOLMINER_LANE_ELEMENTWISE_H
#define POOLMINER_LANE_ELEMENTWISE_H

#include "lane_operands.h"

PM_INLINE pm_vec binary(enum pm_lane_binary op, pm_vec a, pm_vec b)
{
    switch (op) {
    case PM_LANE_ADD:
        return a + b;
    case PM_LANE_SUB:
        return a - b;
    case PM_LANE_MUL:
        return a * b;
    case PM_LANE_DIV:
        return a / (b + 1e-8f);
    case PM_LANE_MIN:
        return pm_vec_min(a, b);
    case PM_LANE_MAX:
        return pm_vec_max(a, b);
    default:
        return a;
    }
}

/* SLEEF 3.5's tangents of vectors are those of the definition (elementary.c) but for the two
 * floats beside pi / 4, of either sign, that lie between two quadrants to the last bit: vectors
 * take the even quadrant, the definition the outer one. */
PM_INLINE pm_vec tangent(pm_vec x)
{
    const pm_vec size = pm_vec_abs(x);
    const pm_ivec sign = (pm_ivec)x & INT32_MIN;
    const pm_ivec first = size == 0x1.921fb8p-1f, second = size == 0x1.921fbap-1f;
    const pm_ivec one = (pm_ivec)pm_vec_all(0x1.000004p+0f) | sign;
    const pm_ivec other = (pm_ivec)pm_vec_all(0x1.000006p+0f) | sign;
    return pm_vec_choose(first, (pm_vec)one,
                         pm_vec_choose(second, (pm_vec)other, PM_SLEEF(tan)(x)));
}

PM_INLINE pm_vec unary(enum pm_lane_unary op, pm_vec x)
{
    switch (op) {
    case PM_LANE_COPY:
        return x;
    case PM_LANE_ABS:
        return pm_vec_abs(x);
    case PM_LANE_HEAVISIDE:
        return (pm_vec)((x > 0) & (pm_ivec)pm_vec_all(1));
    case PM_LANE_EXP: {
        const pm_vec low = pm_vec_all(-10), high = pm_vec_all(10);
        x = pm_vec_choose(x < low, low, x);
        return PM_SLEEF(exp)(pm_vec_choose(x > high, high, x));
    }
    case PM_LANE_LOG:
        return PM_SLEEF(log)(pm_vec_abs(x) + 1e-8f);
    case PM_LANE_SIN:
        return PM_SLEEF(sin)(x);
    case PM_LANE_COS:
        return PM_SLEEF(cos)(x);
    case PM_LANE_TAN:
        return tangent(x);
    default:
        return x;
    }
}

PM_INLINE void run_binary(enum pm_lane_binary op, enum pm_lane_shape shape,
                          const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        switch (shape) {
        case PM_LANE_EACH:
            for (size_t i = 0; i < n * PM_PARTS; i++) {
                out[i] = binary(op, a[i], b[i]);
            }
            break;
        case PM_LANE_SCALAR_LEFT:
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = a[part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS) {
                    out[i] = binary(op, x, b[i]);
                }
            }
            break;
        case PM_LANE_SCALAR_RIGHT:
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = b[part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS) {
                    out[i] = binary(op, a[i], x);
                }
            }
            break;
        case PM_LANE_ROW_LEFT:
            for (size_t row = 0; row < n; row++) {
                for (size_t i = 0; i < n * PM_PARTS; i++) {
                    out[row * n * PM_PARTS + i] = binary(op, a[i], b[row * n * PM_PARTS + i]);
                }
            }
            break;
        case PM_LANE_ROW_RIGHT:
            for (size_t row = 0; row < n; row++) {
                for (size_t i = 0; i < n * PM_PARTS; i++) {
                    out[row * n * PM_PARTS + i] = binary(op, a[row * n * PM_PARTS + i], b[i]);
                }
            }
            break;
        default:
            break;
        }
    }
}

PM_INLINE void run_unary(enum pm_lane_unary op, const struct pm_lane_step *step,
                         const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t i = 0; i < (size_t)step->count * PM_PARTS; i++) {
            out[i] = unary(op, a[i]);
        }
    }
}

PM_INLINE pm_vec fuse(enum pm_lane_fused op, pm_vec product, pm_vec c)
{
    switch (op) {
    case PM_LANE_PLUS_PRODUCT:
        return c + product;
    case PM_LANE_MINUS_PRODUCT:
        return c - product;
    default:
        return product - c;
    }
}

PM_INLINE void run_fused_each(enum pm_lane_fused op, const struct pm_lane_step *step,
                              const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        const pm_vec *c = pm_read_at(step->c, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t i = 0; i < (size_t)step->count * PM_PARTS; i++) {
            out[i] = fuse(op, a[i] * b[i], c[i]);
        }
    }
}

PM_INLINE void run_fused_scalar(enum pm_lane_fused op, const struct pm_lane_step *step,
                                const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        const pm_vec *c = pm_read_at(step->c, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            const pm_vec x = a[part];
            for (size_t i = part; i < (size_t)step->count * PM_PARTS; i += PM_PARTS) {
                out[i] = fuse(op, x * b[i], c[i]);
            }
        }
    }
}

PM_INLINE void run_fused_outer(enum pm_lane_fused op, const struct pm_lane_step *step,
                               const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g), *b = pm_read_at(step->b, frame, g);
        const pm_vec *c = pm_read_at(step->c, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t row = 0; row < n; row++) {
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = a[row * PM_PARTS + part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS) {
                    out[row * n * PM_PARTS + i] = fuse(op, x * b[i], c[row * n * PM_PARTS + i]);
                }
            }
        }
    }
}

static void constant(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const pm_vec x = pm_vec_all(step->c0);
    for (size_t g = 0; g < frame->instances; g++) {
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t i = 0; i < (size_t)step->count * PM_PARTS; i++) {
            out[i] = x;
        }
    }
}

static void spread_scalar(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            const pm_vec x = a[part];
            for (size_t i = part; i < (size_t)step->count * PM_PARTS; i += PM_PARTS) {
                out[i] = x;
            }
        }
    }
}

static void spread_row(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = pm_read_at(step->a, frame, g);
        pm_vec *out = pm_write_at(step->out, frame, g);
        for (size_t row = 0; row < n; row++) {
            for (size_t i = 0; i < n * PM_PARTS; i++) {
                out[row * n * PM_PARTS + i] = a[i];
            }
        }
    }
}

#endif
