/* poolminer config: every setting, its value and where that came from. */
#include "cli/paths.h"
#include "cli/settings.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/text.h>

/* What was given several times. */
static cJSON *list_of(const struct pm_options *options, const char *name)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < pm_options_repeat_count(options, name); i++) {
        cJSON *item = cJSON_CreateString(pm_options_repeat(options, name, i));
        if (!cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
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

/* {"pool_endpoint": {"value": ..., "source": "..."}, ...} */
static cJSON *build(const struct pm_options *options)
{
    cJSON *root = cJSON_CreateObject();
    for (size_t i = 0; root != NULL && i < settings_count(); i++) {
        const struct pm_option *option = settings_option(i);
        cJSON *row = cJSON_AddObjectToObject(root, option->file_key);
        cJSON *value = value_of(options, option);
        const char *source = source_of(options, option, value);
        if (row == NULL || !cJSON_AddItemToObject(row, "value", value)) {
            cJSON_Delete(value);
            cJSON_Delete(root);
            return NULL;
        }
        if (cJSON_AddStringToObject(row, "source", source) == NULL) {
            cJSON_Delete(root);
            return NULL;
        }
    }
    return root;
}

static int print_table(const cJSON *root, struct pm_error *error)
{
    printf("%-20s %-44s %s\n", "setting", "value", "source");
    for (const cJSON *row = root->child; row != NULL; row = row->next) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, "value");
        const cJSON *source = cJSON_GetObjectItemCaseSensitive(row, "source");
        if (cJSON_IsString(value)) {
            pm_text_make_printable(value->valuestring);
            pm_text_make_printable(source->valuestring);
            printf("%-20s %-44s %s\n", row->string, value->valuestring, source->valuestring);
            continue;
        }
        char *text = pm_json_print(value, error);
        if (text == NULL) {
            return verb_fail(error);
        }
        printf("%-20s %-44s %s\n", row->string, text, source->valuestring);
        free(text);
    }
    return EXIT_DONE;
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    cJSON *root = build(options);
    if (root == NULL) {
        pm_fail(&error, PM_ERROR_MEMORY, "config: no memory");
        return verb_fail(&error);
    }
    int result = EXIT_DONE;
    if (pm_options_flag(options, "json")) {
        char *text = pm_json_print(root, &error);
        if (text != NULL) {
            puts(text);
        } else {
            result = verb_fail(&error);
        }
        free(text);
    } else {
        result = print_table(root, &error);
    }
    cJSON_Delete(root);
    return result;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One JSON object instead of a table."},
};

const struct verb verb_config = {
    .name = "config",
    .summary = "Shows every setting and where its value came from.",
    .usage = "poolminer config [--json] [OPTION]...",
    .purpose = "Shows every setting of gui_config.json, the value it has now, and where that came "
               "from.\nCommand line beats environment beats file beats default.",
    .uses = USE_ALL,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
