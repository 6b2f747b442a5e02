#include "algorithm/lines.h"

#include "algorithm/lexer.h"

#include <string.h>

struct pm_lines pm_lines_begin(const char *text, size_t length)
{
    return (struct pm_lines){.at = text, .end = text + length, .phase = PM_PHASE_PREDICT};
}

static void trim(struct pm_line *line)
{
    while (line->length > 0 && pm_is_blank(line->text[0])) {
        line->text++;
        line->length--;
    }
    while (line->length > 0 && pm_is_blank(line->text[line->length - 1])) {
        line->length--;
    }
}

/* A '#' behind other text starts a comment; one at the beginning makes the whole line a header. */
static void cut_comment(struct pm_line *line)
{
    const char *hash = memchr(line->text, '#', line->length);
    if (hash != NULL && hash != line->text) {
        line->length = (size_t)(hash - line->text);
    }
    trim(line);
}

static bool contains(const struct pm_line *line, const char *lower_case_word)
{
    struct pm_cursor cursor = {.at = line->text, .end = line->text + line->length};
    for (; !pm_at_end(&cursor); cursor.at++) {
        if (pm_take_word(&cursor, lower_case_word)) {
            return true;
        }
    }
    return false;
}

static bool begins_with_meta(const struct pm_line *line)
{
    struct pm_cursor cursor = {.at = line->text, .end = line->text + line->length};
    return pm_take_word(&cursor, "# meta:");
}

/* "# learn", "# learn:", "# def Learn():" name a phase on purpose; "# learning rate" does not. */
static bool is_bare_phase(const struct pm_line *line, enum pm_phase phase)
{
    struct pm_cursor cursor = {.at = line->text, .end = line->text + line->length};
    while (pm_take_char(&cursor, '#')) {
        pm_skip_blanks(&cursor);
    }
    if (pm_take_word(&cursor, "def ")) {
        pm_skip_blanks(&cursor);
    }
    if (!pm_take_word(&cursor, pm_phase_name(phase))) {
        return false;
    }
    pm_take_word(&cursor, "()");
    pm_skip_blanks(&cursor);
    pm_take_char(&cursor, ':');
    pm_skip_blanks(&cursor);
    return pm_at_end(&cursor);
}

static void read_header(struct pm_line *line)
{
    line->is_header = true;
    line->is_meta = begins_with_meta(line);
    for (int phase = 0; phase < PM_PHASE_COUNT && !line->names_phase; phase++) {
        if (contains(line, pm_phase_name((enum pm_phase)phase))) {
            line->names_phase = true;
            line->phase = (enum pm_phase)phase;
        }
    }
    line->is_comment =
        line->text[0] == '#' && !(line->names_phase && is_bare_phase(line, line->phase));
}

/* The raw line that begins at lines->at, which moves behind the line's end: LF, CR LF or CR. */
static struct pm_line take_raw(struct pm_lines *lines)
{
    const char *stop = lines->at;
    while (stop < lines->end && *stop != '\n' && *stop != '\r') {
        stop++;
    }
    struct pm_line line = {
        .text = lines->at,
        .length = (size_t)(stop - lines->at),
        .number = ++lines->number,
        .phase = lines->phase,
    };
    if (stop < lines->end && *stop == '\r') {
        stop++;
    }
    if (stop < lines->end && *stop == '\n') {
        stop++;
    }
    lines->at = stop;
    return line;
}

bool pm_lines_next(struct pm_lines *lines, struct pm_line *line)
{
    while (lines->at < lines->end) {
        *line = take_raw(lines);
        trim(line);
        if (line->length == 0) {
            continue;
        }
        cut_comment(line);
        if (line->text[0] == '#' || line->text[line->length - 1] == ':') {
            read_header(line);
        }
        lines->phase = line->phase;
        return true;
    }
    return false;
}
