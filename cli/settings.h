/* The settings of gui_config.json: the one table of what a user sets once, and how it is loaded. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/verb.h"

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/options.h>

/* Options of one verb: those of its own and the settings, from every source. */
struct settings {
    struct pm_option *table;
    size_t count;
    struct pm_options *options;
};

/* Loads default, settings file, environment and command line, in this order. The file is the one
 * that --config or POOLMINER_CONFIG names; else ./gui_config.json, else
 * $XDG_CONFIG_HOME/poolminer/gui_config.json, if there. The caller clears. Where --help or
 * --version was asked for, nothing else is looked at. */
bool settings_load(const struct verb *verb, int argc, char *const argv[], struct settings *out,
                   struct pm_error *error);
void settings_clear(struct settings *settings);

/* The rows of the table of settings. */
size_t settings_count(void);
const struct pm_option *settings_option(size_t index);

#endif
