/* Base58 in the Bitcoin alphabet, for short strings: addresses, not files (the work grows with the
 * square of the length, so both directions have a limit). */
#ifndef POOLMINER_BASE58_H
#define POOLMINER_BASE58_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum {
    PM_BASE58_BYTES_MAX = 128, /* decoded */
    PM_BASE58_TEXT_MAX = 180,  /* encoded, without the NUL */
};

/* Writes the text and a NUL to `text`, which has room for `text_size` bytes in all. PM_ERROR_LIMIT:
 * more than PM_BASE58_BYTES_MAX bytes, or too little room. */
bool pm_base58_encode(const uint8_t *bytes, size_t count, char *text, size_t text_size,
                      struct pm_error *error);

/* Writes at most `capacity` bytes and sets *count. PM_ERROR_INVALID: a character outside the
 * alphabet (blanks too). PM_ERROR_LIMIT: over PM_BASE58_TEXT_MAX characters, or too little room. */
bool pm_base58_decode(const char *text, uint8_t *bytes, size_t capacity, size_t *count,
                      struct pm_error *error);

#endif
