#include "algorithm/lines.h"
#include "algorithm/meta.h"
#include "algorithm/reading.h"
#include "algorithm/statement.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* The text is gone through three times: for the meta lines, which bound everything else; for the
 * statements, to count and to report; and to store them, once their memory is known. */
struct reading {
    const char *text; /* NUL-terminated copy */
    size_t length;
    locale_t c_locale;
    const struct pm_report *report;
    struct pm_algorithm_meta meta;
    int count[PM_PHASE_COUNT];
    int statements;
    int header_comment; /* line of the comment that chose the phase; 0: chosen on purpose */
};

static bool read_meta(struct reading *reading, int input_dim, struct pm_error *error)
{
    struct pm_meta_text meta = {0};
    struct pm_lines lines = pm_lines_begin(reading->text, reading->length);
    for (struct pm_line line; pm_lines_next(&lines, &line);) {
        if (line.is_meta && !pm_meta_read_line(&meta, &line, reading->report, error)) {
            return false;
        }
    }
    return pm_meta_resolve(&meta, input_dim, reading->report, &reading->meta, error);
}

static struct pm_statement read_statement(const struct reading *reading, const struct pm_line *line)
{
    struct pm_cursor cursor = {
        .at = line->text, .end = line->text + line->length, .c_locale = reading->c_locale};
    return pm_statement_read(cursor);
}

/* A header that looks like one, a comment that happens to be one, a line that merely ends in ':'.
 */
static bool review_header(struct reading *reading, const struct pm_line *line,
                          struct pm_error *error)
{
    if (line->names_phase) {
        reading->header_comment = line->is_comment ? line->number : 0;
    }
    if (!line->names_phase && line->text[0] != '#') {
        return pm_report(reading->report, line->number, PM_ODD, error,
                         "ends with ':' but names no phase, so it changes nothing");
    }
    return true;
}

static bool review_instruction(struct reading *reading, const struct pm_line *line,
                               const struct pm_instruction *instruction, struct pm_error *error)
{
    if (++reading->count[line->phase] > PM_PHASE_LENGTH_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "line %d: more than %d instructions in one phase (%s); shorten it",
                       line->number, PM_PHASE_LENGTH_MAX, pm_phase_name(line->phase));
    }
    if (reading->header_comment != 0 &&
        !pm_report(reading->report, line->number, PM_ODD, error,
                   "belongs to %s, which the comment in line %d names", pm_phase_name(line->phase),
                   reading->header_comment)) {
        return false;
    }
    reading->header_comment = 0; /* said once */
    enum pm_inertness inertness = pm_instruction_inertness(instruction, &reading->meta);
    if (inertness != PM_ACTIVE) {
        return pm_report(reading->report, line->number, PM_REFUSED, error, "does nothing: %s",
                         pm_inertness_reason(inertness));
    }
    return true;
}

static bool review_statement(struct reading *reading, const struct pm_line *line,
                             struct pm_error *error)
{
    struct pm_statement statement = read_statement(reading, line);
    if (statement.kind == PM_STATEMENT_NONE) {
        return pm_report(reading->report, line->number, PM_REFUSED, error, "skipped: %s",
                         statement.reason);
    }
    reading->statements++;
    if (statement.reason != NULL &&
        !pm_report(reading->report, line->number, PM_REFUSED, error, "%s", statement.reason)) {
        return false;
    }
    return statement.kind == PM_STATEMENT_NOOP ||
           review_instruction(reading, line, &statement.instruction, error);
}

static bool review(struct reading *reading, struct pm_error *error)
{
    struct pm_lines lines = pm_lines_begin(reading->text, reading->length);
    for (struct pm_line line; pm_lines_next(&lines, &line);) {
        bool fine = line.is_header ? review_header(reading, &line, error)
                                   : review_statement(reading, &line, error);
        if (!fine) {
            return false;
        }
    }
    if (reading->statements == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "no line of the text is a statement; an empty program is written NoOp()");
    }
    return true;
}

