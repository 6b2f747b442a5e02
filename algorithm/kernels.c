#include "algorithm/kernels.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include <poolminer/elementary.h>

static const float DIVISOR_SHIFT = 1e-8F; /* keeps DIV from dividing by 0 */
static const float LOG_SHIFT = 1e-8F;
static const float EXP_LIMIT = 10.0F;

int pm_kind_size(enum pm_kind kind, int dim)
{
    switch (kind) {
    case PM_KIND_SCALAR:
        return 1;
    case PM_KIND_VECTOR:
        return dim;
    default:
        return dim * dim;
    }
}

/* One element. */

static float add(float a, float b)
{
    return a + b;
}

static float sub(float a, float b)
{
    return a - b;
}

static float mul(float a, float b)
{
    return a * b;
}

static float divide(float a, float b)
{
    return a / (b + DIVISOR_SHIFT);
}

/* A NaN wins; of two equal numbers (the zeros, if their signs differ) the second is taken. */
static float minimum(float a, float b)
{
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    return a < b ? a : b;
}

static float maximum(float a, float b)
{
    if (isnan(a) || isnan(b)) {
        return NAN;
    }
    return a > b ? a : b;
}

static float absolute(float a)
{
    return fabsf(a);
}

static float exponential(float a)
{
    if (a < -EXP_LIMIT) {
        a = -EXP_LIMIT;
    } else if (a > EXP_LIMIT) {
        a = EXP_LIMIT;
    }
    return pm_elementary_exp(a);
}

static float logarithm(float a)
{
    return pm_elementary_log(fabsf(a) + LOG_SHIFT);
}

static float heaviside(float a)
{
    return a > 0.0F ? 1.0F : 0.0F;
}

/* Element by element. */

static inline void map(const struct pm_step *step, const struct pm_run *run, float (*f)(float))
{
    int count = pm_kind_size(step->result_kind, run->dim);
    for (int i = 0; i < count; i++) {
        step->out[i] = f(step->a[i]);
    }
}

/* How an operand is walked along with a bigger one: a scalar stands still, a vector starts again
 * with every row. */
struct walk {
    int row, column;
};

static struct walk walk_of(enum pm_kind kind, int dim)
{
    switch (kind) {
    case PM_KIND_SCALAR:
        return (struct walk){0, 0};
    case PM_KIND_VECTOR:
        return (struct walk){0, 1};
    default:
        return (struct walk){dim, 1};
    }
}

/* The destination may be an operand: each element is read before it is written, and not again. */
static inline void combine(const struct pm_step *step, const struct pm_run *run,
                           float (*f)(float, float))
{
    int columns = step->result_kind == PM_KIND_SCALAR ? 1 : run->dim;
    int rows = step->result_kind == PM_KIND_MATRIX ? run->dim : 1;
    struct walk a = walk_of(step->a_kind, run->dim);
    struct walk b = walk_of(step->b_kind, run->dim);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            step->out[r * columns + c] =
                f(step->a[r * a.row + c * a.column], step->b[r * b.row + c * b.column]);
        }
    }
}

/* Sums: four partial sums take the terms in turn and are then added in pairs. */

static float sum(const float *terms, int count)
{
    enum { PARTIAL_SUMS = 4 };
    float partial[PARTIAL_SUMS];
    for (int j = 0; j < PARTIAL_SUMS; j++) {
        partial[j] = j < count ? terms[j] : 0.0F;
    }
    for (int i = PARTIAL_SUMS; i < count; i++) {
        partial[i % PARTIAL_SUMS] += terms[i];
    }
    return (partial[0] + partial[1]) + (partial[2] + partial[3]);
}

/* The sum of a[i] b[i stride]. */
static float sum_of_products(const float *a, const float *b, ptrdiff_t b_stride, int count,
                             float *terms)
{
    for (int i = 0; i < count; i++) {
        terms[i] = a[i] * b[i * b_stride];
    }
    return sum(terms, count);
}

static float norm(const float *x, int count, float *terms)
{
    return sqrtf(sum_of_products(x, x, 1, count, terms));
}

static float mean(const float *x, int count)
{
    return sum(x, count) / (float)count;
}

static float standard_deviation(const float *x, int count, float *terms)
{
    float center = mean(x, count);
    for (int i = 0; i < count; i++) {
        float deviation = x[i] - center;
        terms[i] = deviation * deviation;
    }
    return sqrtf(sum(terms, count) / (float)count);
}

/* Kernels. */

static void run_const(const struct pm_step *step, const struct pm_run *run)
{
    int count = pm_kind_size(step->out_kind, run->dim);
    for (int i = 0; i < count; i++) {
        step->out[i] = step->c0;
    }
}

static void run_const_vec(const struct pm_step *step, const struct pm_run *run)
{
    (void)run;
    step->out[step->element] = step->c0;
}

static void run_copy(const struct pm_step *step, const struct pm_run *run)
{
    memmove(step->out, step->a,
            (size_t)pm_kind_size(step->result_kind, run->dim) * sizeof *step->out);
}

static void run_norm(const struct pm_step *step, const struct pm_run *run)
{
    step->out[0] = norm(step->a, pm_kind_size(step->a_kind, run->dim), run->terms);
}

static void run_mean(const struct pm_step *step, const struct pm_run *run)
{
    step->out[0] = mean(step->a, pm_kind_size(step->a_kind, run->dim));
}

