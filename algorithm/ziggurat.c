/* Marsaglia and Tsang's ziggurat: 256 levels of equal area v under f(x) = exp(-x^2 / 2).
 *
 * Level i reaches from the axis to x[i]; the last one to r, where the tail begins. Equal areas mean
 * v = x[i+1] (f(x[i]) - f(x[i+1])), so going inwards from x[255] = r
 *
 *     x[i] = sqrt(-2 log(v / x[i+1] + f(x[i+1]))),    i = 254 .. 1.
 *
 * Level 0 is the base: the rectangle up to r and the tail behind it, drawn as if the two were one
 * rectangle of height f(r), hence v / f(r) wide. A mantissa of 52 bits, scaled to its level's
 * width, lies under the curve for certain while x is below the next level's edge.
 *
 * NumPy's tables were computed by this recurrence in doubles, and on the way to the axis rounding
 * errors grow to some 30 units in the last place: tables derived more precisely are better and give
 * other draws. So the recurrence is done in doubles here too, each of its functions rounded
 * correctly; that takes double-double arithmetic for exp and log, and no library. One density lies
 * so near the middle between two doubles (0.498 of the way) that the library behind NumPy's tables
 * took the upper one: TIE_LEVEL. The normals in tests/data/numpy_rng.json are matched to the last
 * bit with it, and from level 37 inwards not without. */
#include "algorithm/ziggurat.h"

#include "algorithm/double_double.h"

#include <float.h>
#include <pthread.h>

enum { LAST = PM_ZIGGURAT_LEVELS - 1, TIE_LEVEL = 38 };

static const double MANTISSA_RANGE = 4503599627370496.0; /* 2^52 */
static const double AREA = 0.0049286732339746519;

static double density_at(double x)
{
    return dd_exp(dd_from(-0.5 * x * x)).high;
}

static double edge_at(double density)
{
    return sqrt(-2.0 * dd_log(dd_from(density)).high);
}

static uint64_t acceptance(double inner_edge, double outer_edge)
{
    return (uint64_t)(inner_edge / outer_edge * MANTISSA_RANGE);
}

static void derive(struct pm_ziggurat *table)
{
    double x = PM_ZIGGURAT_TAIL;
    double density = density_at(x);
    table->accept[0] = (uint64_t)(x * density / AREA * MANTISSA_RANGE);
    table->width[0] = AREA / density / MANTISSA_RANGE;
    table->density[0] = 1.0;
    table->width[LAST] = x / MANTISSA_RANGE;
    table->density[LAST] = density;
    for (int i = LAST - 1; i >= 1; i--) {
        double outer = x;
        x = edge_at(AREA / outer + density);
        density = density_at(x);
        if (i == TIE_LEVEL) {
            density += DBL_EPSILON / 2; /* one unit in the last place, below 1 */
        }
        table->accept[i + 1] = acceptance(x, outer);
        table->width[i] = x / MANTISSA_RANGE;
        table->density[i] = density;
    }
    table->accept[1] = 0; /* the innermost level reaches the top of the curve: nothing is certain */
}

static struct pm_ziggurat normal;
static pthread_once_t normal_once = PTHREAD_ONCE_INIT;

static void derive_normal(void)
{
    derive(&normal);
}

const struct pm_ziggurat *pm_ziggurat_normal(void)
{
    pthread_once(&normal_once, derive_normal);
    return &normal;
}
