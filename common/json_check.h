/* The strict look at JSON text that comes before cJSON's lenient one. Private to common/. */
#ifndef COMMON_JSON_CHECK_H
#define COMMON_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* True when cJSON can be trusted to read `text` as what it says: valid UTF-8 without NUL (neither
 * as a byte nor as an escape), no bare control characters, numbers as RFC 8259 writes them and
 * finite, nesting of at most `max_depth`. Commas, colons and matching brackets are left to cJSON.
 */
bool pm_json_check(const char *text, size_t length, int max_depth, struct pm_error *error);

#endif
