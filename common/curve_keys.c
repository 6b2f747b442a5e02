#include "common/private_file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/curve_keys.h>
#include <poolminer/file.h>

_Static_assert((int)PM_CURVE_KEY_SIZE == (int)crypto_box_SECRETKEYBYTES,
               "CurveZMQ's keys are those of NaCl's box");

enum { FILE_MAX = 4096, LINE_NAME_MAX = 16 };

static bool start_sodium(struct pm_error *error)
{
    return sodium_init() >= 0 ||
           pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
}

void pm_curve_key_format(const uint8_t key[PM_CURVE_KEY_SIZE], char out[PM_CURVE_KEY_DIGITS + 1])
{
    sodium_bin2hex(out, PM_CURVE_KEY_DIGITS + 1, key, PM_CURVE_KEY_SIZE);
}

/* The digits may be a secret: errors do not show them. */
static bool parse_digits(const char *text, size_t length, uint8_t out[PM_CURVE_KEY_SIZE])
{
    return length == PM_CURVE_KEY_DIGITS &&
           sodium_hex2bin(out, PM_CURVE_KEY_SIZE, text, length, NULL, NULL, NULL) == 0;
}

bool pm_curve_key_parse(const char *text, uint8_t out[PM_CURVE_KEY_SIZE], struct pm_error *error)
{
    return parse_digits(text, strnlen(text, PM_CURVE_KEY_DIGITS + 1), out) ||
           pm_fail(error, PM_ERROR_INVALID, "a public key is %d hexadecimal digits",
                   PM_CURVE_KEY_DIGITS);
}

bool pm_curve_keys_generate(const uint8_t *sidecar_key, struct pm_curve_keys *out,
                            struct pm_error *error)
{
    *out = (struct pm_curve_keys){.is_client = sidecar_key != NULL};
    if (!start_sodium(error)) {
        return false;
    }
    if (sidecar_key != NULL) {
        memcpy(out->sidecar_key, sidecar_key, PM_CURVE_KEY_SIZE);
    }
    crypto_box_keypair(out->public_key, out->secret_key);
    return true;
}

void pm_curve_keys_wipe(struct pm_curve_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

/* ---- files ---- */

static size_t append_line(char *out, size_t size, const char *name, const uint8_t *key)
{
    char digits[PM_CURVE_KEY_DIGITS + 1];
    pm_curve_key_format(key, digits);
    int length = snprintf(out, size, "%s %s\n", name, digits);
    sodium_memzero(digits, sizeof digits);
    return (size_t)length;
}

bool pm_curve_keys_write(const char *path, const struct pm_curve_keys *keys, struct pm_error *error)
{
    char text[3 * (LINE_NAME_MAX + PM_CURVE_KEY_DIGITS)];
    size_t length = append_line(text, sizeof text, "public", keys->public_key);
    length += append_line(text + length, sizeof text - length, "secret", keys->secret_key);
    if (keys->is_client) {
        length += append_line(text + length, sizeof text - length, "sidecar", keys->sidecar_key);
    }
    bool done = pm_file_write_atomic(path, text, length, 0600, false, error);
    sodium_memzero(text, sizeof text);
    return done;
}

/* One line without its end, of which `seen` remembers that it was there. */
static bool parse_line(const char *line, size_t length, struct pm_curve_keys *keys, bool seen[3])
{
    static const char *const names[3] = {"public ", "secret ", "sidecar "};
    uint8_t *const places[3] = {keys->public_key, keys->secret_key, keys->sidecar_key};
    for (size_t i = 0; i < 3; i++) {
        size_t name_length = strlen(names[i]);
        if (length > name_length && memcmp(line, names[i], name_length) == 0) {
            bool first = !seen[i];
            seen[i] = true;
            return first && parse_digits(line + name_length, length - name_length, places[i]);
        }
    }
    return false;
}

/* A pair whose halves do not belong together would be refused by everybody, for no visible cause.
 */
static bool halves_match(const struct pm_curve_keys *keys)
{
    uint8_t derived[PM_CURVE_KEY_SIZE];
    return crypto_scalarmult_base(derived, keys->secret_key) == 0 &&
           memcmp(derived, keys->public_key, sizeof derived) == 0;
}

bool pm_curve_keys_parse(const char *text, size_t length, struct pm_curve_keys *out,
                         struct pm_error *error)
{
    bool seen[3] = {false};
    *out = (struct pm_curve_keys){0};
    if (!start_sodium(error)) {
        return false;
    }
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line = end == NULL ? length - at : (size_t)(end - (text + at));
        if (line > 0 && !parse_line(text + at, line, out, seen)) {
            pm_curve_keys_wipe(out);
            return pm_fail(error, PM_ERROR_INVALID,
                           "expected the lines public, secret and sidecar, each once, with %d "
                           "hexadecimal digits",
                           PM_CURVE_KEY_DIGITS);
        }
        at += line + 1;
    }
    if (!seen[0] || !seen[1] || !halves_match(out)) {
        pm_curve_keys_wipe(out);
        return pm_fail(error, PM_ERROR_INVALID, "it holds no public key with its secret one");
    }
    out->is_client = seen[2];
    return true;
}

bool pm_curve_keys_read(const char *path, struct pm_curve_keys *out, struct pm_error *error)
{
    char *text = NULL;
    size_t length;
    if (!pm_private_file_read(path, FILE_MAX, 077, &text, &length, error)) {
        return false;
    }
    bool done = pm_curve_keys_parse(text, length, out, error) ||
                pm_fail_context(error, "the key file %s", path);
    sodium_free(text);
    return done;
}
