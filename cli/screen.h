/* A screen of rows, a label and words each, broken to the width there is: for people, on a terminal
 * or in a file. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/text.h>

struct screen {
    struct pm_text text;
    size_t columns, rows; /* rows 0: any number */
    bool colour;
};

enum screen_tone {
    SCREEN_PLAIN,
    SCREEN_GOOD,
    SCREEN_WARN,
    SCREEN_BAD,
    SCREEN_QUIET,
    SCREEN_STRONG
};

/* As standard output is: a terminal's size, and colour unless NO_COLOR is set or TERM is "dumb";
 * a file's lines have 100 columns. */
void screen_open(struct screen *screen);

/* "Label        words": what does not fit goes on below, under the words. Control characters in
 * them become "?". What is longer than 2 KiB is cut. */
void screen_row(struct screen *screen, const char *label, enum screen_tone tone, const char *format,
                ...) __attribute__((format(printf, 4, 5)));
void screen_blank(struct screen *screen);

/* "[#######.............]", with `share` from 0 to 1, as long as there is room for beside 28 other
 * columns of the words. */
enum { SCREEN_BAR_SIZE = 48 };
void screen_bar(const struct screen *screen, double share, char out[SCREEN_BAR_SIZE]);

/* Writes it out in one go, cut to the terminal's height if `redraw`, over what was there before. */
void screen_show(struct screen *screen, bool redraw);
void screen_close(struct screen *screen);

#endif
