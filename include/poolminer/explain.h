/* Explaining an algorithm line by line. */
#ifndef POOLMINER_EXPLAIN_H
#define POOLMINER_EXPLAIN_H

#include <poolminer/algorithm.h>
#include <poolminer/text.h>

/* Appends the written form with, on every line, a comment on what it computes: which registers hold
 * the input, the label, what is learned, what never changes. The text is a valid algorithm still
 * and reads back to the same program, which should be simplified (simplify.h). A failure to
 * allocate is the text's. */
void pm_explain(const struct pm_algorithm *algorithm, struct pm_text *out);

#endif
