/* One statement of an algorithm's text. Private to the room. */
#ifndef POOLMINER_ALGORITHM_STATEMENT_H
#define POOLMINER_ALGORITHM_STATEMENT_H

#include "algorithm/lexer.h"

#include <stdbool.h>

#include <poolminer/instruction.h>

enum pm_statement_kind {
    PM_STATEMENT_NONE, /* the line is no statement: `reason` says why */
    PM_STATEMENT_NOOP,
    PM_STATEMENT_INSTRUCTION,
};

struct pm_statement {
    enum pm_statement_kind kind;
    struct pm_instruction instruction;
    const char *reason; /* NONE: why; otherwise what was read leniently, or NULL */
};

/* Reads the statement at the cursor, which spans one trimmed line without its comment. */
struct pm_statement pm_statement_read(struct pm_cursor cursor);

#endif
