#include "cli/estimate.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/nearest.h>

enum { FILE_MAX_BYTES = 1 << 20, LIST_MAX = 65536, KEY_SIZE = 40, NAMES_MAX = 32 };

/* "p95-sales" is p95_sales in a file. */
static const char *key_of(const char *name, char key[KEY_SIZE])
{
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < KEY_SIZE; i++) {
        key[i] = name[i];
        if (key[i] == '-') {
            key[i] = '_';
        }
    }
    key[i] = '\0';
    return key;
}

static const cJSON *member(const struct estimate_input *input, const char *name)
{
    char key[KEY_SIZE];
    return pm_json_optional(input->file, key_of(name, key));
}

static bool on_command_line(const struct pm_options *options, const char *name)
{
    return strcmp(pm_options_source(options, name), "command line") == 0;
}

bool estimate_has(const struct estimate_input *input, const char *name)
{
    return on_command_line(input->options, name) || member(input, name) != NULL;
}

static bool check_members(const cJSON *file, const char *model, const char *const *names,
                          struct pm_error *error)
{
    char keys[NAMES_MAX][KEY_SIZE];
    const char *known[NAMES_MAX];
    size_t count = 0;
    for (; names[count] != NULL && count < NAMES_MAX; count++) {
        known[count] = key_of(names[count], keys[count]);
    }
    for (const cJSON *item = file->child; item != NULL; item = item->next) {
        bool is_known = false;
        for (size_t i = 0; i < count; i++) {
            is_known = is_known || strcmp(item->string, known[i]) == 0;
        }
        if (!is_known) {
            const char *nearest = pm_nearest_name(item->string, known, count);
            return pm_fail(error, PM_ERROR_INVALID, "%s takes no \"%.40s\"%s%s%s", model,
                           item->string, nearest != NULL ? "; did you mean " : "",
                           nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
        }
        if (cJSON_GetObjectItemCaseSensitive(file, item->string) != item) {
            return pm_fail(error, PM_ERROR_INVALID, "\"%.40s\" is there twice", item->string);
        }
    }
    return true;
}

static bool read_file(const char *path, const char *model, const char *const *names, cJSON **out,
                      struct pm_error *error)
{
    char *text = NULL;
    size_t length;
    if (!pm_file_read(path, FILE_MAX_BYTES, &text, &length, error)) {
        return false;
    }
    bool done = pm_json_parse(text, length, FILE_MAX_BYTES, out, error);
    free(text);
    if (done && !cJSON_IsObject(*out)) {
        done = pm_fail(error, PM_ERROR_INVALID, "a JSON object of figures is expected");
    }
    done = done && check_members(*out, model, names, error);
    return done || pm_fail_context(error, "%.200s", path);
}

bool estimate_input_open(const struct pm_options *options, const char *model,
                         const char *const *names, struct estimate_input *out,
                         struct pm_error *error)
{
    *out = (struct estimate_input){.options = options};
    const char *path = pm_options_text(options, "file");
    return path == NULL || read_file(path, model, names, &out->file, error);
}

void estimate_input_clear(struct estimate_input *input)
{
    cJSON_Delete(input->file);
    input->file = NULL;
}

bool estimate_may(const struct estimate_input *input, const char *name, double *out,
                  struct pm_error *error)
{
    char key[KEY_SIZE];
    if (on_command_line(input->options, name)) {
        *out = pm_options_number(input->options, name);
        return true;
    }
    return member(input, name) == NULL ||
           pm_json_number(input->file, key_of(name, key), out, error);
}

bool estimate_need(const struct estimate_input *input, const char *name, double *out,
                   struct pm_error *error)
{
    char key[KEY_SIZE];
    if (!estimate_has(input, name)) {
        return pm_fail(error, PM_ERROR_INVALID, "--%s is missing (in a file: \"%s\")", name,
                       key_of(name, key));
    }
    return estimate_may(input, name, out, error);
}

bool estimate_text(const struct estimate_input *input, const char *name, const char **out,
                   struct pm_error *error)
{
    char key[KEY_SIZE];
    if (on_command_line(input->options, name)) {
        *out = pm_options_text(input->options, name);
        return true;
    }
    if (member(input, name) == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "--%s is missing (in a file: \"%s\")", name,
                       key_of(name, key));
    }
    return pm_json_string(input->file, key_of(name, key), out, error);
}

bool estimate_flag(const struct estimate_input *input, const char *name, bool *out,
                   struct pm_error *error)
{
    char key[KEY_SIZE];
    if (on_command_line(input->options, name)) {
        *out = pm_options_flag(input->options, name);
        return true;
    }
    return member(input, name) == NULL || pm_json_bool(input->file, key_of(name, key), out, error);
}

bool estimate_list(const struct estimate_input *input, const char *key, double **out, size_t *count,
                   struct pm_error *error)
{
    const cJSON *array = member(input, key);
    *out = NULL;
    *count = 0;
    if (array == NULL) {
        return true;
    }
    const int size = cJSON_GetArraySize(array);
    if (!cJSON_IsArray(array) || size < 1 || size > LIST_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: expected a list of 1 to %d numbers", key,
                       (int)LIST_MAX);
    }
    double *list = calloc((size_t)size, sizeof *list);
    if (list == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", key);
    }
    for (const cJSON *item = array->child; item != NULL; item = item->next) {
        if (!cJSON_IsNumber(item)) {
            free(list);
            return pm_fail(error, PM_ERROR_INVALID, "%s: item %zu is no number", key, *count + 1);
        }
        list[(*count)++] = item->valuedouble;
    }
    *out = list;
    return true;
}
