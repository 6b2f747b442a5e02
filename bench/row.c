#include "bench/row.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/lane_probe.h>

struct bench_row bench_row_empty(const char *program, const char *executor)
{
    return (struct bench_row){
        .program = program,
        .executor = executor,
        .simd = "none",
        .threads = 1,
        .us_per_algorithm = NAN,
        .us_compile = NAN,
        .ns_per_instruction_example = NAN,
        .ratio_to_reference = NAN,
        .scaling = NAN,
        .machine_share = NAN,
    };
}

void bench_row_add(struct bench_row *row, const char *name, double value)
{
    assert(row->extra_count < BENCH_EXTRAS_MAX);
    row->extras[row->extra_count].name = name;
    row->extras[row->extra_count++].value = value;
}

void bench_row_set_threads(struct bench_row *row, int threads, double scaling,
                           enum pm_simd_level level)
{
    row->threads = threads;
    row->scaling = scaling;
    if (threads > 1) {
        const double machine = pm_machine_scaling(level, threads);
        bench_row_add(row, "machine_scaling", machine);
        bench_row_add(row, "scaling_of_machine", scaling / machine);
    }
}

static bool add_number(cJSON *object, const char *name, double value)
{
    return isnan(value) || pm_json_add_number(object, name, value);
}

static bool fill_json(cJSON *object, const struct bench_row *row)
{
    return pm_json_add_string(object, "program", row->program) &&
           pm_json_add_string(object, "executor", row->executor) &&
           pm_json_add_string(object, "simd", row->simd) &&
           pm_json_add_bool(object, "machine_code", row->machine_code) &&
           add_number(object, "threads", row->threads) &&
           add_number(object, "us_per_algorithm", row->us_per_algorithm) &&
           add_number(object, "us_compile", row->us_compile) &&
           add_number(object, "ns_per_instruction_example", row->ns_per_instruction_example) &&
           add_number(object, "ratio_to_reference", row->ratio_to_reference) &&
           add_number(object, "scaling", row->scaling) &&
           add_number(object, "machine_share", row->machine_share) &&
           (row->limit == NULL || pm_json_add_string(object, "limit", row->limit));
}

static bool add_extras(cJSON *object, const struct bench_row *row)
{
    for (size_t i = 0; i < row->extra_count; i++) {
        if (!add_number(object, row->extras[i].name, row->extras[i].value)) {
            return false;
        }
    }
    return true;
}

static bool print_json(const struct bench_row *row, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    return pm_json_line_print_built(object, fill_json(object, row) && add_extras(object, row),
                                    error);
}

static void print_cell(double value, int width, int digits)
{
    if (isnan(value)) {
        printf(" %*s", width, "-");
    } else {
        printf(" %*.*f", width, digits, value);
    }
}

void bench_row_print_heading(void)
{
    printf("%-12s %-9s %-8s %-7s %7s %12s %9s %9s %9s %8s %7s %s\n", "program", "executor", "simd",
           "code", "threads", "us/algorithm", "compile", "ns/instr", "x ref.", "scaling", "share",
           "limit");
}

bool bench_row_print(const struct bench_row *row, bool json, struct pm_error *error)
{
    if (json) {
        return print_json(row, error);
    }
    printf("%-12s %-9s %-8s %-7s %7d", row->program, row->executor, row->simd,
           row->machine_code ? "machine" : "-", row->threads);
    print_cell(row->us_per_algorithm, 12, 1);
    print_cell(row->us_compile, 9, 2);
    print_cell(row->ns_per_instruction_example, 9, 3);
    print_cell(row->ratio_to_reference, 9, 1);
    print_cell(row->scaling, 8, 2);
    print_cell(row->machine_share, 7, 2);
    if (row->limit != NULL || row->extra_count == 0) {
        printf(" %s", row->limit != NULL ? row->limit : "-");
    }
    for (size_t i = 0; i < row->extra_count; i++) {
        printf(" %s=%.*f", row->extras[i].name, row->extras[i].value < 10 ? 2 : 0,
               row->extras[i].value);
    }
    printf("\n");
    fflush(stdout);
    return true;
}
