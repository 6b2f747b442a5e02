#include "pool/table_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/payout.h>

enum { CELL_SIZE = 64 };

struct printing {
    FILE *out;
    enum pm_table_format format;
    bool begun;             /* a row has been written */
    struct pm_error *error; /* of a row that could not be */
    bool failed;
};

bool pm_table_format_parse(const char *text, enum pm_table_format *out, struct pm_error *error)
{
    if (strcmp(text, "csv") == 0) {
        *out = PM_TABLE_CSV;
    } else if (strcmp(text, "json") == 0) {
        *out = PM_TABLE_JSON;
    } else {
        return pm_fail(error, PM_ERROR_INVALID, "format \"%.40s\": expected csv or json", text);
    }
    return true;
}

/* A cell as text, in `buffer` when it is none already; "" when empty. */
static const char *cell_text(enum pm_cell_kind kind, const struct pm_cell *cell,
                             char buffer[CELL_SIZE])
{
    if (cell->empty) {
        return "";
    }
    switch (kind) {
    case PM_CELL_TEXT:
        return cell->text;
    case PM_CELL_TIME: {
        char iso[PM_CLOCK_ISO_SIZE];
        pm_clock_format_iso(cell->integer, iso);
        snprintf(buffer, CELL_SIZE, "%s", iso);
        break;
    }
    case PM_CELL_POINTS:
        snprintf(buffer, CELL_SIZE, "%" PRId64 ".%06d", cell->integer / PM_REPUTATION_UNIT,
                 (int)(cell->integer % PM_REPUTATION_UNIT));
        break;
    case PM_CELL_REAL:
        snprintf(buffer, CELL_SIZE, "%.17g", cell->real);
        break;
    case PM_CELL_INTEGER:
        snprintf(buffer, CELL_SIZE, "%" PRId64, cell->integer);
        break;
    }
    return buffer;
}

static void print_text_row(FILE *out, const struct pm_table *table, const struct pm_cell *cells)
{
    char buffer[CELL_SIZE];
    const char *separator = "";
    for (size_t i = 0; i < pm_table_column_count(table); i++) {
        const struct pm_table_column *column = &table->columns[i];
        if (column->width == 0) {
            continue;
        }
        const char *text =
            cells == NULL ? column->name : cell_text(column->kind, &cells[i], buffer);
        if (cells != NULL && column->kind == PM_CELL_REAL && !cells[i].empty) {
            snprintf(buffer, sizeof buffer, "%.6f", cells[i].real); /* enough for people */
        }
        bool left = column->kind == PM_CELL_TEXT || column->kind == PM_CELL_TIME;
        fprintf(out, "%s%*s", separator, left ? -column->width : column->width, text);
        separator = "  ";
    }
    fputc('\n', out);
}

static void print_csv_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_csv_row(FILE *out, const struct pm_table *table, const struct pm_cell *cells)
{
    char buffer[CELL_SIZE];
    for (size_t i = 0; i < pm_table_column_count(table); i++) {
        const struct pm_table_column *column = &table->columns[i];
        if (i > 0) {
            fputc(',', out);
        }
        print_csv_text(out,
                       cells == NULL ? column->name : cell_text(column->kind, &cells[i], buffer));
    }
    fputs("\r\n", out);
}

static bool add_member(cJSON *json, const struct pm_table_column *column,
                       const struct pm_cell *cell)
{
    char buffer[CELL_SIZE];
    if (cell->empty) {
        return pm_json_add_null(json, column->name);
    }
    switch (column->kind) {
    case PM_CELL_TEXT:
    case PM_CELL_TIME:
        return pm_json_add_string(json, column->name, cell_text(column->kind, cell, buffer));
    case PM_CELL_POINTS:
        return pm_json_add_number(json, column->name, (double)cell->integer / PM_REPUTATION_UNIT);
    case PM_CELL_REAL:
        return pm_json_add_number(json, column->name, cell->real);
    case PM_CELL_INTEGER:
        break;
    }
    return pm_json_add_integer(json, column->name, cell->integer);
}

static bool print_json_row(struct printing *printing, const struct pm_table *table,
                           const struct pm_cell *cells)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = json != NULL;
    for (size_t i = 0; ok && i < pm_table_column_count(table); i++) {
        ok = add_member(json, &table->columns[i], &cells[i]);
    }
    ok = ok || pm_fail(printing->error, PM_ERROR_MEMORY, "a row: out of memory");
    char *text = ok ? pm_json_print(json, printing->error) : NULL;
    cJSON_Delete(json);
    if (text != NULL) {
        fprintf(printing->out, "%s\n%s", printing->begun ? "," : "", text);
    }
    free(text);
    return text != NULL;
}

static bool print_row(void *context, const struct pm_table *table, const struct pm_cell *cells)
{
    struct printing *printing = context;
    switch (printing->format) {
    case PM_TABLE_TEXT:
        print_text_row(printing->out, table, cells);
        break;
    case PM_TABLE_CSV:
        print_csv_row(printing->out, table, cells);
        break;
    case PM_TABLE_JSON:
        printing->failed = !print_json_row(printing, table, cells);
        break;
    }
    printing->begun = true;
    return !printing->failed;
}

static void print_head(const struct printing *printing, const struct pm_table *table)
{
    switch (printing->format) {
    case PM_TABLE_TEXT:
        print_text_row(printing->out, table, NULL);
        break;
    case PM_TABLE_CSV:
        print_csv_row(printing->out, table, NULL);
        break;
    case PM_TABLE_JSON:
        fputc('[', printing->out);
        break;
    }
}

bool pm_table_print(struct pm_pool_store *store, const struct pm_table *table,
                    enum pm_table_format format, FILE *out, struct pm_error *error)
{
    struct printing printing = {.out = out, .format = format, .error = error};
    print_head(&printing, table);
    if (!pm_store_table_visit(store, table, print_row, &printing, error) || printing.failed) {
        return false;
    }
    if (format == PM_TABLE_JSON) {
        fputs("\n]\n", out);
    }
    return true;
}
