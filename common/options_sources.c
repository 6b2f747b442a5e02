/* Where values come from: the settings file, the environment, the command line. */
#include "common/options_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/nearest.h>
#include <poolminer/text.h>

enum { FILE_MAX_BYTES = 64 * 1024, NAMES_MAX = 256 };

/* ---- names ---- */

static bool fail_unknown(const struct pm_options *options, const char *source, const char *name,
                         bool file, struct pm_error *error)
{
    const char *names[NAMES_MAX];
    size_t count = options->count < NAMES_MAX ? options->count : NAMES_MAX;
    for (size_t i = 0; i < count; i++) {
        names[i] = pm_options_name(&options->table[i], file);
    }
    const char *nearest = pm_nearest_name(name, names, count);
    const char *dashes = file ? "" : "--";
    const char *kind = file ? "setting" : "option";
    if (nearest != NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: unknown %s %s%.80s; did you mean %s%s?",
                       source, kind, dashes, name, dashes, nearest);
    }
    return pm_fail(error, PM_ERROR_INVALID, "%s: unknown %s %s%.80s; %s", source, kind, dashes,
                   name, file ? "`poolminer mine --help` lists them" : "--help lists them");
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
                   ? pm_options_set(options, index, item->valuestring, source, key, error)
                   : pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected a string", source, key);
    case PM_OPTION_FLAG:
        return cJSON_IsBool(item)
                   ? pm_options_set(options, index, cJSON_IsTrue(item) ? "true" : "false", source,
                                    key, error)
                   : pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected true or false", source,
                             key);
    case PM_OPTION_INTEGER:
        if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble)) {
            return pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected a whole number", source, key);
        }
        snprintf(number, sizeof number, "%.15g", item->valuedouble);
        if (fabs(item->valuedouble) < PM_JSON_WHOLE_MAX) {
            snprintf(number, sizeof number, "%.0f", item->valuedouble);
        }
        return pm_options_set(options, index, number, source, key, error);
    case PM_OPTION_NUMBER:
        if (!cJSON_IsNumber(item)) {
            return pm_fail(error, PM_ERROR_INVALID, "%s: %s: expected a number", source, key);
        }
        snprintf(number, sizeof number, "%.17g", item->valuedouble);
        return pm_options_set(options, index, number, source, key, error);
    }
    return false;
}

static bool load_member(struct pm_options *options, const cJSON *item, const char *source,
                        struct pm_error *error)
{
    size_t index = 0;
    if (!pm_options_find(options, item->string, true, &index)) {
        return fail_unknown(options, source, item->string, true, error);
    }
    const struct value *value = &options->values[index];
    if (value->source != NULL && strcmp(value->source, source) == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: %s: given twice", source, item->string);
    }
    if (!options->table[index].repeats || !cJSON_IsArray(item)) {
        return set_from_json(options, index, item, source, error);
    }
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        if (!set_from_json(options, index, child, source, error)) {
            return false;
        }
    }
    return true;
}

static bool load_object(struct pm_options *options, const cJSON *root, const char *path,
                        struct pm_error *error)
{
    if (!cJSON_IsObject(root)) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: expected a JSON object of settings", path);
    }
    struct pm_text source = {0};
    pm_text_append(&source, "file %s", path);
    if (source.failed) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", path);
    }
    bool done = true;
    for (const cJSON *item = root->child; done && item != NULL; item = item->next) {
        done = load_member(options, item, source.data, error);
    }
    free(source.data);
    return done;
}

bool pm_options_load_text(struct pm_options *options, const char *text, size_t length,
                          const char *path, struct pm_error *error)
{
    size_t skipped = pm_text_mark_length(text, length);
    cJSON *root = NULL;
    if (!pm_json_parse(text + skipped, length - skipped, FILE_MAX_BYTES, &root, error)) {
        return pm_fail_context(error, "%s", path);
    }
    bool done = load_object(options, root, path, error);
    cJSON_Delete(root);
    return done;
}

