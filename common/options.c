#include "common/options_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/options.h>

enum { FILE_MAX_BYTES = 64 * 1024, REPEAT_MAX = 1024 };

static const double WHOLE_MAX = 9007199254740992.0; /* 2^53 */

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
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool starts = (text[0] >= '0' && text[0] <= '9') || text[0] == '-';
    *out = number;
    return starts && errno == 0 && *end == '\0' && fabs((double)number) <= WHOLE_MAX;
}

static bool parse_number(const char *text, double *out)
{
    char *end = NULL;
    bool starts = (text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.';
    *out = strtod(text, &end);
    return starts && !strpbrk(text, "xXpP") && *end == '\0' && isfinite(*out);
}

static bool parse_flag(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return *out || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
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
                   "%s: %s: %.15g is out of range, %.15g to %.15g is allowed", source, name, number,
                   option->minimum, option->maximum);
}

/* Reads `text` by the option's type into `value`. `name` is what the source calls the option. */
static bool convert(const struct pm_option *option, const char *text, const char *source,
                    const char *name, struct value *value, struct pm_error *error)
{
    switch (option->type) {
    case PM_OPTION_TEXT:
        return true;
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

static bool append_repeat(struct value *value, const char *text, const char *name,
                          struct pm_error *error)
{
    if (value->repeat_count == REPEAT_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: given more than %d times", name, REPEAT_MAX);
    }
    char **repeats = realloc(value->repeats, (value->repeat_count + 1) * sizeof *repeats);
    char *copy = strdup(text);
    if (repeats) {
        value->repeats = repeats;
    }
    if (!repeats || !copy) {
        free(copy);
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", name);
    }
    value->repeats[value->repeat_count++] = copy;
    return true;
}

/* `source` NULL: the table's default. A repeating option adds to what the same source gave. */
static bool set_value(struct pm_options *options, size_t index, const char *text,
                      const char *source, const char *name, struct pm_error *error)
{
    const struct pm_option *option = &options->table[index];
    struct value *value = &options->values[index];
    struct value converted = {0};
    if (!convert(option, text, source ? source : "default", name, &converted, error)) {
        return false;
    }
    bool same_source = source && value->source && strcmp(source, value->source) == 0;
    if (option->repeats && same_source) {
        return append_repeat(value, text, name, error);
    }
    converted.text = strdup(text);
    converted.source = source ? strdup(source) : NULL;
    bool done = converted.text && (!source || converted.source);
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", name);
    }
    if (!done || (option->repeats && !append_repeat(&converted, text, name, error))) {
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
    if (!options) {
        return NULL;
    }
    options->table = table;
    options->count = count;
    options->values = calloc(count ? count : 1, sizeof *options->values);
    bool done = options->values != NULL;
    for (size_t i = 0; done && i < count; i++) {
        struct pm_error error = {0};
        if (table[i].default_value &&
            !set_value(options, i, table[i].default_value, NULL, table[i].name, &error)) {
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
    if (!options) {
        return;
    }
    for (size_t i = 0; options->values && i < options->count; i++) {
        clear_value(&options->values[i]);
    }
    free(options->values);
    free(options->positional);
    free(options);
}

/* ---- names ---- */

/* Levenshtein distance, for names; anything longer than a name is far away. */
static size_t distance(const char *a, const char *b)
{
    enum { NAME_MAX_LENGTH = 64 };
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > NAME_MAX_LENGTH || length_b > NAME_MAX_LENGTH) {
        return NAME_MAX_LENGTH;
    }
    size_t row[NAME_MAX_LENGTH + 1];
    for (size_t j = 0; j <= length_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            best = above + 1 < best ? above + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[length_b];
}

/* Names of the command line, or of the settings file. */
static const char *table_name(const struct pm_option *option, bool file)
{
    return file ? option->file_key : option->name;
}

static bool find_name(const struct pm_options *options, const char *name, bool file, size_t *index)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *known = table_name(&options->table[i], file);
        if (known && strcmp(known, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool fail_unknown(const struct pm_options *options, const char *source, const char *name,
                         bool file, struct pm_error *error)
{
    const char *nearest = NULL;
    size_t best = strlen(name) / 3 + 2;
    for (size_t i = 0; i < options->count; i++) {
        const char *known = table_name(&options->table[i], file);
        size_t d = known ? distance(name, known) : best;
        if (d < best) {
            best = d;
            nearest = known;
        }
    }
    const char *dashes = file ? "" : "--";
    const char *kind = file ? "setting" : "option";
    if (nearest) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: unknown %s %s%.80s; did you mean %s%s?",
                       source, kind, dashes, name, dashes, nearest);
    }
    return pm_fail(error, PM_ERROR_INVALID, "%s: unknown %s %s%.80s; %s", source, kind, dashes,
                   name, file ? "`poolminer config` lists what there is" : "--help lists them");
}

/* ---- the settings file ---- */

static bool set_from_json(struct pm_options *options, size_t index, const cJSON *item,
                          const char *source, struct pm_error *error)
{
    const struct pm_option *option = &options->table[index];
    const char *key = option->file_key;
    char number[32];
    switch (option->type) {
    case PM_OPTION_TEXT:
        return cJSON_IsString(item)
                   ? set_value(options, index, item->valuestring, source, key, error)
                   : pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected a string", source, key);
    case PM_OPTION_FLAG:
        return cJSON_IsBool(item) ? set_value(options, index, cJSON_IsTrue(item) ? "true" : "false",
                                              source, key, error)
                                  : pm_fail(error, PM_ERROR_INVALID,
                                            "%s: %s: expected true or false", source, key);
    case PM_OPTION_INTEGER:
        if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble)) {
            return pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected a whole number", source, key);
        }
        snprintf(number, sizeof number, "%.15g", item->valuedouble);
        if (fabs(item->valuedouble) <= WHOLE_MAX) {
            snprintf(number, sizeof number, "%.0f", item->valuedouble);
        }
        return set_value(options, index, number, source, key, error);
    case PM_OPTION_NUMBER:
        if (!cJSON_IsNumber(item)) {
            return pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected a number", source, key);
        }
        snprintf(number, sizeof number, "%.17g", item->valuedouble);
        return set_value(options, index, number, source, key, error);
    }
    return false;
}

static bool load_member(struct pm_options *options, const cJSON *item, const char *source,
                        struct pm_error *error)
{
    size_t index = 0;
    if (!find_name(options, item->string, true, &index)) {
        return fail_unknown(options, source, item->string, true, error);
    }
    const struct value *value = &options->values[index];
    if (value->source && strcmp(value->source, source) == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: %s: given twice", source, item->string);
    }
    if (!options->table[index].repeats || !cJSON_IsArray(item)) {
        return set_from_json(options, index, item, source, error);
    }
    for (const cJSON *child = item->child; child; child = child->next) {
        if (!set_from_json(options, index, child, source, error)) {
            return false;
        }
    }
    return true;
}

bool pm_options_load_file(struct pm_options *options, const char *path, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    if (!pm_file_read(path, FILE_MAX_BYTES, &text, &length, error)) {
        return false;
    }
    cJSON *root = NULL;
    bool done = pm_json_parse(text, length, FILE_MAX_BYTES, &root, error);
    free(text);
    if (!done) {
        return pm_fail_context(error, "%s", path);
    }
    char *source = NULL;
    if (!cJSON_IsObject(root)) {
        done = pm_fail(error, PM_ERROR_INVALID, "%s: expected a JSON object of settings", path);
    } else if (asprintf(&source, "file %s", path) < 0) {
        source = NULL;
        done = pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", path);
    }
    for (const cJSON *item = done ? root->child : NULL; done && item; item = item->next) {
        done = load_member(options, item, source, error);
    }
    free(source);
    cJSON_Delete(root);
    return done;
}

/* ---- the environment ---- */

bool pm_options_load_environment(struct pm_options *options, struct pm_error *error)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *variable = options->table[i].environment;
        const char *text = variable ? getenv(variable) : NULL;
        /* A variable that is set but empty counts as not set. */
        if (!text || text[0] == '\0') {
            continue;
        }
        char source[160];
        snprintf(source, sizeof source, "environment %s", variable);
        if (!set_value(options, i, text, source, options->table[i].name, error)) {
            return false;
        }
    }
    return true;
}

