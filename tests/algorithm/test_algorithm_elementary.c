/* Elementary functions: near the truth, and the same bits wherever this runs. */
#include "tests/cmocka_include.h"

#include <math.h>
#include <string.h>

#include <poolminer/elementary.h>

struct function {
    const char *name;
    float (*ours)(float);
    double (*exact)(double); /* good to a double's precision, which is plenty */
    uint64_t fingerprint;    /* of its values, see below */
};

static const struct function functions[] = {
    {"exp", pm_elementary_exp, exp, UINT64_C(0xca8938a9b63c4d0c)},
    {"log", pm_elementary_log, log, UINT64_C(0x5d76dcbc694977b1)},
    {"sin", pm_elementary_sin, sin, UINT64_C(0x158ebac2407d98fb)},
    {"cos", pm_elementary_cos, cos, UINT64_C(0xd6b3595bc9d004be)},
    {"tan", pm_elementary_tan, tan, UINT64_C(0x877042b40d7bcb84)},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return isnan(value) ? UINT32_C(0x7FC00000) : bits;
}

/* A prime step through all floats, the special ones among them. */
#define FOR_ALL_KINDS_OF_FLOATS(x)                                                                 \
    for (uint64_t walk_ = 0;                                                                       \
         walk_ < UINT64_C(0x100000000) && ((x) = from_bits((uint32_t)walk_), true); walk_ += 8191)

static void every_value_has_the_documented_bits(void **state)
{
    (void)state;
    for (int f = 0; f < FUNCTIONS; f++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
        float x;
        FOR_ALL_KINDS_OF_FLOATS(x)
        {
            hash = (hash ^ to_bits(functions[f].ours(x))) * UINT64_C(0x100000001b3);
        }
        if (hash != functions[f].fingerprint) {
            fail_msg("%s: the values' fingerprint is 0x%016lx", functions[f].name,
                     (unsigned long)hash);
        }
    }
}

/* Where the truth is an ordinary float. */
static void every_value_is_within_one_unit_in_the_last_place(void **state)
{
    (void)state;
    for (int f = 0; f < FUNCTIONS; f++) {
        float x;
        FOR_ALL_KINDS_OF_FLOATS(x)
        {
            double truth = functions[f].exact((double)x);
            double magnitude = fabs(truth);
            if (!(magnitude >= 0x1p-126 && magnitude < 0x1p127)) {
                continue;
            }
            double unit = ldexp(1.0, ilogb(magnitude) - 23);
            if (fabs((double)functions[f].ours(x) - truth) > 1.001 * unit) {
                fail_msg("%s(%a) is %a, not near %a", functions[f].name, (double)x,
                         (double)functions[f].ours(x), truth);
            }
        }
    }
}

static void special_values_are_as_usual(void **state)
{
    (void)state;
    for (int f = 0; f < FUNCTIONS; f++) {
        assert_true(isnan(functions[f].ours(NAN)));
    }
    assert_true(pm_elementary_exp(0.0F) == 1.0F);
    assert_true(pm_elementary_exp(INFINITY) == INFINITY);
    assert_true(pm_elementary_exp(-INFINITY) == 0.0F);
    assert_true(pm_elementary_log(0.0F) == -INFINITY);
    assert_true(pm_elementary_log(1.0F) == 0.0F);
    assert_true(pm_elementary_log(INFINITY) == INFINITY);
    assert_true(isnan(pm_elementary_log(-1.0F)));
    assert_true(pm_elementary_sin(0.0F) == 0.0F);
    assert_true(pm_elementary_cos(0.0F) == 1.0F);
    assert_true(isnan(pm_elementary_sin(INFINITY)));
    assert_true(isnan(pm_elementary_cos(-INFINITY)));
    /* Between two quadrants to the last bit, where builds of SLEEF for different processors differ.
     */
    assert_true(pm_elementary_tan(0x1.921fb8p-1F) == 0x1.000004p+0F);
    assert_true(pm_elementary_tan(-0x1.921fb8p-1F) == -0x1.000004p+0F);
    assert_true(pm_elementary_tan(0x1.921fbap-1F) == 0x1.000006p+0F);
    assert_true(pm_elementary_tan(-0x1.921fbap-1F) == -0x1.000006p+0F);
    assert_true(isnan(pm_elementary_tan(INFINITY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_the_documented_bits),
        cmocka_unit_test(every_value_is_within_one_unit_in_the_last_place),
        cmocka_unit_test(special_values_are_as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
