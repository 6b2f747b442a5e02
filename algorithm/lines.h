/* The lines of an algorithm's text and the phase each belongs to. Private to the room. */
#ifndef POOLMINER_ALGORITHM_LINES_H
#define POOLMINER_ALGORITHM_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/instruction.h>

struct pm_line {
    const char *text; /* trimmed, without a comment behind it; never empty */
    size_t length;
    int number;          /* from 1 */
    bool is_header;      /* begins with '#' or ends with ':' */
    bool is_meta;        /* begins with "# meta:" */
    bool names_phase;    /* a header that names a phase: the lines after it belong there */
    bool is_comment;     /* begins with '#' and is not just the name of a phase */
    enum pm_phase phase; /* that it belongs to, or that it names */
};

struct pm_lines {
    const char *at, *end;
    int number;
    enum pm_phase phase;
};

struct pm_lines pm_lines_begin(const char *text, size_t length);

/* The next line that is not empty; false at the end. */
bool pm_lines_next(struct pm_lines *lines, struct pm_line *line);

#endif
