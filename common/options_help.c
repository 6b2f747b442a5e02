#include "common/options_internal.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_COLUMN = 30, LINE_WIDTH = 96 };

/* Prints `text` from `column` on, broken at blanks, continued at TEXT_COLUMN. */
static void print_wrapped(const char *text, int column)
{
    int width = column;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (width > TEXT_COLUMN && width + 1 + (int)word > LINE_WIDTH) {
            printf("\n%*s", TEXT_COLUMN, "");
            width = TEXT_COLUMN;
        } else if (width > TEXT_COLUMN) {
            printf(" ");
            width++;
        }
        printf("%.*s", (int)word, text);
        width += (int)word;
        text += word;
        text += strspn(text, " ");
    }
    printf("\n");
}

static void print_option(const char *name, const char *argument, const char *text)
{
    int column =
        printf("  --%s%s%s", name, argument != NULL ? " " : "", argument != NULL ? argument : "");
    if (column >= TEXT_COLUMN - 1) {
        printf("\n");
        column = 0;
    }
    printf("%*s", TEXT_COLUMN - column, "");
    print_wrapped(text, TEXT_COLUMN);
}

static void print_row(const struct pm_option *option)
{
    const char *argument = option->argument;
    if (argument == NULL && option->type != PM_OPTION_FLAG) {
        argument = option->type == PM_OPTION_TEXT ? "TEXT" : "N";
    }
    char text[1024], bounds[64] = "";
    size_t used = 0;
    /* snprintf returns what it would have written; keep `used` inside the buffer. */
    if (option->minimum != 0 || option->maximum != 0) {
        snprintf(bounds, sizeof bounds, "%.16g to %.16g", option->minimum, option->maximum);
    }
    /* A default of nothing is for the help's own words. */
    const char *default_value = option->default_value;
    if (option->type == PM_OPTION_FLAG || (default_value != NULL && default_value[0] == '\0')) {
        default_value = NULL;
    }
    const char *const notes[][2] = {{"one of ", option->choices},
                                    {"", bounds[0] != '\0' ? bounds : NULL},
                                    {"default ", default_value},
                                    {"file: ", option->file_key},
                                    {"environment: ", option->environment}};
    used = (size_t)snprintf(text, sizeof text, "%s", option->help != NULL ? option->help : "");
    const char *separator = " [";
    for (size_t i = 0; i < sizeof notes / sizeof *notes && used < sizeof text; i++) {
        if (notes[i][1] != NULL) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", separator,
                                     notes[i][0], notes[i][1]);
            separator = "; ";
        }
    }
    if (separator[0] == ';' && used < sizeof text) {
        snprintf(text + used, sizeof text - used, "]");
    }
    print_option(option->name, argument, text);
}

void pm_options_print_help(const struct pm_options *options, const char *usage, const char *purpose)
{
    printf("Usage: %s\n\n%s\n\nOptions:\n", usage, purpose);
    for (size_t i = 0; i < options->count; i++) {
        if (options->table[i].name != NULL) {
            print_row(&options->table[i]);
        }
    }
    print_option("help", NULL, "Show this and exit.");
    print_option("version", NULL, "Show the version and exit.");
}
