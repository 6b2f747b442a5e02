/* How other networks pay: the published rules of three incentive schemes, as pure functions of a
 * few figures, so that a miner can compare. Shares are from 0 to 1.
 *
 * Every function that takes a pm_error checks its figures: one that is not finite, negative, or a
 * share over 1 is PM_ERROR_INVALID, one over 1e15 PM_ERROR_LIMIT, named in the message; nothing is
 * written then. */
#ifndef POOLMINER_INCENTIVES_H
#define POOLMINER_INCENTIVES_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* The 95th percentile of `count` figures >= 0, interpolated linearly between the two nearest ranks
 * (rank 0.95 (count - 1) of the sorted figures). Order does not matter. PM_ERROR_INVALID also
 * without figures; PM_ERROR_MEMORY. */
bool pm_percentile95(const double *figures, size_t count, double *out, struct pm_error *error);

/* ---- bitads: sales that a miner's advertisements led to, in a rolling window of 30 days ---- */

struct pm_bitads_figures {
    double sales, revenue;         /* orders; in any one currency */
    double refunds;                /* orders that were refunded */
    double p95_sales, p95_revenue; /* 95th percentiles over all miners */
    bool soft_cap;                 /* under 3 sales a score counts 30 % */
};

struct pm_bitads_score {
    double refund_rate, sales_norm, revenue_norm, base; /* shares */
    double score;                                       /* 0 to 1 */
};

/* refund_rate = min(1, refunds / max(1, sales)), sales_norm = min(1, sqrt(sales) /
 * sqrt(p95_sales)), revenue_norm = min(1, ln(1 + revenue) / ln(1 + p95_revenue)), score = (1 -
 * refund_rate) (0.4 sales_norm + 0.6 revenue_norm), x 0.3 by the soft cap. Source: the scoring
 * rules that BitAds publishes. */
bool pm_bitads_score(const struct pm_bitads_figures *figures, struct pm_bitads_score *out,
                     struct pm_error *error);

/* The miner's weight when the scores of all, its own included, add up to `total_scores`:
 * (1 - burn_share) score / total_scores. Same source. PM_ERROR_INVALID also if the total is 0 or
 * less than the score. */
bool pm_bitads_weight(double score, double total_scores, double burn_share, double *out,
                      struct pm_error *error);

/* ---- moderntensor: inference paid by its quality, epochs of 15 minutes ---- */

enum { PM_MODERNTENSOR_EPOCHS_PER_DAY = 96 };

struct pm_moderntensor_quality {
    double accuracy, latency, availability, consistency; /* shares; latency: 1 is the quickest */
};

/* 0.4 accuracy + 0.2 latency + 0.2 availability + 0.2 consistency.
 * Source: the reward rules in ModernTensor's published documentation. */
bool pm_moderntensor_score(const struct pm_moderntensor_quality *quality, double *out,
                           struct pm_error *error);

/* epoch_emission x score / total_scores x subnet_weight, in the emission's unit. Same source.
 * PM_ERROR_INVALID also if the total is 0 or less than the score. */
bool pm_moderntensor_reward(double score, double total_scores, double epoch_emission,
                            double subnet_weight, double *out, struct pm_error *error);

/* ---- vidaio: upscaling and compression of videos ----
 *
 * Source of all of it: the incentive mechanism that Vidaio publishes. */

enum pm_vidaio_task { PM_VIDAIO_UPSCALING, PM_VIDAIO_COMPRESSION };

enum { PM_VIDAIO_WINDOW = 10, PM_VIDAIO_LENGTH_MAX_S = 320, PM_VIDAIO_VMAF_MAX = 100 };

struct pm_vidaio_upscaling {
    double length_score; /* ln(1 + length_s) / ln(1 + 320) */
    double before;       /* 0.5 quality + 0.5 length_score */
    double score;        /* 0.1 exp(6.979 (before - 0.5)) */
    double relative;     /* score / 0.1: against a miner at 0.5 */
};

/* `quality` is a share, `length_s` 0 to 320 seconds of video. */
bool pm_vidaio_upscale(double quality, double length_s, struct pm_vidaio_upscaling *out,
                       struct pm_error *error);

/* 0.8 (1 - rate^1.5) + 0.2 (vmaf - threshold) / (100 - threshold), or 0 when vmaf is below the
 * threshold. `rate` = compressed / original size, a share; `vmaf` 0 to 100; `threshold` below 100.
 */
bool pm_vidaio_compress(double rate, double vmaf, double threshold, double *score,
                        struct pm_error *error);

/* What one round counts as in the window. */
struct pm_vidaio_round {
    bool excellent;   /* score > 0.32 upscaling, > 0.74 compression */
    bool poor;        /* score < 0.20 upscaling, < 0.40 compression */
    bool low_quality; /* quality < 0.25; vmaf < threshold + 5 */
};

struct pm_vidaio_round pm_vidaio_judge_upscaling(double score, double quality);
struct pm_vidaio_round pm_vidaio_judge_compression(double score, double vmaf, double threshold);

/* How many of the last 10 rounds counted as what. */
struct pm_vidaio_window {
    double excellent, poor, low_quality; /* whole, 0 to 10; excellent + poor at most 10 */
};

/* (1 + 0.15 excellent/10) (1 - 0.20 poor/10) (1 - 0.25 low_quality/10). */
bool pm_vidaio_multiplier(const struct pm_vidaio_window *window, double *out,
                          struct pm_error *error);

/* What a miner gets of `emission`, in its unit: 40 % are upscaling's and 60 % compression's; in
 * proportion to accumulated scores, whose total has the miner's own in it; then x multiplier.
 * PM_ERROR_INVALID also if the total is 0 or less than the miner's. */
bool pm_vidaio_income(enum pm_vidaio_task task, double emission, double accumulated,
                      double total_accumulated, double multiplier, double *out,
                      struct pm_error *error);

struct pm_vidaio_split {
    double miners, validators, creator; /* 41 %, 41 %, 18 % */
};

bool pm_vidaio_split(double emission, struct pm_vidaio_split *out, struct pm_error *error);

#endif
