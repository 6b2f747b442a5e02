/* Options: one table drives the command line, the environment, the settings file and --help.
 *
 * Later sources beat earlier ones: default < file < environment < command line. In the environment
 * blanks separate the values of an option that may be given several times. The command line takes
 * `--name value` and `--name=value`; a PM_OPTION_FLAG also stands alone (`--json`) and has
 * `--no-name`. An unknown option, key or a value of the wrong type or out of range is an error that
 * names it, its source and, where a near name exists, that name. */
#ifndef POOLMINER_OPTIONS_H
#define POOLMINER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum pm_option_type { PM_OPTION_TEXT, PM_OPTION_INTEGER, PM_OPTION_NUMBER, PM_OPTION_FLAG };

struct pm_option {
    const char *name;        /* on the command line, without dashes: "pool-url"; NULL: not there */
    const char *file_key;    /* member of the settings file: "pool_endpoint"; NULL: not there */
    const char *environment; /* variable: "POOLMINER_POOL_ENDPOINT"; NULL: none */
    enum pm_option_type type;
    bool repeats;              /* may be given several times (PM_OPTION_TEXT; arrays in the file) */
    bool is_path;              /* for text: never empty; a leading ~/ stands for $HOME/ */
    const char *default_value; /* as text; NULL: unset */
    double minimum, maximum;   /* for numbers; both 0: no bounds */
    const char *choices;       /* for text: "text|json", what it may be; NULL: anything */
    const char *argument;      /* placeholder in --help: "URL" */
    const char *help;          /* one sentence */
};

struct pm_options;

/* `table` must outlive the object. NULL only when memory is out. */
struct pm_options *pm_options_create(const struct pm_option *table, size_t count);
void pm_options_destroy(struct pm_options *options);

/* A JSON object, at most 64 KiB. A missing file is an error of code PM_ERROR_NOT_FOUND. */
bool pm_options_load_file(struct pm_options *options, const char *path, struct pm_error *error);
/* The same from memory; `path` is where it would be read from, for errors and sources. */
bool pm_options_load_text(struct pm_options *options, const char *text, size_t length,
                          const char *path, struct pm_error *error);
bool pm_options_load_environment(struct pm_options *options, struct pm_error *error);

/* argv[0] is skipped. "--" ends options. What is no option goes to the positional list. `--help`
 * and `--version` are known to every program: they set pm_options_help / pm_options_version. */
bool pm_options_load_arguments(struct pm_options *options, int argc, char *const argv[],
                               struct pm_error *error);
/* Looks for the two before anything else is read, so that no mistake elsewhere hides the help. */
void pm_options_look_for_help(struct pm_options *options, int argc, char *const argv[]);
bool pm_options_help(const struct pm_options *options);
bool pm_options_version(const struct pm_options *options);
size_t pm_options_positional_count(const struct pm_options *options);
const char *pm_options_positional(const struct pm_options *options, size_t index);

/* Values by option name; asking for a name that is not in the table is a programmer error (abort).
 * Text is NULL when unset; it belongs to the object. */
const char *pm_options_text(const struct pm_options *options, const char *name);
int64_t pm_options_integer(const struct pm_options *options, const char *name);
double pm_options_number(const struct pm_options *options, const char *name);
bool pm_options_flag(const struct pm_options *options, const char *name);
size_t pm_options_repeat_count(const struct pm_options *options, const char *name);
const char *pm_options_repeat(const struct pm_options *options, const char *name, size_t index);
/* All of them, NULL behind the last. */
const char *const *pm_options_list(const struct pm_options *options, const char *name);

enum pm_option_type pm_options_type(const struct pm_options *options, const char *name);

/* Where the value came from: "default", "file gui_config.json", "environment POOLMINER_...",
 * "command line", or "unset". */
const char *pm_options_source(const struct pm_options *options, const char *name);

/* Writes the --help text to standard output: `usage` and `purpose` first, then the table. */
void pm_options_print_help(const struct pm_options *options, const char *usage,
                           const char *purpose);

#endif
