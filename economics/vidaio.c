#include "economics/figures.h"

#include <math.h>

#include <poolminer/incentives.h>

static bool is_within(const char *name, double value, double most, const char *unit,
                      struct pm_error *error)
{
    return figure_is_amount(name, value, error) &&
           (value <= most ||
            pm_fail(error, PM_ERROR_INVALID, "%s is %.10g: at most %.10g%s is possible", name,
                    value, most, unit));
}

bool pm_vidaio_upscale(double quality, double length_s, struct pm_vidaio_upscaling *out,
                       struct pm_error *error)
{
    static const double middle = 0.5, least = 0.1, steepness = 6.979;
    if (!figure_is_share("quality", quality, error) ||
        !is_within("length", length_s, PM_VIDAIO_LENGTH_MAX_S, " s", error)) {
        return false;
    }
    out->length_score = log1p(length_s) / log1p(PM_VIDAIO_LENGTH_MAX_S);
    out->before = 0.5 * quality + 0.5 * out->length_score;
    out->relative = exp(steepness * (out->before - middle));
    out->score = least * out->relative;
    return true;
}

bool pm_vidaio_compress(double rate, double vmaf, double threshold, double *score,
                        struct pm_error *error)
{
    if (!figure_is_share("rate", rate, error) ||
        !is_within("vmaf", vmaf, PM_VIDAIO_VMAF_MAX, "", error) ||
        !is_within("threshold", threshold, PM_VIDAIO_VMAF_MAX, "", error)) {
        return false;
    }
    if (threshold >= PM_VIDAIO_VMAF_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "threshold is 100: it has to be below");
    }
    *score = vmaf < threshold ? 0
                              : 0.8 * (1 - pow(rate, 1.5)) +
                                    0.2 * (vmaf - threshold) / (PM_VIDAIO_VMAF_MAX - threshold);
    return true;
}

struct pm_vidaio_round pm_vidaio_judge_upscaling(double score, double quality)
{
    return (struct pm_vidaio_round){
        .excellent = score > 0.32, .poor = score < 0.20, .low_quality = quality < 0.25};
}

struct pm_vidaio_round pm_vidaio_judge_compression(double score, double vmaf, double threshold)
{
    return (struct pm_vidaio_round){
        .excellent = score > 0.74, .poor = score < 0.40, .low_quality = vmaf < threshold + 5};
}

static bool is_count(const char *name, double value, struct pm_error *error)
{
    return is_within(name, value, PM_VIDAIO_WINDOW, " rounds", error) &&
           (value == floor(value) ||
            pm_fail(error, PM_ERROR_INVALID, "%s is %.10g: rounds are whole", name, value));
}

bool pm_vidaio_multiplier(const struct pm_vidaio_window *window, double *out,
                          struct pm_error *error)
{
    if (!is_count("excellent_rounds", window->excellent, error) ||
        !is_count("poor_rounds", window->poor, error) ||
        !is_count("low_quality_rounds", window->low_quality, error)) {
        return false;
    }
    if (window->excellent + window->poor > PM_VIDAIO_WINDOW) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "excellent_rounds and poor_rounds are %.10g together: the window has %d",
                       window->excellent + window->poor, (int)PM_VIDAIO_WINDOW);
    }
    *out = (1 + 0.15 * window->excellent / PM_VIDAIO_WINDOW) *
           (1 - 0.20 * window->poor / PM_VIDAIO_WINDOW) *
           (1 - 0.25 * window->low_quality / PM_VIDAIO_WINDOW);
    return true;
}

bool pm_vidaio_income(enum pm_vidaio_task task, double emission, double accumulated,
                      double total_accumulated, double multiplier, double *out,
                      struct pm_error *error)
{
    if (!figure_is_amount("emission", emission, error) ||
        !figure_is_amount("accumulated", accumulated, error) ||
        !figure_is_total("total_accumulated", total_accumulated, "accumulated", accumulated,
                         error) ||
        !figure_is_amount("multiplier", multiplier, error)) {
        return false;
    }
    const double share = task == PM_VIDAIO_UPSCALING ? 0.40 : 0.60;
    *out = emission * share * (accumulated / total_accumulated) * multiplier;
    return true;
}

bool pm_vidaio_split(double emission, struct pm_vidaio_split *out, struct pm_error *error)
{
    if (!figure_is_amount("emission", emission, error)) {
        return false;
    }
    *out = (struct pm_vidaio_split){
        .miners = 0.41 * emission, .validators = 0.41 * emission, .creator = 0.18 * emission};
    return true;
}