/* ---- the command line ---- */

static const char *const COMMAND_LINE = "command line";

/* Finds the option `name` of `length` bytes; a flag also as "no-name" (*negated). */
static bool find_argument(const struct pm_options *options, const char *name, size_t *index,
                          bool *negated, struct pm_error *error)
{
    *negated = false;
    if (find_name(options, name, false, index)) {
        return true;
    }
    if (strncmp(name, "no-", 3) == 0 && find_name(options, name + 3, false, index) &&
        options->table[*index].type == PM_OPTION_FLAG) {
        *negated = true;
        return true;
    }
    return fail_unknown(options, COMMAND_LINE, name, false, error);
}

/* One option at argv[*at]; moves *at past it and its value. */
static bool load_option(struct pm_options *options, int argc, char *const argv[], int *at,
                        struct pm_error *error)
{
    const char *argument = argv[*at] + 2;
    const char *equals = strchr(argument, '=');
    char *name = strndup(argument, equals ? (size_t)(equals - argument) : strlen(argument));
    if (!name) {
        return pm_fail(error, PM_ERROR_MEMORY, "command line: no memory");
    }
    size_t index = 0;
    bool negated = false, done = false;
    (*at)++;
    if (find_argument(options, name, &index, &negated, error)) {
        const struct pm_option *option = &options->table[index];
        const char *value = equals ? equals + 1 : NULL;
        if (option->type == PM_OPTION_FLAG && !value) {
            value = negated ? "false" : "true";
        } else if (negated) {
            value = NULL;
        } else if (!value && *at < argc && strncmp(argv[*at], "--", 2) != 0) {
            value = argv[(*at)++];
        }
        char label[80];
        snprintf(label, sizeof label, "--%s", name);
        if (value) {
            done = set_value(options, index, value, COMMAND_LINE, label, error);
        } else {
            pm_fail(error, PM_ERROR_INVALID,
                    negated ? "command line: %s takes no value" : "command line: %s needs a value",
                    label);
        }
    }
    free(name);
    return done;
}

