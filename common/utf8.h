/* UTF-8, the little that error, log and json need to know of it. Private to common/. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length (1..4) of the well-formed sequence at `bytes`, 0 when there is none within `available`
 * bytes. Overlong forms, surrogates and code points beyond U+10FFFF are not well-formed. The code
 * point goes to *code_point if that is not NULL. */
size_t pm_utf8_sequence(const char *bytes, size_t available, uint32_t *code_point);

/* The longest prefix of `length` bytes, at most `limit`, that does not cut a sequence in two. */
size_t pm_utf8_cut(const char *bytes, size_t length, size_t limit);

/* C0, DEL, C1 and the two line separators of Unicode: what moves a terminal's cursor, or forges a
 * line of a log. */
bool pm_utf8_is_control(uint32_t code_point);

#endif
