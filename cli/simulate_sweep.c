#include "cli/plot.h"
#include "cli/simulate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 21, CURVES = 3 };

struct curves {
    double xs[POINTS], ys[CURVES][POINTS];
    size_t count;
};

/* How a sweep is made and shown. */
struct sweep {
    const char *name, *title, *x_name, *x_key;
    const char *names[CURVES], *keys[CURVES];
    enum simulation_strategy strategy; /* whose share it is over */
    double x_first, x_step;
    size_t count;
    bool (*fill)(const struct sweep *sweep, const struct simulation_config *config,
                 struct curves *out, struct pm_error *error);
};

/* ---- over a share of the miners, for each quorum ---- */

static bool simulate_share(const struct sweep *sweep, const struct simulation_config *of,
                           double share, int quorum, double *out, struct pm_error *error)
{
    struct simulation_config config = *of;
    struct simulation_result result;
    config.quorum = quorum;
    config.shares[sweep->strategy] = share;
    bool good = simulation_run(&config, &result, error);
    *out = strcmp(sweep->name, "capture") == 0 ? simulation_captured(&result)
                                               : simulation_to_honest(&result, sweep->strategy);
    simulation_clear(&result);
    return good;
}

static bool fill_shares(const struct sweep *sweep, const struct simulation_config *config,
                        struct curves *out, struct pm_error *error)
{
    for (size_t point = 0; point < out->count; point++) {
        for (int i = 0; i < SIMULATE_QUORUMS; i++) {
            if (!simulate_share(sweep, config, out->xs[point], simulate_quorums[i],
                                &out->ys[i][point], error)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- over cap or fee: one simulation, paid for in many ways ---- */

static bool fill_caps(const struct sweep *sweep, const struct simulation_config *of,
                      struct curves *out, struct pm_error *error)
{
    struct pm_payout_rules payouts[POINTS];
    struct simulation_config config = *of;
    struct simulation_result result;
    (void)sweep;
    for (size_t i = 0; i < out->count; i++) {
        payouts[i] = of->payouts[0];
        payouts[i].cap_ppm = llround(out->xs[i] * PM_PPM);
    }
    config.payouts = payouts;
    config.payout_count = out->count;
    bool good = simulation_run(&config, &result, error);
    for (size_t i = 0; good && i < out->count; i++) {
        const struct simulation_division *division = &result.divisions[i];
        out->ys[0][i] = division->gini;
        out->ys[1][i] = simulation_share(division->largest_rao, division->paid_rao);
        out->ys[2][i] = simulation_share(division->pool_rao, division->budget_rao);
    }
    simulation_clear(&result);
    return good;
}

static bool fill_fees(const struct sweep *sweep, const struct simulation_config *of,
                      struct curves *out, struct pm_error *error)
{
    static const int64_t caps[CURVES] = {1000000, 50000, 20000};
    struct pm_payout_rules payouts[CURVES * POINTS];
    struct simulation_config config = *of;
    struct simulation_result result;
    (void)sweep;
    for (size_t i = 0; i < CURVES * out->count; i++) {
        payouts[i] = of->payouts[0];
        payouts[i].cap_ppm = caps[i / out->count];
        payouts[i].fee_ppm = llround(out->xs[i % out->count] * PM_PPM);
    }
    config.payouts = payouts;
    config.payout_count = CURVES * out->count;
    bool good = simulation_run(&config, &result, error);
    for (size_t i = 0; good && i < config.payout_count; i++) {
        out->ys[i / out->count][i % out->count] =
            simulation_share(result.divisions[i].pool_rao, result.divisions[i].budget_rao);
    }
    simulation_clear(&result);
    return good;
}

/* ---- what there is ---- */

#define BY_QUORUM                                                                                  \
    .names = {"quorum 3", "quorum 5", "quorum 7"}, .keys = {"quorum_3", "quorum_5", "quorum_7"},   \
    .x_key = "share", .fill = fill_shares
#define UP_TO_HALF .x_first = 0.05, .x_step = 0.05, .count = 11

static const struct sweep sweeps[] = {
    {.name = "liars",
     .title = "What a liar earns, as a multiple of an honest miner",
     .x_name = "share of liars",
     .strategy = SIMULATION_LIAR,
     BY_QUORUM,
     UP_TO_HALF},
    {.name = "lazy",
     .title = "What a lazy miner earns, as a multiple of an honest one",
     .x_name = "share of lazy miners",
     .strategy = SIMULATION_LAZY,
     BY_QUORUM,
     UP_TO_HALF},
    {.name = "colluders",
     .title = "What a colluder earns, as a multiple of an honest miner",
     .x_name = "share of colluders",
     .strategy = SIMULATION_COLLUDER,
     BY_QUORUM,
     UP_TO_HALF},
    {.name = "capture",
     .title = "Share of the colluders' evolutions on which they have the majority",
     .x_name = "share of colluders",
     .strategy = SIMULATION_COLLUDER,
     BY_QUORUM,
     UP_TO_HALF},
    {.name = "selective",
     .title = "What a selective colluder earns, as a multiple of an honest miner",
     .x_name = "share of selective colluders",
     .strategy = SIMULATION_SELECTIVE,
     BY_QUORUM,
     .x_first = 0.02,
     .x_step = 0.02,
     .count = 11},
    {.name = "cap",
     .title = "What the cap does",
     .x_name = "cap, as a share of the budget",
     .x_key = "cap",
     .names = {"Gini coefficient", "largest miner's share", "the pool's share of the budget"},
     .keys = {"gini", "largest_share", "pool_share"},
     .x_first = 0.01,
     .x_step = 0.005,
     .count = 21,
     .fill = fill_caps},
    {.name = "fee",
     .title = "What the pool keeps of the budget",
     .x_name = "fee",
     .x_key = "fee",
     .names = {"no cap", "cap 5 %", "cap 2 %"},
     .keys = {"no_cap", "cap_0.05", "cap_0.02"},
     .x_first = 0,
     .x_step = 0.025,
     .count = 21,
     .fill = fill_fees},
};

static void print_json(const struct sweep *sweep, const struct curves *curves)
{
    for (size_t point = 0; point < curves->count; point++) {
        printf("{\"sweep\":\"%s\",\"%s\":%.6g", sweep->name, sweep->x_key, curves->xs[point]);
        for (int i = 0; i < CURVES; i++) {
            const double y = curves->ys[i][point];
            if (isfinite(y)) {
                printf(",\"%s\":%.6g", sweep->keys[i], y);
            } else {
                printf(",\"%s\":null", sweep->keys[i]);
            }
        }
        puts("}");
    }
}

static void print_text(const struct sweep *sweep, const struct curves *curves)
{
    printf("%s\n%8s", sweep->title, sweep->x_key);
    for (int i = 0; i < CURVES; i++) {
        printf("  %s", sweep->names[i]);
    }
    putchar('\n');
    for (size_t point = 0; point < curves->count; point++) {
        printf("%8.3f", curves->xs[point]);
        for (int i = 0; i < CURVES; i++) {
            const int width = (int)strlen(sweep->names[i]);
            if (isfinite(curves->ys[i][point])) {
                printf("  %*.3f", width, curves->ys[i][point]);
            } else {
                printf("  %*s", width, "-");
            }
        }
        putchar('\n');
    }
}

/* Not more than ten lines, at whole steps of what people count in. */
static double choose_step(double most)
{
    double step = 0.01;
    static const double factors[] = {2, 2.5, 2}; /* 0.01, 0.02, 0.05, 0.1, ... */
    for (size_t i = 0; most > 10 * step; i++) {
        step *= factors[i % (sizeof factors / sizeof *factors)];
    }
    return step;
}

static bool draw(const struct sweep *sweep, const struct curves *curves, const char *path,
                 struct pm_error *error)
{
    double most = 0;
    struct plot plot = {
        .title = sweep->title,
        .x_name = sweep->x_name,
        .x_first = curves->xs[0],
        .x_last = curves->xs[curves->count - 1],
        .x_digits = 2,
        .curve_count = CURVES,
    };
    for (int i = 0; i < CURVES; i++) {
        plot.curves[i] =
            (struct plot_curve){sweep->names[i], curves->xs, curves->ys[i], curves->count};
        for (size_t point = 0; point < curves->count; point++) {
            most = fmax(most, curves->ys[i][point]); /* fmax leaves NaN out */
        }
    }
    plot.y_step = choose_step(most);
    plot.y_high = fmax(ceil(most / plot.y_step), 1) * plot.y_step;
    plot.names_low = curves->ys[0][curves->count - 1] > plot.y_high / 2;
    return plot_write(path, &plot, error);
}

static const struct sweep *find(const char *name)
{
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++) {
        if (strcmp(sweeps[i].name, name) == 0) {
            return &sweeps[i];
        }
    }
    return NULL;
}

bool simulate_sweep(const struct simulation_config *config, const char *what, const char *plot,
                    bool json, struct pm_error *error)
{
    const struct sweep *sweep = find(what);
    if (sweep == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "simulate: there is no sweep over \"%s\"", what);
    }
    struct curves curves = {.count = sweep->count};
    for (size_t i = 0; i < curves.count; i++) {
        curves.xs[i] = sweep->x_first + sweep->x_step * (double)i;
    }
    if (!sweep->fill(sweep, config, &curves, error) ||
        (plot != NULL && !draw(sweep, &curves, plot, error))) {
        return false;
    }
    if (json) {
        print_json(sweep, &curves);
    } else {
        print_text(sweep, &curves);
    }
    return true;
}
