/* The kernels of the fast executor, compiled once for each SIMD level. Sums, roundings and special
 * values as docs/algorithm.md says; none of this may be contracted or reassociated. */
#include "lane_kernels.h"

#include "lane_simd.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- operands ---- */

INLINE const pm_vec *read_at(struct pm_lane_place place, const struct pm_lane_frame *frame,
                             size_t instance)
{
    return (const pm_vec *)(const void *)(frame->base[place.base] + place.offset +
                                          instance * frame->stride[place.base]);
}

INLINE pm_vec *write_at(struct pm_lane_place place, const struct pm_lane_frame *frame,
                        size_t instance)
{
    return (pm_vec *)(void *)(frame->base[place.base] + place.offset +
                              instance * frame->stride[place.base]);
}

/* ---- element by element ---- */

INLINE pm_vec binary(enum pm_lane_binary op, pm_vec a, pm_vec b)
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

INLINE pm_vec unary(enum pm_lane_unary op, pm_vec x)
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
        return PM_SLEEF(tan)(x);
    default:
        return x;
    }
}

INLINE void run_binary(enum pm_lane_binary op, enum pm_lane_shape shape,
                       const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        switch (shape) {
        case PM_LANE_EACH:
            for (size_t i = 0; i < n * PM_PARTS; i++)
                out[i] = binary(op, a[i], b[i]);
            break;
        case PM_LANE_SCALAR_LEFT:
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = a[part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS)
                    out[i] = binary(op, x, b[i]);
            }
            break;
        case PM_LANE_SCALAR_RIGHT:
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = b[part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS)
                    out[i] = binary(op, a[i], x);
            }
            break;
        case PM_LANE_ROW_LEFT:
            for (size_t row = 0; row < n; row++)
                for (size_t i = 0; i < n * PM_PARTS; i++)
                    out[row * n * PM_PARTS + i] = binary(op, a[i], b[row * n * PM_PARTS + i]);
            break;
        case PM_LANE_ROW_RIGHT:
            for (size_t row = 0; row < n; row++)
                for (size_t i = 0; i < n * PM_PARTS; i++)
                    out[row * n * PM_PARTS + i] = binary(op, a[row * n * PM_PARTS + i], b[i]);
            break;
        default:
            break;
        }
    }
}

INLINE void run_unary(enum pm_lane_unary op, const struct pm_lane_step *step,
                      const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t i = 0; i < (size_t)step->count * PM_PARTS; i++)
            out[i] = unary(op, a[i]);
    }
}

INLINE pm_vec fuse(enum pm_lane_fused op, pm_vec product, pm_vec c)
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

INLINE void run_fused_each(enum pm_lane_fused op, const struct pm_lane_step *step,
                           const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        const pm_vec *c = read_at(step->c, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t i = 0; i < (size_t)step->count * PM_PARTS; i++)
            out[i] = fuse(op, a[i] * b[i], c[i]);
    }
}

INLINE void run_fused_scalar(enum pm_lane_fused op, const struct pm_lane_step *step,
                             const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        const pm_vec *c = read_at(step->c, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            const pm_vec x = a[part];
            for (size_t i = part; i < (size_t)step->count * PM_PARTS; i += PM_PARTS)
                out[i] = fuse(op, x * b[i], c[i]);
        }
    }
}

INLINE void run_fused_outer(enum pm_lane_fused op, const struct pm_lane_step *step,
                            const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        const pm_vec *c = read_at(step->c, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t row = 0; row < n; row++)
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = a[row * PM_PARTS + part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS)
                    out[row * n * PM_PARTS + i] = fuse(op, x * b[i], c[row * n * PM_PARTS + i]);
            }
    }
}

/* ---- sums ---- */

enum term { TERM_PRODUCT, TERM_SQUARE, TERM_PLAIN, TERM_SQUARED_DISTANCE };

INLINE pm_vec term(enum term kind, pm_vec a, pm_vec b)
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
INLINE pm_vec sum(enum term kind, size_t n, const pm_vec *a, size_t a_stride, const pm_vec *b,
                  size_t b_stride)
{
#define TERM(i) term(kind, a[(i)*a_stride], b[(i)*b_stride])
    pm_vec p0 = TERM(0), p1 = {0}, p2 = {0}, p3 = {0};
    if (n > 1)
        p1 = TERM(1);
    if (n > 2)
        p2 = TERM(2);
    if (n > 3)
        p3 = TERM(3);
    size_t i = 4;
    for (; i + 4 <= n; i += 4) {
        p0 += TERM(i);
        p1 += TERM(i + 1);
        p2 += TERM(i + 2);
        p3 += TERM(i + 3);
    }
    if (i < n)
        p0 += TERM(i);
    if (i + 1 < n)
        p1 += TERM(i + 1);
    if (i + 2 < n)
        p2 += TERM(i + 2);
    return (p0 + p1) + (p2 + p3);
#undef TERM
}

