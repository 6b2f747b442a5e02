/* The kernels of the fast executor, compiled once for each SIMD level. Sums, roundings and special
 * values as docs/algorithm.md says; none of this may be contracted or reassociated. */
#include "lane_kernels.h"

#include "lane_elementwise.h"
#include "lane_keys.h"
#include "lane_probe_kernels.h"
#include "lane_random.h"
#include "lane_squares.h"
#include "lane_sums.h"

/* ---- results ---- */

static void count_right(const struct pm_lane_step *step, const struct pm_lane_frame *frame)
{
    const struct pm_lane_place place = {0, PM_LANE_RIGHT};
    for (size_t g = 0; g < frame->instances; g++) {
        const pm_vec *prediction = pm_read_at(step->a, frame, g);
        const pm_vec *label = pm_read_at(step->b, frame, g);
        pm_ivec *right = (pm_ivec *)pm_write_at(place, frame, g);
        for (size_t part = 0; part < PM_PARTS; part++) {
            right[part] -=
                (pm_vec)((prediction[part] > 0.5f) & (pm_ivec)pm_vec_all(1)) == label[part];
        }
    }
}

static void blend(float *to, const float *from, const int32_t mask[PM_LANES], size_t count)
{
    const pm_ivec *masks = (const pm_ivec *)(const void *)mask;
    pm_vec *target = (pm_vec *)(void *)to;
    const pm_vec *source = (const pm_vec *)(const void *)from;
    for (size_t i = 0; i < count; i++) {
        for (size_t part = 0; part < PM_PARTS; part++) {
            target[i * PM_PARTS + part] = pm_vec_choose(masks[part], source[i * PM_PARTS + part],
                                                        target[i * PM_PARTS + part]);
        }
    }
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
    .fused = {[PM_LANE_FUSED_EACH] = FUSED_ROWS(each),
              [PM_LANE_FUSED_SCALAR] = FUSED_ROWS(scalar),
              [PM_LANE_FUSED_OUTER] = FUSED_ROWS(outer)},
    .other = {[PM_LANE_CONSTANT] = constant,
              [PM_LANE_SPREAD_SCALAR] = spread_scalar,
              [PM_LANE_SPREAD_ROW] = spread_row,
              [PM_LANE_DOT] = dot,
              [PM_LANE_NORM] = norm,
              [PM_LANE_MEAN] = mean,
              [PM_LANE_DEVIATION] = deviation,
              [PM_LANE_MATRIX_VECTOR] = matrix_vector,
              [PM_LANE_MATRIX_MATRIX] = matrix_matrix,
              [PM_LANE_OUTER] = outer,
              [PM_LANE_GAUSSIAN] = gaussian,
              [PM_LANE_UNIFORM] = uniform},
    .count_right = count_right,
    .add_squares = add_squares,
    .blend = blend,
    .hash_text = hash_text,
    .make_keys = make_keys,
    .probe_arithmetic = probe_arithmetic,
    .probe_chains = (double)PM_PROBE_CHAINS / PM_PARTS,
    .probe_read = probe_read,
    .probe_write = probe_write,
};