static void run_std(const struct pm_step *step, const struct pm_run *run)
{
    step->out[0] = standard_deviation(step->a, pm_kind_size(step->a_kind, run->dim), run->terms);
}

static void run_dot(const struct pm_step *step, const struct pm_run *run)
{
    step->out[0] = sum_of_products(step->a, step->b, 1, run->dim, run->terms);
}

static void run_matmul(const struct pm_step *step, const struct pm_run *run)
{
    int columns = step->b_kind == PM_KIND_MATRIX ? run->dim : 1;
    const float *row = step->a;
    float *product = run->product;
    for (int r = 0; r < run->dim; r++, row += run->dim) {
        for (int c = 0; c < columns; c++) {
            *product++ = sum_of_products(row, step->b + c, columns, run->dim, run->terms);
        }
    }
    memcpy(step->out, run->product, (size_t)(product - run->product) * sizeof *product);
}

static void run_outer(const struct pm_step *step, const struct pm_run *run)
{
    for (int r = 0; r < run->dim; r++) {
        for (int c = 0; c < run->dim; c++) {
            step->out[r * run->dim + c] = step->a[r] * step->b[c];
        }
    }
}

/* Draws four numbers at a time; which four is a function of the instruction's place, the example
 * and the element. */
static void draw(const struct pm_step *step, const struct pm_run *run,
                 void (*shape)(struct pm_philox_block, float[4]), float offset, float scale)
{
    int count = pm_kind_size(step->out_kind, run->dim);
    for (int first = 0; first < count; first += 4) {
        const struct pm_philox_counter counter = {
            {(uint32_t)first / 4, step->index, run->example, step->phase}};
        float numbers[4];
        shape(pm_philox(counter, run->key), numbers);
        for (int i = first; i < first + 4 && i < count; i++) {
            step->out[i] = offset + scale * numbers[i - first];
        }
    }
}

static void run_gaussian(const struct pm_step *step, const struct pm_run *run)
{
    draw(step, run, pm_philox_normal, step->c0, step->c1);
}

static void run_uniform(const struct pm_step *step, const struct pm_run *run)
{
    draw(step, run, pm_philox_uniform, step->c0, step->c1 - step->c0);
}

#define MAP_KERNEL(name, f)                                                                        \
    static void name(const struct pm_step *step, const struct pm_run *run)                         \
    {                                                                                              \
        map(step, run, f);                                                                         \
    }
#define COMBINE_KERNEL(name, f)                                                                    \
    static void name(const struct pm_step *step, const struct pm_run *run)                         \
    {                                                                                              \
        combine(step, run, f);                                                                     \
    }

MAP_KERNEL(run_abs, absolute)
MAP_KERNEL(run_exp, exponential)
MAP_KERNEL(run_log, logarithm)
MAP_KERNEL(run_sin, pm_elementary_sin)
MAP_KERNEL(run_cos, pm_elementary_cos)
MAP_KERNEL(run_tan, pm_elementary_tan)
MAP_KERNEL(run_heaviside, heaviside)
COMBINE_KERNEL(run_add, add)
COMBINE_KERNEL(run_sub, sub)
COMBINE_KERNEL(run_mul, mul)
COMBINE_KERNEL(run_div, divide)
COMBINE_KERNEL(run_min, minimum)
COMBINE_KERNEL(run_max, maximum)

static pm_kernel *const kernels[PM_OP_COUNT] = {
    [PM_OP_CONST] = run_const,       [PM_OP_CONST_VEC] = run_const_vec,
    [PM_OP_COPY] = run_copy,         [PM_OP_ADD] = run_add,
    [PM_OP_SUB] = run_sub,           [PM_OP_MUL] = run_mul,
    [PM_OP_DIV] = run_div,           [PM_OP_MIN] = run_min,
    [PM_OP_MAX] = run_max,           [PM_OP_ABS] = run_abs,
    [PM_OP_EXP] = run_exp,           [PM_OP_LOG] = run_log,
    [PM_OP_SIN] = run_sin,           [PM_OP_COS] = run_cos,
    [PM_OP_TAN] = run_tan,           [PM_OP_HEAVISIDE] = run_heaviside,
    [PM_OP_DOT] = run_dot,           [PM_OP_MATMUL] = run_matmul,
    [PM_OP_OUTER] = run_outer,       [PM_OP_NORM] = run_norm,
    [PM_OP_MEAN] = run_mean,         [PM_OP_STD] = run_std,
    [PM_OP_GAUSSIAN] = run_gaussian, [PM_OP_UNIFORM] = run_uniform,
};

pm_kernel *pm_kernel_of(enum pm_op op, enum pm_kind a, enum pm_kind out)
{
    if (op == PM_OP_COPY && a != PM_KIND_SCALAR && out == PM_KIND_SCALAR) {
        return run_norm; /* all that fits of it */
    }
    return kernels[op];
}

/* The result stands in the first elements of the destination: a scalar goes to every element, a
 * vector to every row. */
static void widen(const struct pm_step *step, const struct pm_run *run)
{
    int have = pm_kind_size(step->result_kind, run->dim);
    int want = pm_kind_size(step->out_kind, run->dim);
    for (int i = have; i < want; i++) {
        step->out[i] = step->out[i - have];
    }
}

void pm_step_run(const struct pm_step *step, const struct pm_run *run)
{
    step->kernel(step, run);
    if (step->result_kind < step->out_kind) {
        widen(step, run);
    }
}