static void store(const struct reading *reading, struct pm_algorithm *algorithm,
                  struct pm_instruction_lines *numbers)
{
    struct pm_lines lines = pm_lines_begin(reading->text, reading->length);
    for (struct pm_line line; pm_lines_next(&lines, &line);) {
        if (line.is_header) {
            continue;
        }
        struct pm_statement statement = read_statement(reading, &line);
        if (statement.kind != PM_STATEMENT_INSTRUCTION) {
            continue;
        }
        int index = algorithm->length[line.phase]++;
        algorithm->phase[line.phase][index] = statement.instruction;
        if (numbers != NULL) {
            numbers->line[line.phase][index] = line.number;
        }
    }
}

static struct pm_algorithm *build(struct reading *reading, int input_dim,
                                  struct pm_instruction_lines *numbers, struct pm_error *error)
{
    int capacity = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        if (reading->count[phase] > capacity) {
            capacity = reading->count[phase];
        }
        if (reading->count[phase] > reading->meta.max_ops[phase]) {
            reading->meta.max_ops[phase] = reading->count[phase];
        }
    }
    struct pm_algorithm *algorithm = pm_algorithm_create(input_dim, &reading->meta, capacity);
    if (algorithm == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for an algorithm");
        return NULL;
    }
    store(reading, algorithm, numbers);
    return algorithm;
}

static bool check_limits(size_t length, int input_dim, struct pm_error *error)
{
    if (length > PM_ALGORITHM_TEXT_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "the algorithm's text is %zu bytes long; the limit is %d", length,
                       PM_ALGORITHM_TEXT_MAX);
    }
    if (input_dim < 1 || input_dim > PM_DIM_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "input_dim is %d; the limits are 1 to %d", input_dim,
                       PM_DIM_MAX);
    }
    return true;
}

static bool read_copy(const char *copy, size_t length, int input_dim, locale_t c_locale,
                      const struct pm_report *report, struct pm_instruction_lines *lines,
                      struct pm_algorithm **out, struct pm_error *error)
{
    struct reading reading = {
        .text = copy, .length = length, .c_locale = c_locale, .report = report};
    if (!read_meta(&reading, input_dim, error) || !review(&reading, error)) {
        return false;
    }
    *out = build(&reading, input_dim, lines, error);
    return *out != NULL;
}

bool pm_algorithm_read(const char *text, size_t length, int input_dim,
                       const struct pm_report *report, struct pm_instruction_lines *lines,
                       struct pm_algorithm **out, struct pm_error *error)
{
    if (!check_limits(length, input_dim, error)) {
        return false;
    }
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *copy = malloc(length + 1); /* numbers need an end that is no digit */
    bool read = false;
    if (c_locale != NULL && copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        read = read_copy(copy, length, input_dim, c_locale, report, lines, out, error);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for an algorithm's text");
    }
    free(copy);
    if (c_locale != NULL) {
        freelocale(c_locale);
    }
    return read;
}

/* The public warning knows no severities. */
struct plain_warning {
    pm_parse_warning *warn;
    void *context;
};

static void warn_plainly(void *context, int line, bool refused, const char *reason)
{
    (void)refused;
    const struct plain_warning *plain = context;
    plain->warn(plain->context, line, reason);
}

bool pm_algorithm_parse(const char *text, size_t length, int input_dim, enum pm_parse_mode mode,
                        pm_parse_warning *warn, void *context, struct pm_algorithm **out,
                        struct pm_error *error)
{
    struct plain_warning plain = {.warn = warn, .context = context};
    const struct pm_report report = {
        .strict = mode == PM_PARSE_STRICT,
        .sink = warn != NULL ? warn_plainly : NULL,
        .context = &plain,
    };
    return pm_algorithm_read(text, length, input_dim, &report, NULL, out, error);
}
