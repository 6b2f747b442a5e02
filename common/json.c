#include "common/json_check.h"
#include "common/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/text.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool pm_json_parse(const char *text, size_t length, size_t max_bytes, cJSON **out,
                   struct pm_error *error)
{
    if (length > max_bytes) {
        return pm_fail(error, PM_ERROR_LIMIT, "JSON: %zu bytes, at most %zu are allowed", length,
                       max_bytes);
    }
    if (!pm_json_check(text, length, PM_JSON_MAX_DEPTH, error)) {
        return false;
    }
    const char *end = text;
    cJSON *value = cJSON_ParseWithLengthOpts(text, length, &end, false);
    if (value == NULL) {
        size_t at = end != NULL ? (size_t)(end - text) : 0;
        return pm_fail(error, PM_ERROR_INVALID, "JSON: %s at byte %zu",
                       at < length ? "syntax error" : "text ends too early", at);
    }
    while (end < text + length && is_space(*end)) {
        end++;
    }
    if (end != text + length) {
        cJSON_Delete(value);
        return pm_fail(error, PM_ERROR_INVALID, "JSON: text after the value at byte %zu",
                       (size_t)(end - text));
    }
    *out = value;
    return true;
}

enum { WHOLE_SIZE = 20 };

static void print_literal(struct pm_text *text, const char *literal)
{
    pm_text_append_bytes(text, literal, strlen(literal));
}

/* Most numbers are whole, and need no formatted printing. */
static void print_whole(struct pm_text *text, int64_t value)
{
    char digits[WHOLE_SIZE];
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    pm_text_append_bytes(text, digits + at, sizeof digits - at);
}

/* cJSON's own printer compares numbers with a tolerance and so may lose the last bits of a double
 * or the last digit of a large integer; scores are compared to the bit, so printing is done here.
 */
static bool print_number(struct pm_text *text, double value, struct pm_error *error)
{
    if (!isfinite(value)) {
        return pm_fail(error, PM_ERROR_INVALID, "JSON: a number to be written is not finite");
    }
    if (fabs(value) <= PM_JSON_WHOLE_MAX && value == floor(value)) {
        print_whole(text, (int64_t)value);
        return true;
    }
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) {
            break;
        }
    }
    print_literal(text, digits);
    return true;
}

enum { ESCAPE_SIZE = 6, UTF8_MAX = 4 };

/* How many bytes stand for a character that may not be in a string as it is; 0: it may. Every such
 * character is one byte of UTF-8. */
static size_t escape_length(uint32_t code_point)
{
    if (code_point == '"' || code_point == '\\' || code_point == '\n') {
        return 2;
    }
    return code_point < 0x20 || code_point == 0x7f ? 6 : 0;
}

static size_t escape(unsigned char byte, char out[ESCAPE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    const char escaped[ESCAPE_SIZE] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 0xf]};
    size_t length = escape_length(byte);
    memcpy(out, escaped, ESCAPE_SIZE);
    if (length == 2) {
        out[1] = (char)(byte == '\n' ? 'n' : byte);
    }
    return length;
}

size_t pm_json_string_bytes(const char *string)
{
    size_t count = 2; /* the quotes */
    for (; *string != '\0'; string++) {
        size_t length = escape_length((unsigned char)*string);
        count += length > 0 ? length : 1;
    }
    return count;
}

/* How many bytes from here on stand for themselves, without a look at each as UTF-8. */
static size_t plain_length(const char *string)
{
    size_t length = 0;
    while (string[length] >= 0x20 && string[length] < 0x7f && string[length] != '"' &&
           string[length] != '\\') {
        length++;
    }
    return length;
}