bool pm_options_load_file(struct pm_options *options, const char *path, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    if (!pm_file_read(path, FILE_MAX_BYTES, &text, &length, error)) {
        return false;
    }
    bool done = pm_options_load_text(options, text, length, path, error);
    free(text);
    return done;
}

/* ---- the environment ---- */

/* Words of it, where several may be given. */
static bool set_from_variable(struct pm_options *options, size_t index, const char *text,
                              const char *source, struct pm_error *error)
{
    const struct pm_option *option = &options->table[index];
    const char *name = option->name != NULL ? option->name : option->file_key;
    if (!option->repeats) {
        return pm_options_set(options, index, text, source, name, error);
    }
    char *words = strdup(text), *rest = NULL;
    bool done = words != NULL || pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", source);
    char *word = done ? strtok_r(words, " ", &rest) : NULL;
    while (done && word != NULL) {
        done = pm_options_set(options, index, word, source, name, error);
        word = strtok_r(NULL, " ", &rest);
    }
    free(words);
    return done;
}

bool pm_options_load_environment(struct pm_options *options, struct pm_error *error)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *variable = options->table[i].environment;
        const char *text = variable != NULL ? getenv(variable) : NULL;
        /* A variable that is set but empty counts as not set. */
        if (text == NULL || text[0] == '\0') {
            continue;
        }
        char source[160];
        snprintf(source, sizeof source, "environment %s", variable);
        if (!set_from_variable(options, i, text, source, error)) {
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
    if (pm_options_find(options, name, false, index)) {
        return true;
    }
    if (strncmp(name, "no-", 3) == 0 && pm_options_find(options, name + 3, false, index) &&
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
    char *name = strndup(argument, equals != NULL ? (size_t)(equals - argument) : strlen(argument));
    if (name == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "command line: no memory");
    }
    size_t index = 0;
    bool negated = false, done = false;
    (*at)++;
    if (find_argument(options, name, &index, &negated, error)) {
        const struct pm_option *option = &options->table[index];
        const char *value = equals != NULL ? equals + 1 : NULL;
        if (option->type == PM_OPTION_FLAG && value == NULL) {
            value = negated ? "false" : "true";
        } else if (negated) {
            value = NULL;
        } else if (value == NULL && *at < argc && strncmp(argv[*at], "--", 2) != 0) {
            value = argv[(*at)++];
        }
        char label[80];
        snprintf(label, sizeof label, "--%s", name);
        if (value != NULL) {
            done = pm_options_set(options, index, value, COMMAND_LINE, label, error);
        } else {
            pm_fail(error, PM_ERROR_INVALID,
                    negated ? "command line: %s takes no value" : "command line: %s needs a value",
                    label);
        }
    }
    free(name);
    return done;
}

/* Does what stands at argv[at] belong to the option before it? */
static bool is_value(const struct pm_options *options, char *const argv[], int at)
{
    size_t index = 0;
    return at > 1 && strncmp(argv[at], "--", 2) != 0 && strncmp(argv[at - 1], "--", 2) == 0 &&
           pm_options_find(options, argv[at - 1] + 2, false, &index) &&
           options->table[index].type != PM_OPTION_FLAG;
}

/* One of --help, -h and --version; notes which. */
static bool asks_for_help(struct pm_options *options, const char *argument)
{
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        options->help = true;
        return true;
    }
    options->version = strcmp(argument, "--version") == 0;
    return options->version;
}

void pm_options_look_for_help(struct pm_options *options, int argc, char *const argv[])
{
    for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++) {
        if (!is_value(options, argv, at) && asks_for_help(options, argv[at])) {
            return;
        }
    }
}

bool pm_options_load_arguments(struct pm_options *options, int argc, char *const argv[],
                               struct pm_error *error)
{
    const char **positional = calloc((size_t)(argc > 0 ? argc : 1), sizeof *positional);
    if (positional == NULL) {
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
        } else if (asks_for_help(options, argument)) {
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
