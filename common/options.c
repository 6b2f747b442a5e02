#include "common/options_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/options.h>

enum { REPEAT_MAX = 1024 };

/* ---- setting one value ---- */

static void clear_value(struct value *value)
{
    free(value->source);
    free(value->text);
    for (size_t i = 0; i < value->repeat_count; i++) {
        free(value->repeats[i]);
    }
    free(value->repeats);
    *value = (struct value){0};
}

static bool parse_whole(const char *text, int64_t *out)
{
    const long long whole_max = (long long)PM_JSON_WHOLE_MAX;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool starts = (text[0] >= '0' && text[0] <= '9') || text[0] == '-';
    *out = number;
    return starts && errno == 0 && *end == '\0' && number <= whole_max && number >= -whole_max;
}

static bool parse_number(const char *text, double *out)
{
    char *end = NULL;
    bool starts = (text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.';
    *out = strtod(text, &end);
    return starts && strpbrk(text, "xXpP") == NULL && *end == '\0' && isfinite(*out);
}

static bool parse_flag(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return *out || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

/* Is `text` one of the words between the bars of `choices`? */
static bool is_choice(const char *choices, const char *text)
{
    if (choices == NULL) {
        return true;
    }
    size_t length = strlen(text);
    for (const char *at = choices;;) {
        size_t word = strcspn(at, "|");
        if (word == length && strncmp(at, text, word) == 0) {
            return true;
        }
        if (at[word] == '\0') {
            return false;
        }
        at += word + 1;
    }
}

static bool fail_value(const char *source, const char *name, const char *expected, const char *text,
                       struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected %s, not \"%.80s\"", source, name,
                   expected, text);
}

static bool check_bounds(const struct pm_option *option, double number, const char *source,
                         const char *name, struct pm_error *error)
{
    if (option->minimum == 0 && option->maximum == 0) {
        return true;
    }
    if (number >= option->minimum && number <= option->maximum) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "%s: %s: %.16g is out of range, %.16g to %.16g is allowed", source, name, number,
                   option->minimum, option->maximum);
}

/* Reads `text` by the option's type into `value`. `name` is what the source calls the option. */
static bool convert(const struct pm_option *option, const char *text, const char *source,
                    const char *name, struct value *value, struct pm_error *error)
{
    switch (option->type) {
    case PM_OPTION_TEXT:
        if (option->is_path && text[0] == '\0') {
            return fail_value(source, name, "a path", text, error);
        }
        return is_choice(option->choices, text) ||
               fail_value(source, name, option->choices, text, error);
    case PM_OPTION_FLAG:
        return parse_flag(text, &value->flag) ||
               fail_value(source, name, "true or false", text, error);
    case PM_OPTION_INTEGER:
        if (!parse_whole(text, &value->integer)) {
            return fail_value(source, name, "a whole number", text, error);
        }
        return check_bounds(option, (double)value->integer, source, name, error);
    case PM_OPTION_NUMBER:
        if (!parse_number(text, &value->number)) {
            return fail_value(source, name, "a number", text, error);
        }
        return check_bounds(option, value->number, source, name, error);
    }
    return false;
}

/* What the shell does only for a word that begins with ~/, and never in a settings file. */
static char *copy_text(const struct pm_option *option, const char *text)
{
    const char *home = getenv("HOME");
    char *copy = NULL;
    if (!option->is_path || strncmp(text, "~/", 2) != 0 || home == NULL || home[0] != '/') {
        return strdup(text);
    }
    return asprintf(&copy, "%s%s", home, text + 1) < 0 ? NULL : copy;
}

static bool append_repeat(const struct pm_option *option, struct value *value, const char *text,
                          const char *name, struct pm_error *error)
{
    if (value->repeat_count == REPEAT_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: given more than %d times", name, REPEAT_MAX);
    }
    char **repeats = realloc(value->repeats, (value->repeat_count + 2) * sizeof *repeats);
    char *copy = copy_text(option, text);
    if (repeats != NULL) {
        value->repeats = repeats;
    }
    if (repeats == NULL || copy == NULL) {
        free(copy);
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", name);
    }
    value->repeats[value->repeat_count++] = copy;
    value->repeats[value->repeat_count] = NULL;
    return true;
}