/* The usual length gets a copy of its own, unrolled. */
INLINE pm_vec sum_unrolled(enum term kind, size_t n, const pm_vec *a, const pm_vec *b,
                           size_t b_stride)
{
    if (n == 16)
        return sum(kind, 16, a, PM_PARTS, b, b_stride);
    return sum(kind, n, a, PM_PARTS, b, b_stride);
}

static void dot(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++)
            out[part] = sum_unrolled(TERM_PRODUCT, step->count, a + part, b + part, PM_PARTS);
    }
}

INLINE pm_vec mean_of(const struct pm_lane_step *step, const pm_vec *a)
{
    return sum_unrolled(TERM_PLAIN, step->count, a, a, PM_PARTS) / (float)step->count;
}

static void norm(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++)
            out[part] =
                pm_vec_sqrt(sum_unrolled(TERM_SQUARE, step->count, a + part, a + part, PM_PARTS));
    }
}

static void mean(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++)
            out[part] = mean_of(step, a + part);
    }
}

static void deviation(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
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
INLINE void multiply_column(size_t n, pm_vec *restrict out, size_t out_stride, const pm_vec *a,
                            const pm_vec *column, size_t stride)
{
    for (size_t row = 0; row < n; row++)
        out[row * out_stride] =
            sum(TERM_PRODUCT, n, a + row * n * PM_PARTS, PM_PARTS, column, stride);
}

/* The usual length. What is read of the column serves several rows: all of them where there are
 * registers enough to hold it, otherwise two. */
INLINE void multiply_column_16(pm_vec *restrict out, size_t out_stride, const pm_vec *a,
                               const pm_vec *column, size_t stride)
{
    enum { N = 16, ROWS = PM_WIDTH == 16 ? 1 : 2 };
    pm_vec x[N];
#pragma GCC unroll 16
    for (size_t i = 0; i < N; i++)
        x[i] = column[i * stride];
    for (size_t row = 0; row < N; row += ROWS) {
        const pm_vec *cell = a + row * N * PM_PARTS;
        pm_vec p[ROWS][4];
#pragma GCC unroll 16
        for (size_t i = 0; i < N; i++)
#pragma GCC unroll 2
            for (size_t k = 0; k < ROWS; k++) {
                const pm_vec product = cell[(k * N + i) * PM_PARTS] * x[i];
                p[k][i % 4] = i < 4 ? product : p[k][i % 4] + product;
            }
#pragma GCC unroll 2
        for (size_t k = 0; k < ROWS; k++)
            out[(row + k) * out_stride] = (p[k][0] + p[k][1]) + (p[k][2] + p[k][3]);
    }
}

static void matrix_vector(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++)
            if (step->count == 16)
                multiply_column_16(out + part, PM_PARTS, a + part, b + part, PM_PARTS);
            else
                multiply_column(step->count, out + part, PM_PARTS, a + part, b + part, PM_PARTS);
    }
}

static void matrix_matrix(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++)
            for (size_t column = part; column < n * PM_PARTS; column += PM_PARTS)
                if (n == 16)
                    multiply_column_16(out + column, n * PM_PARTS, a + part, b + column,
                                       n * PM_PARTS);
                else
                    multiply_column(n, out + column, n * PM_PARTS, a + part, b + column,
                                    n * PM_PARTS);
    }
}

static void outer(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g), *b = read_at(step->b, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t row = 0; row < n; row++)
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_vec x = a[row * PM_PARTS + part];
                for (size_t i = part; i < n * PM_PARTS; i += PM_PARTS)
                    out[row * n * PM_PARTS + i] = x * b[i];
            }
    }
}

/* ---- the others ---- */

static void constant(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const pm_vec x = pm_vec_all(step->c0);
    for (size_t g = 0; g < frame->instances; g++) {
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t i = 0; i < (size_t)step->count * PM_PARTS; i++)
            out[i] = x;
    }
}

static void spread_scalar(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            const pm_vec x = a[part];
            for (size_t i = part; i < (size_t)step->count * PM_PARTS; i += PM_PARTS)
                out[i] = x;
        }
    }
}

static void spread_row(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const size_t n = step->count;
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *a = read_at(step->a, frame, g);
        pm_vec *out = write_at(step->out, frame, g);
        for (size_t row = 0; row < n; row++)
            for (size_t i = 0; i < n * PM_PARTS; i++)
                out[row * n * PM_PARTS + i] = a[i];
    }
}

