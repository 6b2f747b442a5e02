#include "cli/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    LABEL_COLUMNS = 13,
    WORDS_SIZE = 2048,
    COLUMNS_MIN = 32,
    COLUMNS_MAX = 100,
    BAR_BESIDE = 28,
    BAR_MIN = 6,
    BAR_MAX = 40,
};

static const char *const TONES[] = {
    [SCREEN_PLAIN] = "",       [SCREEN_GOOD] = "\033[32m", [SCREEN_WARN] = "\033[33m",
    [SCREEN_BAD] = "\033[31m", [SCREEN_QUIET] = "\033[2m", [SCREEN_STRONG] = "\033[1m"};

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return (no_color == NULL || no_color[0] == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

void screen_open(struct screen *screen)
{
    struct winsize size;
    *screen = (struct screen){.columns = COLUMNS_MAX};
    if (!isatty(STDOUT_FILENO)) {
        return;
    }
    screen->colour = wants_colour();
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        screen->columns = size.ws_col < COLUMNS_MIN   ? COLUMNS_MIN
                          : size.ws_col > COLUMNS_MAX ? COLUMNS_MAX
                                                      : size.ws_col;
        screen->rows = size.ws_row;
    }
}

/* ---- rows ---- */

/* Columns that `length` bytes of UTF-8 take, where every character takes one. */
static size_t columns_of(const char *text, size_t length)
{
    size_t columns = 0;
    for (size_t i = 0; i < length; i++) {
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return columns;
}

/* As many bytes of `text` as fit into the columns, up to a blank if there is one. */
static size_t take_line(const char *text, size_t columns)
{
    size_t end = 0, blank = 0, used = 0;
    while (text[end] != '\0' && used <= columns) {
        if (text[end] == ' ') {
            blank = end;
        }
        used += ((unsigned char)text[end] & 0xc0) != 0x80;
        if (used <= columns) {
            end++;
        }
    }
    if (text[end] == '\0') {
        return end;
    }
    if (text[end] == ' ') {
        return end;
    }
    return blank > 0 ? blank : end;
}

static void add_line(struct screen *screen, enum screen_tone tone, const char *words, size_t length)
{
    const bool painted = screen->colour && tone != SCREEN_PLAIN;
    pm_text_append(&screen->text, "%s%.*s%s\n", painted ? TONES[tone] : "", (int)length, words,
                   painted ? "\033[0m" : "");
}

static void add_label(struct screen *screen, const char *label)
{
    const size_t used = columns_of(label, strlen(label));
    const bool painted = screen->colour && label[0] != '\0';
    pm_text_append(&screen->text, "%s%s%s%*s", painted ? TONES[SCREEN_QUIET] : "", label,
                   painted ? "\033[0m" : "", (int)(used < LABEL_COLUMNS ? LABEL_COLUMNS - used : 1),
                   "");
}

void screen_row(struct screen *screen, const char *label, enum screen_tone tone, const char *format,
                ...)
{
    char words[WORDS_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    pm_text_make_printable(words);
    add_label(screen, label);
    const char *at = words;
    for (bool first = true; first || *at != '\0'; first = false) {
        if (!first) {
            add_label(screen, "");
        }
        const size_t length = take_line(at, screen->columns - LABEL_COLUMNS);
        add_line(screen, tone, at, length);
        at += length;
        at += strspn(at, " ");
    }
}

void screen_blank(struct screen *screen)
{
    pm_text_append(&screen->text, "\n");
}

void screen_bar(const struct screen *screen, double share, char out[SCREEN_BAR_SIZE])
{
    const size_t room = screen->columns > LABEL_COLUMNS + BAR_BESIDE + BAR_MIN
                            ? screen->columns - LABEL_COLUMNS - BAR_BESIDE
                            : BAR_MIN;
    const size_t cells = room < BAR_MAX ? room : BAR_MAX;
    const double part = share > 0 ? (share < 1 ? share : 1) : 0;
    const size_t filled = (size_t)(part * (double)cells);
    out[0] = '[';
    memset(out + 1, '.', cells);
    memset(out + 1, '#', filled);
    out[cells + 1] = ']';
    out[cells + 2] = '\0';
}

/* ---- showing ---- */

/* Where the text's first `rows` lines end. */
static size_t end_of_rows(const char *text, size_t rows)
{
    const char *at = text;
    for (size_t i = 0; i < rows && *at != '\0'; i++) {
        at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : at + strlen(at);
    }
    return (size_t)(at - text);
}

void screen_show(struct screen *screen, bool redraw)
{
    if (screen->text.data == NULL) {
        return;
    }
    size_t length = screen->text.length;
    if (redraw) {
        fputs("\033[H\033[J", stdout);
        if (screen->rows > 1) {
            length = end_of_rows(screen->text.data, screen->rows - 1);
        }
    }
    fwrite(screen->text.data, 1, length, stdout);
    fflush(stdout);
}

void screen_close(struct screen *screen)
{
    pm_text_clear(&screen->text);
}
