/* The models of other networks: bitads, moderntensor, vidaio. */
#include "cli/estimate.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/incentives.h>

/* ---- bitads ---- */

/* The percentile itself, or a list of all miners' figures in the file to take it of. */
static bool read_percentile(const struct estimate_input *input, const char *name,
                            const char *list_key, double *out, struct pm_error *error)
{
    double *list = NULL;
    size_t count;
    if (!estimate_list(input, list_key, &list, &count, error)) {
        return false;
    }
    bool done;
    if (list == NULL) {
        done = estimate_need(input, name, out, error);
    } else if (estimate_has(input, name)) {
        done = pm_fail(error, PM_ERROR_INVALID, "give %s or %s, not both", name, list_key);
    } else {
        done = pm_percentile95(list, count, out, error) || pm_fail_context(error, "%s", list_key);
    }
    free(list);
    return done;
}

static bool run_bitads(const struct estimate_input *input, struct estimate_answer *answer,
                       struct pm_error *error)
{
    struct pm_bitads_figures figures = {.soft_cap = false};
    struct pm_bitads_score score;
    double total = 0, burn = 0, weight = 0;
    const bool weighed = estimate_has(input, "total-scores");
    if (!estimate_need(input, "sales", &figures.sales, error) ||
        !estimate_need(input, "revenue", &figures.revenue, error) ||
        !estimate_may(input, "refunds", &figures.refunds, error) ||
        !read_percentile(input, "p95-sales", "all-sales", &figures.p95_sales, error) ||
        !read_percentile(input, "p95-revenue", "all-revenue", &figures.p95_revenue, error) ||
        !estimate_flag(input, "soft-cap", &figures.soft_cap, error) ||
        !estimate_may(input, "total-scores", &total, error) ||
        !estimate_may(input, "burn-share", &burn, error) ||
        !pm_bitads_score(&figures, &score, error) ||
        (weighed && !pm_bitads_weight(score.score, total, burn, &weight, error))) {
        return false;
    }
    estimate_number(answer, "refund_rate", "", score.refund_rate);
    estimate_number(answer, "sales_norm", "", score.sales_norm);
    estimate_number(answer, "revenue_norm", "", score.revenue_norm);
    estimate_number(answer, "base", "", score.base);
    estimate_number(answer, "score", "", score.score);
    if (weighed) {
        estimate_number(answer, "weight", "of the emission", weight);
    }
    return true;
}

static const char *const BITADS_NAMES[] = {"sales",        "revenue",    "refunds",     "p95-sales",
                                           "p95-revenue",  "all-sales",  "all-revenue", "soft-cap",
                                           "total-scores", "burn-share", NULL};
const struct estimate_model estimate_bitads = {"bitads", BITADS_NAMES, false, run_bitads};

/* ---- moderntensor ---- */

static bool read_score(const struct estimate_input *input, double *score, struct pm_error *error)
{
    static const char *const parts[] = {"accuracy", "latency", "availability", "consistency"};
    struct pm_moderntensor_quality quality = {.accuracy = 0};
    if (!estimate_has(input, "score")) {
        return estimate_need(input, "accuracy", &quality.accuracy, error) &&
               estimate_need(input, "latency", &quality.latency, error) &&
               estimate_need(input, "availability", &quality.availability, error) &&
               estimate_need(input, "consistency", &quality.consistency, error) &&
               pm_moderntensor_score(&quality, score, error);
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (estimate_has(input, parts[i])) {
            return pm_fail(error, PM_ERROR_INVALID, "give score or %s, not both", parts[i]);
        }
    }
    return estimate_need(input, "score", score, error);
}

static bool run_moderntensor(const struct estimate_input *input, struct estimate_answer *answer,
                             struct pm_error *error)
{
    double score = 0, total = 0, emission = 0, weight = 0, reward = 0;
    if (!read_score(input, &score, error) || !estimate_need(input, "total-scores", &total, error) ||
        !estimate_need(input, "epoch-emission", &emission, error) ||
        !estimate_need(input, "subnet-weight", &weight, error) ||
        !pm_moderntensor_reward(score, total, emission, weight, &reward, error)) {
        return false;
    }
    estimate_number(answer, "score", "", score);
    estimate_number(answer, "reward", "an epoch of 15 minutes", reward);
    estimate_number(answer, "reward_per_day", "", reward * PM_MODERNTENSOR_EPOCHS_PER_DAY);
    return true;
}

static const char *const MODERNTENSOR_NAMES[] = {"accuracy",       "latency",       "availability",
                                                 "consistency",    "score",         "total-scores",
                                                 "epoch-emission", "subnet-weight", NULL};
const struct estimate_model estimate_moderntensor = {"moderntensor", MODERNTENSOR_NAMES, false,
                                                     run_moderntensor};

/* ---- vidaio ---- */

