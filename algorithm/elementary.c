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

float pm_elementary_tan(float x)
{
    return Sleef_cinz_tanf1_u10purec(x);
}
