#include "bench/queue_row.h"

#include <math.h>
#include <stdio.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>

static bool add_number(cJSON *object, const char *name, double value)
{
    return !isfinite(value) || pm_json_add_number(object, name, value);
}

static bool fill_json(cJSON *object, const struct bench_queue_row *row)
{
    return pm_json_add_string(object, "server", row->server) &&
           pm_json_add_string(object, "what", row->what) &&
           pm_json_add_bool(object, "synced", row->synced) &&
           add_number(object, "clients", (double)row->clients) &&
           add_number(object, "window", (double)row->window) &&
           add_number(object, "payload", (double)row->payload) &&
           add_number(object, "jobs", row->jobs > 0 ? (double)row->jobs : NAN) &&
           add_number(object, "per_s", row->per_s) && add_number(object, "p50_us", row->p50_us) &&
           add_number(object, "p99_us", row->p99_us) && add_number(object, "cpu_us", row->cpu_us) &&
           add_number(object, "ratio", row->ratio) &&
           add_number(object, "resident_mib", row->resident_mib);
}

static bool print_json(const struct bench_queue_row *row, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    return pm_json_line_print_built(object, fill_json(object, row), error);
}

static void print_cell(double value, int width, int digits)
{
    if (!isfinite(value)) {
        printf(" %*s", width, "-");
    } else {
        printf(" %*.*f", width, digits, value);
    }
}

void bench_queue_row_print_heading(void)
{
    printf("%-10s %-13s %-6s %7s %6s %7s %9s %9s %9s %7s %7s %9s\n", "server", "what", "synced",
           "clients", "window", "bytes", "per s", "p50 us", "p99 us", "cpu us", "x bean.", "MiB");
}

bool bench_queue_row_print(const struct bench_queue_row *row, bool json, struct pm_error *error)
{
    if (json) {
        return print_json(row, error);
    }
    printf("%-10s %-13s %-6s %7zu %6zu %7zu", row->server, row->what, row->synced ? "yes" : "no",
           row->clients, row->window, row->payload);
    print_cell(row->per_s, 9, 0);
    print_cell(row->p50_us, 9, 1);
    print_cell(row->p99_us, 9, 1);
    print_cell(row->cpu_us, 7, 1);
    print_cell(row->ratio, 7, 1);
    print_cell(row->resident_mib, 9, 1);
    putchar('\n');
    fflush(stdout);
    return true;
}