/* ---- random numbers: philox.c on all lanes ---- */

struct block {
    pm_uvec words[4];
};

INLINE struct block philox(struct block x, pm_uvec key_low, pm_uvec key_high)
{
    enum { ROUNDS = 10 };
    for (int round = 0; round < ROUNDS; round++) {
        pm_uvec low0, high0, low1, high1;
        pm_uvec_multiply(x.words[0], UINT32_C(0xD2511F53), &low0, &high0);
        pm_uvec_multiply(x.words[2], UINT32_C(0xCD9E8D57), &low1, &high1);
        x = (struct block){
            {high1 ^ x.words[1] ^ key_low, low1, high0 ^ x.words[3] ^ key_high, low0}};
        key_low += UINT32_C(0x9E3779B9);
        key_high += UINT32_C(0xBB67AE85);
    }
    return x;
}

INLINE pm_vec unit(pm_uvec word)
{
    return __builtin_convertvector((pm_ivec)(word >> 8), pm_vec) * 0x1p-24f;
}

INLINE void shape_uniform(const struct block *block, pm_vec numbers[4])
{
    for (int i = 0; i < 4; i++)
        numbers[i] = unit(block->words[i]);
}

INLINE void shape_normal(const struct block *block, pm_vec numbers[4])
{
    for (int i = 0; i < 4; i += 2) {
        const pm_vec u = (__builtin_convertvector(block->words[i], pm_vec) + 0.5f) * 0x1p-32f;
        const pm_vec radius = pm_vec_sqrt(-2.0f * PM_SLEEF(log)(u));
        const pm_vec angle = 6.28318530717958647692f * unit(block->words[i + 1]);
        numbers[i] = radius * PM_SLEEF(cos)(angle);
        numbers[i + 1] = radius * PM_SLEEF(sin)(angle);
    }
}

INLINE void draw(const struct pm_lane_step *step, const struct pm_lane_frame *frame, bool normal)
{
    const float offset = step->c0, scale = normal ? step->c1 : step->c1 - step->c0;
    for (size_t g = 0; g < frame->instances; g++) {
        const struct pm_lane_keys *keys = &frame->keys[g * frame->key_stride];
        const uint32_t example = frame->example + (uint32_t)g * frame->example_stride;
        const pm_uvec *low = (const pm_uvec *)(const void *)keys->low;
        const pm_uvec *high = (const pm_uvec *)(const void *)keys->high;
        const pm_uvec *first = (const pm_uvec *)(const void *)keys->first_example;
        pm_vec *out = write_at(step->out, frame, g);
        for (uint32_t i = 0; i < step->count; i += 4)
            for (size_t part = 0; part < PM_PARTS; part++) {
                const pm_uvec zero = {0};
                const struct block counter = {
                    {zero + i / 4, zero + step->index, first[part] + example, zero + step->phase}};
                const struct block block = philox(counter, low[part], high[part]);
                pm_vec numbers[4];
                if (normal)
                    shape_normal(&block, numbers);
                else
                    shape_uniform(&block, numbers);
                for (uint32_t k = 0; k < 4 && i + k < step->count; k++)
                    out[(size_t)(i + k) * PM_PARTS + part] = offset + scale * numbers[k];
            }
    }
}

static void gaussian(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    draw(step, frame, true);
}

static void uniform(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    draw(step, frame, false);
}

/* ---- results ---- */

static void count_correct(const struct pm_lane_step *step, const struct pm_lane_frame *frame,
                          int32_t correct[PM_LANES])
{
    pm_ivec *counts = (pm_ivec *)(void *)correct;
    for (size_t part = 0; part < PM_PARTS; part++) {
        pm_ivec count = counts[part];
        for (size_t g = 0; g < frame->instances; g++) {
            const pm_vec prediction = read_at(step->a, frame, g)[part];
            const pm_vec label = read_at(step->b, frame, g)[part];
            count -= (pm_vec)((prediction > 0.5f) & (pm_ivec)pm_vec_all(1)) == label;
        }
        counts[part] = count;
    }
}

static void blend(float *to, const float *from, const int32_t mask[PM_LANES], size_t count)
{
    const pm_ivec *masks = (const pm_ivec *)(const void *)mask;
    pm_vec *target = (pm_vec *)(void *)to;
    const pm_vec *source = (const pm_vec *)(const void *)from;
    for (size_t i = 0; i < count; i++)
        for (size_t part = 0; part < PM_PARTS; part++)
            target[i * PM_PARTS + part] = pm_vec_choose(masks[part], source[i * PM_PARTS + part],
                                                        target[i * PM_PARTS + part]);
}

/* ---- one kernel for each row of the table ---- */

