/* What options.c and options_help.c share. Private to common/. */
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

#endif
