/* Other networks' pay: the worked examples that their publications give, to the digits printed. */
#include "cmocka_include.h"

#include <math.h>
#include <string.h>

#include <poolminer/incentives.h>

static void expect_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance)) {
        fail_msg("%.10g is not %.10g +- %g", value, wanted, tolerance);
    }
}

static void the_percentile_is_interpolated(void **state)
{
    (void)state;
    const double figures[] = {40, 10, 30, 20}; /* rank 2.85 */
    double result = 0;
    assert_true(pm_percentile95(figures, 4, &result, NULL));
    expect_near(result, 38.5, 1e-12);
    assert_true(pm_percentile95(figures, 1, &result, NULL));
    expect_near(result, 40, 0);
    assert_false(pm_percentile95(figures, 0, &result, NULL));
}

static void bitads_examples(void **state)
{
    (void)state;
    struct pm_bitads_figures figures = {
        .sales = 100, .revenue = 5000, .p95_sales = 100, .p95_revenue = 5000};
    struct pm_bitads_score score;
    double weight = 0;
    assert_true(pm_bitads_score(&figures, &score, NULL));
    expect_near(score.score, 1.0, 1e-12);
    figures.refunds = 20; /* a 20 % refund rate takes 20 % off */
    assert_true(pm_bitads_score(&figures, &score, NULL));
    expect_near(score.refund_rate, 0.2, 1e-12);
    expect_near(score.score, 0.8, 1e-12);
    assert_true(pm_bitads_weight(0.8, 4, 0.5, &weight, NULL));
    expect_near(weight, 0.1, 1e-12);
    figures = (struct pm_bitads_figures){.sales = 25, .p95_sales = 100, .soft_cap = true};
    assert_true(pm_bitads_score(&figures, &score, NULL));
    expect_near(score.score, 0.4 * 0.5, 1e-12); /* 3 sales or more: no cap */
}

static void bitads_edges(void **state)
{
    (void)state;
    struct pm_bitads_figures figures = {
        .sales = 2, .revenue = 10, .p95_sales = 0, .p95_revenue = 0, .soft_cap = true};
    struct pm_bitads_score score;
    assert_true(pm_bitads_score(&figures, &score, NULL));
    expect_near(score.base, 1, 0);
    expect_near(score.score, 0.3, 1e-12);
    figures.refunds = 7; /* of older orders: never below nothing */
    assert_true(pm_bitads_score(&figures, &score, NULL));
    expect_near(score.score, 0, 0);
}

static void moderntensor_example(void **state)
{
    (void)state;
    const struct pm_moderntensor_quality quality = {
        .accuracy = 0.9, .latency = 0.8, .availability = 1, .consistency = 0.5};
    double score = 0, reward = 0;
    assert_true(pm_moderntensor_score(&quality, &score, NULL));
    expect_near(score, 0.36 + 0.16 + 0.2 + 0.1, 1e-12);
    assert_true(pm_moderntensor_reward(0.85, 10, 1000, 0.15, &reward, NULL));
    expect_near(reward, 12.75, 1e-9);
}

static void vidaio_upscaling_examples(void **state)
{
    (void)state;
    static const double lengths[][2] = {{5, 0.31}, {10, 0.415}, {320, 1}};
    static const double relative[][2] = {
        {0.30, 0.25}, {0.60, 2.01}, {0.72, 4.64}, {0.84, 10.73}, {0.90, 16.31}};
    struct pm_vidaio_upscaling result;
    for (size_t i = 0; i < 3; i++) {
        assert_true(pm_vidaio_upscale(0.5, lengths[i][0], &result, NULL));
        expect_near(result.length_score, lengths[i][1], i == 0 ? 0.005 : 0.0005);
    }
    for (size_t i = 0; i < 5; i++) {
        /* The quality that, with a video of 10 s, makes the score before the exponential. */
        assert_true(pm_vidaio_upscale(0, 10, &result, NULL));
        const double quality = 2 * relative[i][0] - result.length_score;
        if (quality < 0 || quality > 1) {
            assert_true(pm_vidaio_upscale(2 * relative[i][0] - 1, 320, &result, NULL));
        } else {
            assert_true(pm_vidaio_upscale(quality, 10, &result, NULL));
        }
        expect_near(result.before, relative[i][0], 1e-12);
        expect_near(result.relative, relative[i][1], 0.0051);
        expect_near(result.score, 0.1 * result.relative, 1e-12);
    }
}

static void vidaio_compression_examples(void **state)
{
    (void)state;
    static const double rows[][3] = {
        {0.30, 85, 0.769}, {0.50, 80, 0.584}, {0.70, 75, 0.365}, {0.40, 65, 0}};
    for (size_t i = 0; i < 4; i++) {
        double score = -1;
        assert_true(pm_vidaio_compress(rows[i][0], rows[i][1], 70, &score, NULL));
        expect_near(score, rows[i][2], 0.0005);
    }
}

static double multiplier(double excellent, double poor, double low_quality)
{
    const struct pm_vidaio_window window = {excellent, poor, low_quality};
    double result = 0;
    assert_true(pm_vidaio_multiplier(&window, &result, NULL));
    return result;
}

