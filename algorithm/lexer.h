/* The tokens of an algorithm's text: what statements and meta lines are made of. Private to the
 * room. Nothing here allocates; every take_ function either takes its token whole and moves the
 * cursor behind it, or leaves the cursor where it was and returns false. */
#ifndef POOLMINER_ALGORITHM_LEXER_H
#define POOLMINER_ALGORITHM_LEXER_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/instruction.h>

/* The text from `at` to `end`. A byte that is no digit must follow somewhere (a NUL will do):
 * numbers are converted in place. */
struct pm_cursor {
    const char *at, *end;
    locale_t c_locale; /* numbers are read the same in every locale */
};

/* Blanks: space, tab, vertical tab, form feed. */
bool pm_is_blank(char c);
bool pm_is_letter(char c);
/* Letter, digit or underscore. */
bool pm_is_word(char c);
char pm_lower(char c);

bool pm_at_end(const struct pm_cursor *cursor);
void pm_skip_blanks(struct pm_cursor *cursor);
bool pm_take_char(struct pm_cursor *cursor, char c);
/* Any case. */
bool pm_take_word(struct pm_cursor *cursor, const char *lower_case_word);

/* Letters, digits and underscores, starting with a letter or underscore. */
bool pm_take_name(struct pm_cursor *cursor, const char **name, size_t *length);

/* Digits; a number beyond 65535 is 65535. */
bool pm_take_index(struct pm_cursor *cursor, uint16_t *index);

/* s, v or m (any case) and digits. */
bool pm_take_register(struct pm_cursor *cursor, struct pm_operand *operand);

/* [-+]digits[.digits][e[-+]digits], also .5 and 1. - converted to the nearest double and that to
 * the nearest float, as NumPy does; beyond the range it is infinite. A number has to end where it
 * ends: 0x10 and 1.5.2 are none. */
bool pm_take_number(struct pm_cursor *cursor, float *number);

#endif
