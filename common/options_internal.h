/* What the files of the options module share. Private to common/. */
#ifndef COMMON_OPTIONS_INTERNAL_H
#define COMMON_OPTIONS_INTERNAL_H

#include <poolminer/options.h>

struct value {
    char *source; /* NULL: the default, or unset */
    char *text;   /* NULL: unset */
    double number;
    int64_t integer;
    bool flag;
    char **repeats;
    size_t repeat_count;
};

struct pm_options {
    const struct pm_option *table;
    size_t count;
    struct value *values; /* one a row of the table */
    const char **positional;
    size_t positional_count;
    bool help, version;
};

/* What the command line, or the settings file, calls an option; NULL: nothing. */
const char *pm_options_name(const struct pm_option *option, bool file);
bool pm_options_find(const struct pm_options *options, const char *name, bool file, size_t *index);

/* Reads `text` by the option's type and keeps it. `source` NULL: the table's default; `name` is
 * what the source calls the option. A repeating option adds to what the same source gave before. */
bool pm_options_set(struct pm_options *options, size_t index, const char *text, const char *source,
                    const char *name, struct pm_error *error);

#endif