static bool print_string(struct pm_text *text, const char *string, struct pm_error *error)
{
    char escaped[ESCAPE_SIZE];
    pm_text_append_bytes(text, "\"", 1);
    while (*string != '\0') {
        size_t plain = plain_length(string);
        pm_text_append_bytes(text, string, plain);
        string += plain;
        if (plain > 0) {
            continue;
        }
        uint32_t code_point = 0;
        size_t step = pm_utf8_sequence(string, strnlen(string, UTF8_MAX), &code_point);
        if (step == 0) {
            return pm_fail(error, PM_ERROR_INVALID, "JSON: a string to be written is not UTF-8");
        }
        size_t length = escape((unsigned char)*string, escaped);
        pm_text_append_bytes(text, length > 0 ? escaped : string, length > 0 ? length : step);
        string += step;
    }
    pm_text_append_bytes(text, "\"", 1);
    return true;
}

static bool print_value(struct pm_text *text, const cJSON *value, int depth,
                        struct pm_error *error);

static bool print_children(struct pm_text *text, const cJSON *value, int depth,
                           struct pm_error *error)
{
    bool object = cJSON_IsObject(value);
    /* As in reading: brackets count, and not what is in the innermost. */
    if (depth > PM_JSON_MAX_DEPTH) {
        return pm_fail(error, PM_ERROR_LIMIT, "JSON: a value to be written nests deeper than %d",
                       PM_JSON_MAX_DEPTH);
    }
    print_literal(text, object ? "{" : "[");
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        if (child != value->child) {
            print_literal(text, ",");
        }
        if (object) {
            if (!print_string(text, child->string, error)) {
                return false;
            }
            print_literal(text, ":");
        }
        if (!print_value(text, child, depth + 1, error)) {
            return false;
        }
    }
    print_literal(text, object ? "}" : "]");
    return true;
}

static bool print_value(struct pm_text *text, const cJSON *value, int depth, struct pm_error *error)
{
    if (cJSON_IsString(value)) {
        return print_string(text, value->valuestring, error);
    }
    if (cJSON_IsNumber(value)) {
        return print_number(text, value->valuedouble, error);
    }
    if (cJSON_IsRaw(value)) { /* a whole number that no double holds (pm_json_add_integer) */
        print_literal(text, value->valuestring);
        return true;
    }
    if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        return print_children(text, value, depth, error);
    }
    print_literal(text, cJSON_IsTrue(value) ? "true" : cJSON_IsFalse(value) ? "false" : "null");
    return true;
}

void pm_json_put(struct pm_text *text, const char *json)
{
    pm_text_append_bytes(text, json, strlen(json));
}

void pm_json_put_integer(struct pm_text *text, const char *before, int64_t value)
{
    pm_json_put(text, before);
    print_whole(text, value);
}

void pm_json_put_number(struct pm_text *text, const char *before, double value)
{
    pm_json_put(text, before);
    text->failed = !print_number(text, value, NULL) || text->failed;
}

void pm_json_put_string(struct pm_text *text, const char *before, const char *value)
{
    pm_json_put(text, before);
    text->failed = !print_string(text, value, NULL) || text->failed;
}

char *pm_json_print(const cJSON *value, struct pm_error *error)
{
    struct pm_text text = {0};
    bool done = print_value(&text, value, 1, error);
    if (done && text.failed) {
        done = pm_fail(error, PM_ERROR_MEMORY, "JSON: no memory to write a value");
    }
    if (!done) {
        free(text.data);
        return NULL;
    }
    return text.data;
}

static bool fail_type(const char *key, const char *expected, struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_INVALID, "%s: expected %s", key, expected);
}

/* The member, or NULL with the error set. */
static const cJSON *required(const cJSON *object, const char *key, struct pm_error *error)
{
    if (!cJSON_IsObject(object)) {
        pm_fail(error, PM_ERROR_INVALID, "%s: missing, since this is no object", key);
        return NULL;
    }
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item == NULL) {
        pm_fail(error, PM_ERROR_INVALID, "%s: missing", key);
    }
    return item;
}

const cJSON *pm_json_optional(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(item) ? NULL : item;
}

static bool take_string(const cJSON *item, const char *key, const char **out,
                        struct pm_error *error)
{
    if (!cJSON_IsString(item)) {
        return fail_type(key, "a string", error);
    }
    *out = item->valuestring;
    return true;
}