#define KERNEL(name, body)                                                                         \
    static void name(const struct pm_lane_step *step, const struct pm_lane_frame *frame)           \
    {                                                                                              \
        body;                                                                                      \
    }
#define BINARY_KERNELS(OP)                                                                         \
    KERNEL(binary_##OP##_EACH, run_binary(PM_LANE_##OP, PM_LANE_EACH, step, frame))                \
    KERNEL(binary_##OP##_SCALAR_LEFT, run_binary(PM_LANE_##OP, PM_LANE_SCALAR_LEFT, step, frame))  \
    KERNEL(binary_##OP##_SCALAR_RIGHT,                                                             \
           run_binary(PM_LANE_##OP, PM_LANE_SCALAR_RIGHT, step, frame))                            \
    KERNEL(binary_##OP##_ROW_LEFT, run_binary(PM_LANE_##OP, PM_LANE_ROW_LEFT, step, frame))        \
    KERNEL(binary_##OP##_ROW_RIGHT, run_binary(PM_LANE_##OP, PM_LANE_ROW_RIGHT, step, frame))
#define UNARY_KERNEL(OP) KERNEL(unary_##OP, run_unary(PM_LANE_##OP, step, frame))
#define FUSED_KERNELS(OP)                                                                          \
    KERNEL(fused_each_##OP, run_fused_each(PM_LANE_##OP, step, frame))                             \
    KERNEL(fused_scalar_##OP, run_fused_scalar(PM_LANE_##OP, step, frame))                         \
    KERNEL(fused_outer_##OP, run_fused_outer(PM_LANE_##OP, step, frame))

BINARY_KERNELS(ADD)
BINARY_KERNELS(SUB)
BINARY_KERNELS(MUL)
BINARY_KERNELS(DIV)
BINARY_KERNELS(MIN)
BINARY_KERNELS(MAX)
UNARY_KERNEL(COPY)
UNARY_KERNEL(ABS)
UNARY_KERNEL(HEAVISIDE)
UNARY_KERNEL(EXP)
UNARY_KERNEL(LOG)
UNARY_KERNEL(SIN)
UNARY_KERNEL(COS)
UNARY_KERNEL(TAN)
FUSED_KERNELS(PLUS_PRODUCT)
FUSED_KERNELS(MINUS_PRODUCT)
FUSED_KERNELS(PRODUCT_MINUS)

#define BINARY_ROW(OP)                                                                             \
    [PM_LANE_##OP] = {                                                                             \
        [PM_LANE_EACH] = binary_##OP##_EACH,                                                       \
        [PM_LANE_SCALAR_LEFT] = binary_##OP##_SCALAR_LEFT,                                         \
        [PM_LANE_SCALAR_RIGHT] = binary_##OP##_SCALAR_RIGHT,                                       \
        [PM_LANE_ROW_LEFT] = binary_##OP##_ROW_LEFT,                                               \
        [PM_LANE_ROW_RIGHT] = binary_##OP##_ROW_RIGHT,                                             \
    }
#define UNARY_ROW(OP) [PM_LANE_##OP] = unary_##OP
#define FUSED_ROWS(shape)                                                                          \
    {                                                                                              \
        [PM_LANE_PLUS_PRODUCT] = fused_##shape##_PLUS_PRODUCT,                                     \
        [PM_LANE_MINUS_PRODUCT] = fused_##shape##_MINUS_PRODUCT,                                   \
        [PM_LANE_PRODUCT_MINUS] = fused_##shape##_PRODUCT_MINUS,                                   \
    }

const struct pm_lane_kernels PM_LANE_KERNELS = {
    .binary = {BINARY_ROW(ADD), BINARY_ROW(SUB), BINARY_ROW(MUL), BINARY_ROW(DIV), BINARY_ROW(MIN),
               BINARY_ROW(MAX)},
    .unary = {UNARY_ROW(COPY), UNARY_ROW(ABS), UNARY_ROW(HEAVISIDE), UNARY_ROW(EXP), UNARY_ROW(LOG),
              UNARY_ROW(SIN), UNARY_ROW(COS), UNARY_ROW(TAN)},
    .fused_each = FUSED_ROWS(each),
    .fused_scalar = FUSED_ROWS(scalar),
    .fused_outer = FUSED_ROWS(outer),
    .constant = constant,
    .spread_scalar = spread_scalar,
    .spread_row = spread_row,
    .dot = dot,
    .norm = norm,
    .mean = mean,
    .deviation = deviation,
    .matrix_vector = matrix_vector,
    .matrix_matrix = matrix_matrix,
    .outer = outer,
    .gaussian = gaussian,
    .uniform = uniform,
    .count_correct = count_correct,
    .blend = blend,
};