bool pm_options_set(struct pm_options *options, size_t index, const char *text, const char *source,
                    const char *name, struct pm_error *error)
{
    const struct pm_option *option = &options->table[index];
    struct value *value = &options->values[index];
    struct value converted = {0};
    if (!convert(option, text, source != NULL ? source : "default", name, &converted, error)) {
        return false;
    }
    bool same_source =
        source != NULL && value->source != NULL && strcmp(source, value->source) == 0;
    if (option->repeats && same_source) {
        return append_repeat(option, value, text, name, error);
    }
    converted.text = copy_text(option, text);
    converted.source = source != NULL ? strdup(source) : NULL;
    bool done = converted.text != NULL && (source == NULL || converted.source != NULL);
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", name);
    }
    if (!done || (option->repeats && !append_repeat(option, &converted, text, name, error))) {
        clear_value(&converted);
        return false;
    }
    clear_value(value);
    *value = converted;
    return true;
}

/* ---- life ---- */

struct pm_options *pm_options_create(const struct pm_option *table, size_t count)
{
    struct pm_options *options = calloc(1, sizeof *options);
    if (options == NULL) {
        return NULL;
    }
    options->table = table;
    options->count = count;
    options->values = calloc(count ? count : 1, sizeof *options->values);
    bool done = options->values != NULL;
    for (size_t i = 0; done && i < count; i++) {
        struct pm_error error = {0};
        const char *name = table[i].name != NULL ? table[i].name : table[i].file_key;
        if (table[i].default_value != NULL &&
            !pm_options_set(options, i, table[i].default_value, NULL, name, &error)) {
            if (error.code != PM_ERROR_MEMORY) {
                fprintf(stderr, "table of options: %s\n", error.message);
                abort();
            }
            done = false;
        }
    }
    if (!done) {
        pm_options_destroy(options);
        return NULL;
    }
    return options;
}

void pm_options_destroy(struct pm_options *options)
{
    if (options == NULL) {
        return;
    }
    for (size_t i = 0; options->values != NULL && i < options->count; i++) {
        clear_value(&options->values[i]);
    }
    free(options->values);
    free(options->positional);
    free(options);
}

/* ---- names ---- */

const char *pm_options_name(const struct pm_option *option, bool file)
{
    return file ? option->file_key : option->name;
}

bool pm_options_find(const struct pm_options *options, const char *name, bool file, size_t *index)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *known = pm_options_name(&options->table[i], file);
        if (known != NULL && strcmp(known, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* ---- reading values ---- */

bool pm_options_help(const struct pm_options *options)
{
    return options->help;
}

bool pm_options_version(const struct pm_options *options)
{
    return options->version;
}

size_t pm_options_positional_count(const struct pm_options *options)
{
    return options->positional_count;
}

const char *pm_options_positional(const struct pm_options *options, size_t index)
{
    return index < options->positional_count ? options->positional[index] : NULL;
}

static size_t index_of(const struct pm_options *options, const char *name)
{
    size_t index = 0;
    if (!pm_options_find(options, name, false, &index)) {
        fprintf(stderr, "option %s is not in the table\n", name);
        abort();
    }
    return index;
}

static const struct value *value_of(const struct pm_options *options, const char *name,
                                    enum pm_option_type type)
{
    size_t index = index_of(options, name);
    if (options->table[index].type != type) {
        fprintf(stderr, "option %s is read as another type than the table says\n", name);
        abort();
    }
    return &options->values[index];
}

const char *pm_options_text(const struct pm_options *options, const char *name)
{
    return value_of(options, name, PM_OPTION_TEXT)->text;
}

int64_t pm_options_integer(const struct pm_options *options, const char *name)
{
    return value_of(options, name, PM_OPTION_INTEGER)->integer;
}

double pm_options_number(const struct pm_options *options, const char *name)
{
    return value_of(options, name, PM_OPTION_NUMBER)->number;
}

bool pm_options_flag(const struct pm_options *options, const char *name)
{
    return value_of(options, name, PM_OPTION_FLAG)->flag;
}

enum pm_option_type pm_options_type(const struct pm_options *options, const char *name)
{
    return options->table[index_of(options, name)].type;
}

size_t pm_options_repeat_count(const struct pm_options *options, const char *name)
{
    return value_of(options, name, PM_OPTION_TEXT)->repeat_count;
}

const char *pm_options_repeat(const struct pm_options *options, const char *name, size_t index)
{
    const struct value *value = value_of(options, name, PM_OPTION_TEXT);
    return index < value->repeat_count ? value->repeats[index] : NULL;
}

const char *const *pm_options_list(const struct pm_options *options, const char *name)
{
    static const char *const none[] = {NULL};
    const struct value *value = value_of(options, name, PM_OPTION_TEXT);
    return value->repeat_count > 0 ? (const char *const *)value->repeats : none;
}

const char *pm_options_source(const struct pm_options *options, const char *name)
{
    const struct value *value = &options->values[index_of(options, name)];
    if (value->source != NULL) {
        return value->source;
    }
    return value->text != NULL ? "default" : "unset";
}
