#include "bench/pool_row.h"

#include <math.h>
#include <stdio.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>

struct bench_pool_row bench_pool_row_empty(const char *store, const char *what, size_t miners)
{
    return (struct bench_pool_row){.store = store,
                                   .what = what,
                                   .miners = miners,
                                   .per_s = NAN,
                                   .p50_ms = NAN,
                                   .p99_ms = NAN,
                                   .pool_cpu_us = NAN,
                                   .load_cpu_us = NAN,
                                   .sign_cpu_us = NAN,
                                   .verify_cpu_us = NAN,
                                   .verify_per_s = NAN,
                                   .wall_ratio = NAN,
                                   .ratio = NAN,
                                   .shared_ratio = NAN,
                                   .not_now = NAN,
                                   .hung_up = NAN,
                                   .lost = NAN};
}

/* The figures in their order, for both ways of printing. */
struct cell {
    const char *name, *heading;
    double value;
    int width, digits;
};
enum { CELLS = 14 };

static void fill_cells(const struct bench_pool_row *row, struct cell cells[CELLS])
{
    const struct cell filled[CELLS] = {
        {"per_s", "per s", row->per_s, 8, 0},
        {"p50_ms", "p50 ms", row->p50_ms, 8, 2},
        {"p99_ms", "p99 ms", row->p99_ms, 8, 2},
        {"pool_cpu_us", "pool us", row->pool_cpu_us, 8, 1},
        {"load_cpu_us", "load us", row->load_cpu_us, 8, 1},
        {"sign_cpu_us", "sign us", row->sign_cpu_us, 8, 1},
        {"verify_cpu_us", "verify us", row->verify_cpu_us, 10, 1},
        {"verify_per_s", "verify /s", row->verify_per_s, 10, 0},
        {"wall_ratio", "wall", row->wall_ratio, 6, 2},
        {"ratio", "ratio", row->ratio, 6, 2},
        {"shared_ratio", "shared", row->shared_ratio, 6, 2},
        {"not_now", "429", row->not_now, 6, 0},
        {"hung_up", "hung", row->hung_up, 5, 0},
        {"lost", "lost", row->lost, 5, 0},
    };
    for (int i = 0; i < CELLS; i++) {
        cells[i] = filled[i];
    }
}

void bench_pool_row_print_heading(void)
{
    struct cell cells[CELLS];
    const struct bench_pool_row row = bench_pool_row_empty("", "", 0);
    fill_cells(&row, cells);
    printf("%-10s %6s %-7s", "store", "miners", "what");
    for (int i = 0; i < CELLS; i++) {
        printf(" %*s", cells[i].width, cells[i].heading);
    }
    putchar('\n');
}

static bool print_json(const struct bench_pool_row *row, const struct cell cells[CELLS],
                       struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    bool good = object != NULL && pm_json_add_string(object, "store", row->store) &&
                pm_json_add_string(object, "what", row->what) &&
                pm_json_add_number(object, "miners", (double)row->miners);
    for (int i = 0; i < CELLS && good; i++) {
        good =
            !isfinite(cells[i].value) || pm_json_add_number(object, cells[i].name, cells[i].value);
    }
    return pm_json_line_print_built(object, good, error);
}

bool bench_pool_row_print(const struct bench_pool_row *row, bool json, struct pm_error *error)
{
    struct cell cells[CELLS];
    fill_cells(row, cells);
    if (json) {
        return print_json(row, cells, error);
    }
    printf("%-10s %6zu %-7s", row->store, row->miners, row->what);
    for (int i = 0; i < CELLS; i++) {
        if (!isfinite(cells[i].value)) {
            printf(" %*s", cells[i].width, "-");
        } else {
            printf(" %*.*f", cells[i].width, cells[i].digits, cells[i].value);
        }
    }
    putchar('\n');
    fflush(stdout);
    return true;
}