bool pm_options_load_arguments(struct pm_options *options, int argc, char *const argv[],
                               struct pm_error *error)
{
    const char **positional = calloc((size_t)(argc > 0 ? argc : 1), sizeof *positional);
    if (!positional) {
        return pm_fail(error, PM_ERROR_MEMORY, "command line: no memory");
    }
    free(options->positional);
    options->positional = positional;
    options->positional_count = 0;
    bool only_positional = false;
    for (int at = 1; at < argc;) {
        const char *argument = argv[at];
        if (only_positional || argument[0] != '-' || argument[1] == '\0') {
            positional[options->positional_count++] = argument;
            at++;
        } else if (strcmp(argument, "--") == 0) {
            only_positional = true;
            at++;
        } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            options->help = true;
            return true;
        } else if (strcmp(argument, "--version") == 0) {
            options->version = true;
            return true;
        } else if (argument[1] != '-') {
            return pm_fail(error, PM_ERROR_INVALID,
                           "command line: unknown option %.80s; --help lists them", argument);
        } else if (!load_option(options, argc, argv, &at, error)) {
            return false;
        }
    }
    return true;
}

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

/* ---- reading values ---- */

static size_t index_of(const struct pm_options *options, const char *name)
{
    size_t index = 0;
    if (!find_name(options, name, false, &index)) {
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

size_t pm_options_repeat_count(const struct pm_options *options, const char *name)
{
    return value_of(options, name, PM_OPTION_TEXT)->repeat_count;
}

const char *pm_options_repeat(const struct pm_options *options, const char *name, size_t index)
{
    const struct value *value = value_of(options, name, PM_OPTION_TEXT);
    return index < value->repeat_count ? value->repeats[index] : NULL;
}

const char *pm_options_source(const struct pm_options *options, const char *name)
{
    const struct value *value = &options->values[index_of(options, name)];
    if (value->source) {
        return value->source;
    }
    return value->text ? "default" : "unset";
}
