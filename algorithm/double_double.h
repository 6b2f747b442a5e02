/* Arithmetic on unevaluated sums of two doubles, about 106 bits (after Dekker 1971 and Knuth).
 *
 * Only for deriving constant tables that must come out as the same bits everywhere: it needs
 * nothing but IEEE additions, multiplications, divisions and square roots, each rounded once to
 * double, and neither a fused multiply-add nor the C library. Values are finite and far from
 * overflow. */
#ifndef POOLMINER_DOUBLE_DOUBLE_H
#define POOLMINER_DOUBLE_DOUBLE_H

#include <float.h>
#include <math.h>

_Static_assert(FLT_EVAL_METHOD == 0, "error-free transformations need plain double arithmetic");

struct double_double {
    double high, low; /* |low| <= half a unit in the last place of high */
};

static inline struct double_double dd_from(double value)
{
    return (struct double_double){value, 0.0};
}

/* Exact: high + low == a + b, for |a| >= |b|. */
static inline struct double_double dd_quick_sum(double a, double b)
{
    double high = a + b;
    return (struct double_double){high, b - (high - a)};
}

/* Exact: high + low == a + b. */
static inline struct double_double dd_exact_sum(double a, double b)
{
    double high = a + b;
    double b_part = high - a;
    return (struct double_double){high, (a - (high - b_part)) + (b - b_part)};
}

/* Exact: high + low == a * b. Each factor is split into halves of 26 bits, whose products are exact
 * in a double. */
static inline struct double_double dd_exact_product(double a, double b)
{
    const double splitter = 134217729.0; /* 2^27 + 1 */
    double a_big = splitter * a;
    double a_high = a_big - (a_big - a);
    double a_low = a - a_high;
    double b_big = splitter * b;
    double b_high = b_big - (b_big - b);
    double b_low = b - b_high;
    double high = a * b;
    double low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return (struct double_double){high, low};
}

static inline struct double_double dd_negate(struct double_double a)
{
    return (struct double_double){-a.high, -a.low};
}

static inline struct double_double dd_add(struct double_double a, struct double_double b)
{
    struct double_double sum = dd_exact_sum(a.high, b.high);
    struct double_double rest = dd_exact_sum(a.low, b.low);
    sum = dd_quick_sum(sum.high, sum.low + rest.high);
    return dd_quick_sum(sum.high, sum.low + rest.low);
}

static inline struct double_double dd_subtract(struct double_double a, struct double_double b)
{
    return dd_add(a, dd_negate(b));
}

static inline struct double_double dd_multiply(struct double_double a, struct double_double b)
{
    struct double_double product = dd_exact_product(a.high, b.high);
    return dd_quick_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

/* Long division: three quotient digits of a double each. */
static inline struct double_double dd_divide(struct double_double a, struct double_double b)
{
    double first = a.high / b.high;
    struct double_double rest = dd_subtract(a, dd_multiply(b, dd_from(first)));
    double second = rest.high / b.high;
    rest = dd_subtract(rest, dd_multiply(b, dd_from(second)));
    double third = rest.high / b.high;
    return dd_add(dd_quick_sum(first, second), dd_from(third));
}

/* For |a| <= 16, relative error below 1e-28: Taylor at a / 2^10, squared ten times. */
static inline struct double_double dd_exp(struct double_double a)
{
    enum { HALVINGS = 10, TERMS = 16 };
    struct double_double x = {a.high / (1 << HALVINGS), a.low / (1 << HALVINGS)};
    struct double_double sum = dd_from(1.0);
    for (int k = TERMS; k >= 1; k--) {
        sum = dd_add(dd_from(1.0), dd_divide(dd_multiply(x, sum), dd_from(k)));
    }
    for (int i = 0; i < HALVINGS; i++) {
        sum = dd_multiply(sum, sum);
    }
    return sum;
}

/* For a in [e^-16, 1]: Halley's iteration on e^y = a, y += 2 (a - e^y) / (a + e^y). Far from the
 * root a step moves by about 2; near it every step triples the digits. */
static inline struct double_double dd_log(struct double_double a)
{
    enum { STEPS = 12 };
    struct double_double y = dd_from(0.0);
    for (int i = 0; i < STEPS; i++) {
        struct double_double power = dd_exp(y);
        struct double_double step = dd_divide(dd_subtract(a, power), dd_add(a, power));
        y = dd_add(y, dd_add(step, step));
    }
    return y;
}

#endif
