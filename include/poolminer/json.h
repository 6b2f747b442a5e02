/* JSON from outside, read with limits: a strict look at the text, then cJSON's parser; and written
 * so that every number reads back to the same bits.
 *
 * Reading: text must be one JSON value, valid UTF-8 without NUL, at most `max_bytes` long and
 * PM_JSON_MAX_DEPTH deep; numbers must be finite. Accessors name the member in their errors. */
#ifndef POOLMINER_JSON_H
#define POOLMINER_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/text.h>

enum { PM_JSON_MAX_DEPTH = 32 };

/* 2^53: below it, in either direction, a whole number is the one that was written. */
#define PM_JSON_WHOLE_MAX 9007199254740992.0

/* The caller frees *out with cJSON_Delete. */
bool pm_json_parse(const char *text, size_t length, size_t max_bytes, cJSON **out,
                   struct pm_error *error);

/* Compact text in malloc'd memory (the caller frees), or NULL with the error set. */
char *pm_json_print(const cJSON *value, struct pm_error *error);

/* Write JSON directly into a text, without building a tree first. Each appends `before`, which is
 * JSON already (brackets, commas, the name of a member), and then the value. A number that is not
 * finite, or a string that is not UTF-8, marks the text as failed. */
void pm_json_put(struct pm_text *text, const char *json);
void pm_json_put_integer(struct pm_text *text, const char *before, int64_t value);
void pm_json_put_number(struct pm_text *text, const char *before, double value);
void pm_json_put_string(struct pm_text *text, const char *before, const char *value);

/* How many bytes pm_json_print writes for a string, its quotes included. */
size_t pm_json_string_bytes(const char *string);

/* Required members: false with the error set ("lease_id: missing", "lease_id: expected a string").
 * The string belongs to `object`. Integers must be whole and within +-(2^53 - 1). */
bool pm_json_string(const cJSON *object, const char *key, const char **out, struct pm_error *error);
bool pm_json_integer(const cJSON *object, const char *key, int64_t *out, struct pm_error *error);
bool pm_json_number(const cJSON *object, const char *key, double *out, struct pm_error *error);
bool pm_json_bool(const cJSON *object, const char *key, bool *out, struct pm_error *error);
bool pm_json_array(const cJSON *object, const char *key, const cJSON **out, struct pm_error *error);
bool pm_json_object(const cJSON *object, const char *key, const cJSON **out,
                    struct pm_error *error);

/* A whole number that is an array's item; the caller names it. */
bool pm_json_item_integer(const cJSON *item, int64_t *out, struct pm_error *error);

/* The member, whatever its type; NULL when it is absent or null, or `object` is NULL. */
const cJSON *pm_json_optional(const cJSON *object, const char *key);
/* Optional members: absent or null leaves *out as the caller set it; a wrong type is an error. */
bool pm_json_optional_string(const cJSON *object, const char *key, const char **out,
                             struct pm_error *error);
bool pm_json_optional_integer(const cJSON *object, const char *key, int64_t *out,
                              struct pm_error *error);
bool pm_json_optional_number(const cJSON *object, const char *key, double *out,
                             struct pm_error *error);
bool pm_json_optional_bool(const cJSON *object, const char *key, bool *out, struct pm_error *error);

/* The number; `fallback` when there is no such member, it is not a number, or `object` is NULL. */
double pm_json_number_or(const cJSON *object, const char *key, double fallback);

/* Whether the value is nested deeper than `levels`. Each object or array counts as one level, and
 * so does a value inside the innermost one. A value that becomes part of a larger document must
 * leave room for the levels above it, or the whole document would be too deep to be read again. */
bool pm_json_is_deeper(const cJSON *value, int levels);

/* Building. Each function returns false when memory is out. An object, array or item that is NULL,
 * because memory was out when it was to be made, also counts as that: so calls can be chained with
 * && without checking each new object. */

/* Adds a member, or appends to an array. `item` belongs to the object or array afterwards; on
 * failure it is deleted. */
bool pm_json_add(cJSON *object, const char *key, cJSON *item);
bool pm_json_append(cJSON *array, cJSON *item);
/* Add a member with a value of this type; strings are copied. */
bool pm_json_add_string(cJSON *object, const char *key, const char *value);
bool pm_json_add_bool(cJSON *object, const char *key, bool value);
bool pm_json_add_null(cJSON *object, const char *key);
bool pm_json_add_number(cJSON *object, const char *key, double value);
/* Writes all digits, also of numbers beyond 2^53, which a double cannot hold exactly. */
bool pm_json_add_integer(cJSON *object, const char *key, int64_t value);
/* Adds a deep copy of `value`, or null for NULL. */
bool pm_json_add_copy(cJSON *object, const char *key, const cJSON *value);
/* A new object at the array's end, which owns it; NULL: memory is out. */
cJSON *pm_json_append_object(cJSON *array);

#endif
