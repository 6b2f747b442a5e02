#include "cli/settings_describe.h"

#include "cli/paths.h"
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

/* What was given several times. */
static cJSON *list_of(const struct pm_options *options, const char *name)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < pm_options_repeat_count(options, name); i++) {
        if (!pm_json_append(list, cJSON_CreateString(pm_options_repeat(options, name, i)))) {
            cJSON_Delete(list);
            return NULL;
        }
    }
    return list;
}

/* The value as JSON; NULL when memory is out. A path whose default depends on the user is shown as
 * it would be used. */
static cJSON *value_of(const struct pm_options *options, const struct pm_option *option)
{
    const char *text;
    char *computed = NULL;
    bool may_make = false;
    switch (option->type) {
    case PM_OPTION_INTEGER:
        return cJSON_CreateNumber((double)pm_options_integer(options, option->name));
    case PM_OPTION_NUMBER:
        return cJSON_CreateNumber(pm_options_number(options, option->name));
    case PM_OPTION_FLAG:
        return cJSON_CreateBool(pm_options_flag(options, option->name));
    case PM_OPTION_TEXT:
        break;
    }
    if (option->repeats && pm_options_repeat_count(options, option->name) > 1) {
        return list_of(options, option->name);
    }
    text = pm_options_text(options, option->name);
    if (text == NULL && strcmp(option->name, "data-dir") == 0) {
        path_data_directory(options, &computed, NULL);
    } else if (text == NULL && strcmp(option->name, "hotkey-file") == 0) {
        path_hotkey_file(options, &computed, &may_make, NULL);
    }
    text = text != NULL ? text : computed;
    cJSON *value = text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull();
    free(computed);
    return value;
}

static const char *source_of(const struct pm_options *options, const struct pm_option *option,
                             const cJSON *value)
{
    const char *source = pm_options_source(options, option->name);
    return strcmp(source, "unset") == 0 && !cJSON_IsNull(value) ? "default" : source;
}

bool settings_describe_value(const struct pm_options *options, const struct pm_option *option,
                             cJSON *row)
{
    cJSON *value = value_of(options, option);
    const char *source = source_of(options, option, value);
    return pm_json_add(row, "value", value) && pm_json_add_string(row, "source", source);
}

/* "text", "integer", "number", "flag". */
static const char *type_name(enum pm_option_type type)
{
    static const char *const names[] = {[PM_OPTION_TEXT] = "text",
                                        [PM_OPTION_INTEGER] = "integer",
                                        [PM_OPTION_NUMBER] = "number",
                                        [PM_OPTION_FLAG] = "flag"};
    return names[type];
}

static bool add_text(cJSON *row, const char *name, const char *text)
{
    return text == NULL || pm_json_add_string(row, name, text);
}

static bool describe(const struct pm_options *options, const struct pm_option *option, cJSON *row)
{
    bool bounded = option->minimum < option->maximum;
    return settings_describe_value(options, option, row) &&
           add_text(row, "key", option->file_key) && add_text(row, "option", option->name) &&
           add_text(row, "type", type_name(option->type)) &&
           add_text(row, "choices", option->choices) &&
           add_text(row, "default", option->default_value) && add_text(row, "help", option->help) &&
           pm_json_add_bool(row, "repeats", option->repeats) &&
           (!bounded || (pm_json_add_number(row, "minimum", option->minimum) &&
                         pm_json_add_number(row, "maximum", option->maximum)));
}

cJSON *settings_describe(const struct pm_options *options)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < settings_count(); i++) {
        cJSON *row = pm_json_append_object(list);
        if (row == NULL || !describe(options, settings_option(i), row)) {
            cJSON_Delete(list);
            return NULL;
        }
    }
    return list;
}
