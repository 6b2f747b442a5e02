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
    const struct verb *verb; /* what they were loaded for, and with */
    int argc;
    char *const *argv;
};

/* Loads default, settings file, environment and command line, in this order. The file is the one
 * that --config or POOLMINER_CONFIG names; else ./gui_config.json, else
 * $XDG_CONFIG_HOME/poolminer/gui_config.json, if there. The caller clears. Where --help or
 * --version was asked for, nothing else is looked at. */
bool settings_load(const struct verb *verb, int argc, char *const argv[], struct settings *out,
                   struct pm_error *error);
void settings_clear(struct settings *settings);

/* The same anew, from the same sources as they are now. */
bool settings_load_again(const struct settings *settings, struct settings *out,
                         struct pm_error *error);
/* Would they load if their file said `text`? `path` is the file's, for the error. */
bool settings_check(const struct settings *settings, const char *text, const char *path,
                    struct pm_error *error);
/* The file they are loaded from, or else the one to make for them, which is not *there; to be
 * freed. */
bool settings_file(const struct settings *settings, char **path, bool *there,
                   struct pm_error *error);

/* The rows of the table of settings. */
size_t settings_count(void);
const struct pm_option *settings_option(size_t index);

#endif