static void vidaio_window_examples(void **state)
{
    (void)state;
    expect_near(multiplier(7, 0, 0), 1.105, 1e-12);
    expect_near(multiplier(0, 4, 0), 0.92, 1e-12);
    expect_near(multiplier(10, 0, 0), 1.15, 1e-12);
    expect_near(multiplier(0, 10, 0), 0.80, 1e-12);
    expect_near(multiplier(5, 2, 4), 1.075 * 0.96 * 0.9, 1e-12);
    assert_true(pm_vidaio_judge_upscaling(0.33, 0.3).excellent);
    assert_false(pm_vidaio_judge_upscaling(0.32, 0.3).excellent);
    assert_true(pm_vidaio_judge_upscaling(0.19, 0.24).poor);
    assert_true(pm_vidaio_judge_upscaling(0.19, 0.24).low_quality);
    assert_true(pm_vidaio_judge_compression(0.75, 75, 70).excellent);
    assert_false(pm_vidaio_judge_compression(0.75, 75, 70).low_quality);
    assert_true(pm_vidaio_judge_compression(0.39, 74, 70).poor);
    assert_true(pm_vidaio_judge_compression(0.39, 74, 70).low_quality);
}

static double income(enum pm_vidaio_task task, double accumulated, double total, double factor)
{
    double result = 0;
    assert_true(pm_vidaio_income(task, 100, accumulated, total, factor, &result, NULL));
    return result;
}

static void vidaio_pay_examples(void **state)
{
    (void)state;
    static const double total = 1884.9;
    expect_near(income(PM_VIDAIO_COMPRESSION, 847.5, total, 1), 27.0, 0.05);
    expect_near(income(PM_VIDAIO_COMPRESSION, 625.3, total, 1), 19.9, 0.05);
    expect_near(income(PM_VIDAIO_COMPRESSION, 412.1, total, 1), 13.1, 0.05);
    expect_near(income(PM_VIDAIO_UPSCALING, 523.8, 935, 1), 22.4, 0.05);
    expect_near(income(PM_VIDAIO_UPSCALING, 411.2, 935, 1), 17.6, 0.05);
    /* The publication multiplies its rounded figures. */
    expect_near(income(PM_VIDAIO_COMPRESSION, 847.5, total, multiplier(10, 0, 0)), 31.05, 0.05);
    expect_near(income(PM_VIDAIO_COMPRESSION, 625.3, total, multiplier(0, 0, 3)), 18.41, 0.05);
    expect_near(income(PM_VIDAIO_UPSCALING, 411.2, 935, multiplier(0, 10, 10)), 10.56, 0.05);
    struct pm_vidaio_split split;
    assert_true(pm_vidaio_split(100.0 * 35 * 365, &split, NULL));
    expect_near(split.miners, 523775, 1e-6);
    expect_near(split.validators, 523775, 1e-6);
    expect_near(split.creator, 229950, 1e-6);
}

static void expect_refusal(bool done, const struct pm_error *error, const char *part)
{
    assert_false(done);
    if (strstr(error->message, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error->message, part);
    }
}

static void impossible_figures_are_named(void **state)
{
    (void)state;
    struct pm_error error = {0};
    double out = 0;
    struct pm_vidaio_upscaling upscaling;
    struct pm_bitads_score score;
    const struct pm_bitads_figures figures = {.sales = -1};
    const struct pm_moderntensor_quality quality = {.accuracy = 1, .latency = NAN};
    const struct pm_vidaio_window full = {.excellent = 6, .poor = 5}, half = {.poor = 0.5};
    expect_refusal(pm_bitads_score(&figures, &score, &error), &error, "sales is -1");
    expect_refusal(pm_moderntensor_score(&quality, &out, &error), &error,
                   "latency is not a finite");
    expect_refusal(pm_moderntensor_reward(1.2, 9, 1, 1, &out, &error), &error, "score is 1.2");
    expect_refusal(pm_moderntensor_reward(0.5, 0, 1, 1, &out, &error), &error, "total_scores is 0");
    expect_refusal(pm_moderntensor_reward(0.5, 0.4, 1, 1, &out, &error), &error, "less than");
    expect_refusal(pm_bitads_weight(0.5, 1, 1.5, &out, &error), &error, "burn_share is 1.5");
    expect_refusal(pm_vidaio_upscale(0.5, 321, &upscaling, &error), &error, "at most 320 s");
    expect_refusal(pm_vidaio_compress(0.5, 101, 70, &out, &error), &error, "vmaf is 101");
    expect_refusal(pm_vidaio_compress(0.5, 99, 100, &out, &error), &error, "threshold is 100");
    expect_refusal(pm_vidaio_multiplier(&full, &out, &error), &error, "11 together");
    expect_refusal(pm_vidaio_multiplier(&half, &out, &error), &error, "rounds are whole");
    expect_refusal(pm_moderntensor_reward(0.5, 1, 1e16, 1, &out, &error), &error, "1e+16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_percentile_is_interpolated),
        cmocka_unit_test(bitads_examples),
        cmocka_unit_test(bitads_edges),
        cmocka_unit_test(moderntensor_example),
        cmocka_unit_test(vidaio_upscaling_examples),
        cmocka_unit_test(vidaio_compression_examples),
        cmocka_unit_test(vidaio_window_examples),
        cmocka_unit_test(vidaio_pay_examples),
        cmocka_unit_test(impossible_figures_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
