/* poolminer config: every setting, its value and where that came from. */
#include "cli/settings.h"
#include "cli/settings_describe.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/text.h>

/* {"pool_endpoint": {"value": ..., "source": "..."}, ...} */
static cJSON *build(const struct pm_options *options)
{
    cJSON *root = cJSON_CreateObject();
    for (size_t i = 0; root != NULL && i < settings_count(); i++) {
        const struct pm_option *option = settings_option(i);
        cJSON *row = cJSON_AddObjectToObject(root, option->file_key);
        if (!settings_describe_value(options, option, row)) {
            cJSON_Delete(root);
            return NULL;
        }
    }
    return root;
}

static bool print_table(const cJSON *root, struct pm_error *error)
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
            return false;
        }
        printf("%-20s %-44s %s\n", row->string, text, source->valuestring);
        free(text);
    }
    return true;
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    cJSON *root = build(options);
    if (root == NULL) {
        pm_fail(&error, PM_ERROR_MEMORY, "config: no memory");
        return verb_fail(&error);
    }
    bool done = pm_options_flag(options, "json") ? pm_json_line_print(root, &error)
                                                 : print_table(root, &error);
    cJSON_Delete(root);
    return done ? EXIT_DONE : verb_fail(&error);
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
