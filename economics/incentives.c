#include "economics/figures.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/incentives.h>

bool pm_percentile95(const double *figures, size_t count, double *out, struct pm_error *error)
{
    double *sorted = figures_sorted(figures, count, error);
    if (sorted == NULL) {
        return false;
    }
    const double rank = 0.95 * (double)(count - 1);
    const size_t below = (size_t)rank;
    const size_t above = below + 1 < count ? below + 1 : below;
    *out = sorted[below] + (rank - (double)below) * (sorted[above] - sorted[below]);
    free(sorted);
    return true;
}

/* ---- bitads ---- */

/* A percentile of 0 means that nobody has any: whoever has some is at the top. */
static double at_most_one(double part, double whole)
{
    static const double least = 1e-9;
    return fmin(1, part / fmax(whole, least));
}

bool pm_bitads_score(const struct pm_bitads_figures *figures, struct pm_bitads_score *out,
                     struct pm_error *error)
{
    static const double soft_cap_sales = 3, soft_cap_share = 0.30;
    if (!figure_is_amount("sales", figures->sales, error) ||
        !figure_is_amount("revenue", figures->revenue, error) ||
        !figure_is_amount("refunds", figures->refunds, error) ||
        !figure_is_amount("p95_sales", figures->p95_sales, error) ||
        !figure_is_amount("p95_revenue", figures->p95_revenue, error)) {
        return false;
    }
    out->refund_rate = fmin(1, figures->refunds / fmax(1, figures->sales));
    out->sales_norm = at_most_one(sqrt(figures->sales), sqrt(figures->p95_sales));
    out->revenue_norm = at_most_one(log1p(figures->revenue), log1p(figures->p95_revenue));
    out->base = 0.40 * out->sales_norm + 0.60 * out->revenue_norm;
    out->score = (1 - out->refund_rate) * out->base;
    if (figures->soft_cap && figures->sales < soft_cap_sales) {
        out->score *= soft_cap_share;
    }
    return true;
}

bool pm_bitads_weight(double score, double total_scores, double burn_share, double *out,
                      struct pm_error *error)
{
    if (!figure_is_share("score", score, error) ||
        !figure_is_total("total_scores", total_scores, "score", score, error) ||
        !figure_is_share("burn_share", burn_share, error)) {
        return false;
    }
    *out = (1 - burn_share) * score / total_scores;
    return true;
}

/* ---- moderntensor ---- */

bool pm_moderntensor_score(const struct pm_moderntensor_quality *quality, double *out,
                           struct pm_error *error)
{
    if (!figure_is_share("accuracy", quality->accuracy, error) ||
        !figure_is_share("latency", quality->latency, error) ||
        !figure_is_share("availability", quality->availability, error) ||
        !figure_is_share("consistency", quality->consistency, error)) {
        return false;
    }
    *out = 0.4 * quality->accuracy + 0.2 * quality->latency + 0.2 * quality->availability +
           0.2 * quality->consistency;
    return true;
}

bool pm_moderntensor_reward(double score, double total_scores, double epoch_emission,
                            double subnet_weight, double *out, struct pm_error *error)
{
    if (!figure_is_share("score", score, error) ||
        !figure_is_total("total_scores", total_scores, "score", score, error) ||
        !figure_is_amount("epoch_emission", epoch_emission, error) ||
        !figure_is_share("subnet_weight", subnet_weight, error)) {
        return false;
    }
    *out = epoch_emission * (score / total_scores) * subnet_weight;
    return true;
}
