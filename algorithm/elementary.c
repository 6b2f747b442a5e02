#include <sleef.h>

#include <poolminer/elementary.h>

float pm_elementary_exp(float x)
{
    return Sleef_cinz_expf1_u10purec(x);
}

float pm_elementary_log(float x)
{
    return Sleef_cinz_logf1_u10purec(x);
}

float pm_elementary_sin(float x)
{
    return Sleef_cinz_sinf1_u10purec(x);
}

float pm_elementary_cos(float x)
{
    return Sleef_cinz_cosf1_u10purec(x);
}

/* The two floats beside pi / 4 lie between two quadrants to the last bit, and SLEEF 3.5 built for
 * ARM puts them into the other one than SLEEF built for x86-64, which is the definition. */
float pm_elementary_tan(float x)
{
    if (x == 0x1.921fb8p-1f || x == -0x1.921fb8p-1f) {
        return x > 0 ? 0x1.000004p+0f : -0x1.000004p+0f;
    }
    if (x == 0x1.921fbap-1f || x == -0x1.921fbap-1f) {
        return x > 0 ? 0x1.000006p+0f : -0x1.000006p+0f;
    }
    return Sleef_cinz_tanf1_u10purec(x);
}
