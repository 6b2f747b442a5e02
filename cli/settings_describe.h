/* Settings as JSON: what `config` and the page show of them. */
#ifndef CLI_SETTINGS_DESCRIBE_H
#define CLI_SETTINGS_DESCRIBE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/options.h>

/* Adds "value" and "source" to `row`; false when memory is out. */
bool settings_describe_value(const struct pm_options *options, const struct pm_option *option,
                             cJSON *row);

/* An array of the settings that the options have, each with "key", "value", "source", "type" and,
 * where there are, "choices", "minimum", "maximum", "default", and "help". NULL: no memory. */
cJSON *settings_describe(const struct pm_options *options);

#endif
