#include "bench/evolve_report.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>

/* ---- JSON ---- */

struct named_number {
    const char *name;
    double value;
};

static cJSON *create_row(const char *row, const char *engine, const char *start)
{
    cJSON *object = cJSON_CreateObject();
    if (object != NULL && pm_json_add_string(object, "row", row) &&
        (engine == NULL || pm_json_add_string(object, "engine", engine)) &&
        (start == NULL || pm_json_add_string(object, "start", start))) {
        return object;
    }
    cJSON_Delete(object);
    return NULL;
}

static bool print_numbers(cJSON *object, const struct named_number *numbers, size_t count,
                          struct pm_error *error)
{
    bool complete = object != NULL;
    for (size_t i = 0; complete && i < count; i++) {
        complete = pm_json_add_number(object, numbers[i].name, numbers[i].value);
    }
    return pm_json_line_print_built(object, complete, error);
}

/* ---- rows ---- */

bool bench_evolve_print_reference(struct bench_evolve_table *table, const char *name, double score,
                                  double search_score, struct pm_error *error)
{
    if (table->json) {
        const struct named_number numbers[] = {{"score", score}, {"search_score", search_score}};
        cJSON *object = create_row("reference", NULL, NULL);
        const bool named = object != NULL && pm_json_add_string(object, "name", name);
        return named ? print_numbers(object, numbers, sizeof numbers / sizeof *numbers, error)
                     : pm_json_line_print_built(object, false, error);
    }
    printf("%-12s by hand     score %.4f, search %.4f\n", name, score, search_score);
    fflush(stdout);
    return true;
}

bool bench_evolve_print_run(struct bench_evolve_table *table, const struct bench_evolve_run *run,
                            struct pm_error *error)
{
    if (table->json) {
        cJSON *object = bench_evolve_run_write(run);
        return pm_json_line_print_built(object, object != NULL, error);
    }
    if (!table->has_heading) {
        printf("%-12s %-9s %5s %7s %7s %11s %10s %8s %8s\n", "engine", "start", "seed", "score",
               "search", "generations", "candidates", "seconds", "cpu s");
        table->has_heading = true;
    }
    printf("%-12s %-9s %5lld %7.4f %7.4f %11lld %10lld %8.1f %8.1f\n", run->of.engine,
           run->of.start, (long long)run->of.seed, run->score, run->search_score,
           (long long)run->generations, (long long)run->candidates, run->seconds, run->cpu_seconds);
    fflush(stdout);
    return true;
}

/* The figures that a series of runs is summed up by. */
enum figure { SCORE, EXCESS, CANDIDATES, SECONDS, CPU_SECONDS, FIGURE_COUNT };

static double figure_of(const struct bench_evolve_run *run, enum figure figure)
{
    switch (figure) {
    case SCORE:
        return run->score;
    case EXCESS:
        return run->search_score - run->score;
    case CANDIDATES:
        return (double)run->candidates;
    case SECONDS:
        return run->seconds;
    default:
        return run->cpu_seconds;
    }
}

static bool sum_up(const struct bench_evolve_run *runs, size_t count,
                   struct bench_quartiles out[FIGURE_COUNT], struct pm_error *error)
{
    for (int figure = 0; figure < FIGURE_COUNT; figure++) {
        double values[PM_BENCH_SERIES_MAX];
        for (size_t i = 0; i < count; i++) {
            values[i] = figure_of(&runs[i], (enum figure)figure);
        }
        if (!bench_quartiles(values, count, &out[figure], error)) {
            return false;
        }
    }
    return true;
}

static double share_from(const struct bench_evolve_run *runs, size_t count, double least)
{
    size_t reached = 0;
    for (size_t i = 0; i < count; i++) {
        reached += runs[i].score >= least ? 1 : 0;
    }
    return (double)reached / (double)count;
}

static void keep_series(struct bench_evolve_table *table, const struct bench_evolve_run *runs,
                        size_t count)
{
    struct bench_evolve_series *series = &table->series[table->series_count++];
    memcpy(series->engine, runs[0].of.engine, sizeof series->engine);
    series->count = count;
    for (size_t i = 0; i < count; i++) {
        series->scores[i] = runs[i].score;
    }
}

bool bench_evolve_print_summary(struct bench_evolve_table *table,
                                const struct bench_evolve_run *runs, size_t count,
                                struct pm_error *error)
{
    struct bench_quartiles of[FIGURE_COUNT];
    if (!sum_up(runs, count, of, error)) {
        return false;
    }
    if (table->series_count < BENCH_ENGINES_MAX) {
        keep_series(table, runs, count);
    }
    const double over_70 = share_from(runs, count, 0.7), over_80 = share_from(runs, count, 0.8);
    if (table->json) {
        const struct named_number numbers[] = {
            {"runs", (double)count},
            {"least", of[SCORE].least},
            {"lower_quartile", of[SCORE].lower},
            {"median", of[SCORE].median},
            {"upper_quartile", of[SCORE].upper},
            {"most", of[SCORE].most},
            {"share_from_0.7", over_70},
            {"share_from_0.8", over_80},
            {"search_minus_evaluation", of[EXCESS].median},
            {"candidates", of[CANDIDATES].median},
            {"seconds", of[SECONDS].median},
            {"seconds_most", of[SECONDS].most},
            {"cpu_seconds", of[CPU_SECONDS].median},
        };
        return print_numbers(create_row("summary", runs[0].of.engine, runs[0].of.start), numbers,
                             sizeof numbers / sizeof *numbers, error);
    }
    printf("%-12s %-9s median %.4f, quartiles %.4f and %.4f, least %.4f; %.0f %% from 0.7, %.0f %% "
           "from 0.8;\n%22s search suite %+.4f; medians: %.0f candidates, %.1f s, %.1f cpu s\n",
           runs[0].of.engine, runs[0].of.start, of[SCORE].median, of[SCORE].lower, of[SCORE].upper,
           of[SCORE].least, 100.0 * over_70, 100.0 * over_80, "", of[EXCESS].median,
           of[CANDIDATES].median, of[SECONDS].median, of[CPU_SECONDS].median);
    fflush(stdout);
    return true;
}

static bool print_comparison(const struct bench_evolve_table *table, const char *start,
                             const struct bench_evolve_series *a,
                             const struct bench_evolve_series *b, struct pm_error *error)
{
    struct bench_mann_whitney test;
    if (!bench_mann_whitney(a->scores, a->count, b->scores, b->count, &test, error)) {
        return false;
    }
    const double ahead = test.u / (double)(a->count * b->count);
    if (!table->json) {
        printf("%s, %s against %s: ahead in %.0f %% of all pairs of runs, p = %.2g\n", start,
               a->engine, b->engine, 100.0 * ahead, test.p);
        return true;
    }
    const struct named_number numbers[] = {{"share_ahead", ahead}, {"u", test.u}, {"p", test.p}};
    cJSON *object = create_row("comparison", a->engine, start);
    const bool named = object != NULL && pm_json_add_string(object, "against", b->engine);
    return named ? print_numbers(object, numbers, sizeof numbers / sizeof *numbers, error)
                 : pm_json_line_print_built(object, false, error);
}

bool bench_evolve_print_comparisons(struct bench_evolve_table *table, const char *start,
                                    struct pm_error *error)
{
    bool done = true;
    for (size_t a = 0; done && a < table->series_count; a++) {
        for (size_t b = a + 1; done && b < table->series_count; b++) {
            done = print_comparison(table, start, &table->series[a], &table->series[b], error);
        }
    }
    table->series_count = 0;
    fflush(stdout);
    return done;
}