static bool run_upscaling(const struct estimate_input *input, struct estimate_answer *answer,
                          struct pm_vidaio_round *round, struct pm_error *error)
{
    double quality = 0, length_s = 0;
    struct pm_vidaio_upscaling result;
    if (!estimate_need(input, "quality", &quality, error) ||
        !estimate_need(input, "length", &length_s, error) ||
        !pm_vidaio_upscale(quality, length_s, &result, error)) {
        return false;
    }
    *round = pm_vidaio_judge_upscaling(result.score, quality);
    estimate_number(answer, "length_score", "", result.length_score);
    estimate_number(answer, "score_before", "", result.before);
    estimate_number(answer, "score", "", result.score);
    estimate_number(answer, "relative_reward", "x that of score_before 0.5", result.relative);
    return true;
}

static bool run_compression(const struct estimate_input *input, struct estimate_answer *answer,
                            struct pm_vidaio_round *round, struct pm_error *error)
{
    double rate = 0, vmaf = 0, threshold = 0, score = 0;
    if (!estimate_need(input, "rate", &rate, error) ||
        !estimate_need(input, "vmaf", &vmaf, error) ||
        !estimate_need(input, "threshold", &threshold, error) ||
        !pm_vidaio_compress(rate, vmaf, threshold, &score, error)) {
        return false;
    }
    *round = pm_vidaio_judge_compression(score, vmaf, threshold);
    estimate_number(answer, "score", "", score);
    return true;
}

static bool run_window(const struct estimate_input *input, enum pm_vidaio_task task,
                       struct estimate_answer *answer, struct pm_error *error)
{
    struct pm_vidaio_window window = {0};
    double multiplier = 0, accumulated = 0, total = 0, emission = 0, income = 0;
    const bool paid = estimate_has(input, "emission");
    if (!estimate_may(input, "excellent-rounds", &window.excellent, error) ||
        !estimate_may(input, "poor-rounds", &window.poor, error) ||
        !estimate_may(input, "low-quality-rounds", &window.low_quality, error) ||
        !pm_vidaio_multiplier(&window, &multiplier, error) ||
        (paid &&
         (!estimate_need(input, "emission", &emission, error) ||
          !estimate_need(input, "accumulated", &accumulated, error) ||
          !estimate_need(input, "total-accumulated", &total, error) ||
          !pm_vidaio_income(task, emission, accumulated, total, multiplier, &income, error)))) {
        return false;
    }
    estimate_number(answer, "multiplier", "", multiplier);
    if (paid) {
        estimate_number(answer, "income", "of the miners' emission", income);
    }
    return true;
}

static bool run_split(const struct estimate_input *input, struct estimate_answer *answer,
                      struct pm_error *error)
{
    struct pm_vidaio_split split = {.miners = 0};
    double emission = 0;
    if (!estimate_has(input, "subnet-emission")) {
        return true;
    }
    if (!estimate_need(input, "subnet-emission", &emission, error) ||
        !pm_vidaio_split(emission, &split, error)) {
        return false;
    }
    estimate_number(answer, "miners", "of the subnet's emission", split.miners);
    estimate_number(answer, "validators", "", split.validators);
    estimate_number(answer, "creator", "", split.creator);
    return true;
}

/* A figure of the other task is a mistake. */
static bool check_task(const struct estimate_input *input, const char *task, bool upscaling,
                       struct pm_error *error)
{
    static const char *const foreign[2][4] = {{"quality", "length"}, {"rate", "vmaf", "threshold"}};
    for (const char *const *name = foreign[upscaling ? 1 : 0]; *name != NULL; name++) {
        if (estimate_has(input, *name)) {
            return pm_fail(error, PM_ERROR_INVALID, "task %s takes no %s", task, *name);
        }
    }
    return true;
}

static bool run_vidaio(const struct estimate_input *input, struct estimate_answer *answer,
                       struct pm_error *error)
{
    const char *task = NULL;
    struct pm_vidaio_round round = {.poor = false};
    if (!estimate_text(input, "task", &task, error)) {
        return false;
    }
    const bool upscaling = strcmp(task, "upscaling") == 0;
    if (!upscaling && strcmp(task, "compression") != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "task is \"%.40s\": upscaling or compression",
                       task);
    }
    if (!check_task(input, task, upscaling, error) ||
        !(upscaling ? run_upscaling : run_compression)(input, answer, &round, error)) {
        return false;
    }
    estimate_bool(answer, "excellent", round.excellent);
    estimate_bool(answer, "poor", round.poor);
    estimate_bool(answer, "low_quality", round.low_quality);
    return run_window(input, upscaling ? PM_VIDAIO_UPSCALING : PM_VIDAIO_COMPRESSION, answer,
                      error) &&
           run_split(input, answer, error);
}

static const char *const VIDAIO_NAMES[] = {"task",
                                           "quality",
                                           "length",
                                           "rate",
                                           "vmaf",
                                           "threshold",
                                           "excellent-rounds",
                                           "poor-rounds",
                                           "low-quality-rounds",
                                           "accumulated",
                                           "total-accumulated",
                                           "emission",
                                           "subnet-emission",
                                           NULL};
const struct estimate_model estimate_vidaio = {"vidaio", VIDAIO_NAMES, false, run_vidaio};