static bool take_number(const cJSON *item, const char *key, double *out, struct pm_error *error)
{
    if (!cJSON_IsNumber(item)) {
        return fail_type(key, "a number", error);
    }
    *out = item->valuedouble;
    return true;
}

/* What the number is expected to be, when it is not; NULL: it is whole. */
static const char *read_whole(const cJSON *item, int64_t *out)
{
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble)) {
        return "a whole number";
    }
    if (fabs(item->valuedouble) >= PM_JSON_WHOLE_MAX) { /* it may have been 2^53 + 1 */
        return "a whole number within +-(2^53 - 1)";
    }
    *out = (int64_t)item->valuedouble;
    return NULL;
}

static bool take_integer(const cJSON *item, const char *key, int64_t *out, struct pm_error *error)
{
    const char *expected = read_whole(item, out);
    return expected == NULL || fail_type(key, expected, error);
}

bool pm_json_item_integer(const cJSON *item, int64_t *out, struct pm_error *error)
{
    const char *expected = read_whole(item, out);
    return expected == NULL || pm_fail(error, PM_ERROR_INVALID, "expected %s", expected);
}

static bool take_bool(const cJSON *item, const char *key, bool *out, struct pm_error *error)
{
    if (!cJSON_IsBool(item)) {
        return fail_type(key, "true or false", error);
    }
    *out = cJSON_IsTrue(item);
    return true;
}

bool pm_json_string(const cJSON *object, const char *key, const char **out, struct pm_error *error)
{
    const cJSON *item = required(object, key, error);
    return item != NULL && take_string(item, key, out, error);
}

bool pm_json_integer(const cJSON *object, const char *key, int64_t *out, struct pm_error *error)
{
    const cJSON *item = required(object, key, error);
    return item != NULL && take_integer(item, key, out, error);
}

bool pm_json_number(const cJSON *object, const char *key, double *out, struct pm_error *error)
{
    const cJSON *item = required(object, key, error);
    return item != NULL && take_number(item, key, out, error);
}

bool pm_json_bool(const cJSON *object, const char *key, bool *out, struct pm_error *error)
{
    const cJSON *item = required(object, key, error);
    return item != NULL && take_bool(item, key, out, error);
}

bool pm_json_array(const cJSON *object, const char *key, const cJSON **out, struct pm_error *error)
{
    const cJSON *item = required(object, key, error);
    if (item == NULL) {
        return false;
    }
    if (!cJSON_IsArray(item)) {
        return fail_type(key, "an array", error);
    }
    *out = item;
    return true;
}

bool pm_json_object(const cJSON *object, const char *key, const cJSON **out, struct pm_error *error)
{
    const cJSON *item = required(object, key, error);
    if (item == NULL) {
        return false;
    }
    if (!cJSON_IsObject(item)) {
        return fail_type(key, "an object", error);
    }
    *out = item;
    return true;
}

bool pm_json_optional_string(const cJSON *object, const char *key, const char **out,
                             struct pm_error *error)
{
    const cJSON *item = pm_json_optional(object, key);
    return item == NULL || take_string(item, key, out, error);
}

bool pm_json_optional_integer(const cJSON *object, const char *key, int64_t *out,
                              struct pm_error *error)
{
    const cJSON *item = pm_json_optional(object, key);
    return item == NULL || take_integer(item, key, out, error);
}

bool pm_json_optional_number(const cJSON *object, const char *key, double *out,
                             struct pm_error *error)
{
    const cJSON *item = pm_json_optional(object, key);
    return item == NULL || take_number(item, key, out, error);
}

bool pm_json_optional_bool(const cJSON *object, const char *key, bool *out, struct pm_error *error)
{
    const cJSON *item = pm_json_optional(object, key);
    return item == NULL || take_bool(item, key, out, error);
}

double pm_json_number_or(const cJSON *object, const char *key, double fallback)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

bool pm_json_is_deeper(const cJSON *value, int levels)
{
    if (levels == 0) {
        return true;
    }
    for (const cJSON *item = value->child; item != NULL; item = item->next) {
        if (pm_json_is_deeper(item, levels - 1)) {
            return true;
        }
    }
    return false;
}
