#include "algorithm/meta.h"

#include "algorithm/lexer.h"

#include <string.h>

enum { VALUE_LIMIT = 1000000 };

static const char *const count_keys[PM_META_COUNTS] = {"scalar_count", "vector_count",
                                                       "matrix_count", "vector_dim"};
static const char *const bound_endings[PM_META_SPELLINGS] = {"_max_ops", "_max", "_max_size",
                                                             "_max_instructions"};

static int bound_key(int phase, int spelling)
{
    return PM_META_COUNTS + phase * PM_META_SPELLINGS + spelling;
}

/* Whether the text from `at` to `end` is exactly these words, in any case. */
static bool spells(const char *at, const char *end, const char *first, const char *second)
{
    struct pm_cursor cursor = {.at = at, .end = end};
    return pm_take_word(&cursor, first) && pm_take_word(&cursor, second) && pm_at_end(&cursor);
}

/* The number of a key, or PM_META_KEYS for one that means nothing. */
static int find_key(const char *at, const char *end)
{
    for (int key = 0; key < PM_META_COUNTS; key++) {
        if (spells(at, end, count_keys[key], "")) {
            return key;
        }
    }
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int spelling = 0; spelling < PM_META_SPELLINGS; spelling++) {
            if (spells(at, end, pm_phase_name((enum pm_phase)phase), bound_endings[spelling])) {
                return bound_key(phase, spelling);
            }
        }
    }
    return PM_META_KEYS;
}

/* A whole number, with or without a sign, that fills the text. */
static bool read_value(const char *at, const char *end, int *value)
{
    int sign = *at == '-' ? -1 : 1;
    if (*at == '-' || *at == '+') {
        at++;
    }
    int magnitude = 0;
    const char *digits = at;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        magnitude = magnitude * 10 + (*at - '0');
        if (magnitude > VALUE_LIMIT) {
            magnitude = VALUE_LIMIT;
        }
    }
    *value = sign * magnitude;
    return at == end && at > digits;
}

/* One "key=value" from `at` to `end`. */
static bool read_token(struct pm_meta_text *meta, const char *at, const char *end, int line,
                       const struct pm_report *report, struct pm_error *error)
{
    const char *equals = memchr(at, '=', (size_t)(end - at));
    if (equals == NULL) {
        return pm_report(report, line, PM_ODD, error, "meta: '%.*s' is no key=value",
                         (int)(end - at), at);
    }
    int key_length = (int)(equals - at);
    int key = find_key(at, equals);
    if (key == PM_META_KEYS) {
        return pm_report(report, line, PM_ODD, error, "meta: '%.*s' is no known key", key_length,
                         at);
    }
    if (equals + 1 == end) {
        return pm_report(report, line, PM_REFUSED, error, "meta: %.*s has no value", key_length,
                         at);
    }
    bool repeated = meta->values[key].given;
    meta->values[key].line = line;
    meta->values[key].given = read_value(equals + 1, end, &meta->values[key].value);
    if (!meta->values[key].given) {
        return pm_report(report, line, PM_REFUSED, error,
                         "meta: %.*s is no whole number, so its default counts", key_length, at);
    }
    if (repeated) {
        return pm_report(report, line, PM_ODD, error, "meta: %.*s repeats; the last one counts",
                         key_length, at);
    }
    return true;
}

static bool is_separator(char c)
{
    return pm_is_blank(c) || c == ',';
}

bool pm_meta_read_line(struct pm_meta_text *meta, const struct pm_line *line,
                       const struct pm_report *report, struct pm_error *error)
{
    const char *end = line->text + line->length;
    const char *at = (const char *)memchr(line->text, ':', line->length) + 1;
    while (at < end) {
        const char *token = at;
        while (at < end && !is_separator(*at)) {
            at++;
        }
        if (at > token && !read_token(meta, token, at, line->number, report, error)) {
            return false;
        }
        at++;
    }
    return true;
}

/* What to say of a number that may be a saturated one. */
static const char *beyond(int value)
{
    return value == VALUE_LIMIT ? " or more" : value == -VALUE_LIMIT ? " or less" : "";
}

static bool fail_limits(const struct pm_meta_text *text, int key, int minimum, int maximum,
                        struct pm_error *error)
{
    const int value = text->values[key].value;
    return pm_fail(error, PM_ERROR_LIMIT, "line %d: meta: %s is %d%s; the limits are %d to %d",
                   text->values[key].line, count_keys[key], value, beyond(value), minimum, maximum);
}

static bool resolve_count(const struct pm_meta_text *text, int key, int minimum, int maximum,
                          int *count, struct pm_error *error)
{
    if (!text->values[key].given) {
        return true;
    }
    *count = text->values[key].value;
    return (*count >= minimum && *count <= maximum) ||
           fail_limits(text, key, minimum, maximum, error);
}

static bool resolve_vector_dim(const struct pm_meta_text *text, int input_dim,
                               const struct pm_report *report, int *vector_dim,
                               struct pm_error *error)
{
    enum { KEY = 3 };
    if (text->values[KEY].given) {
        *vector_dim = text->values[KEY].value;
    }
    if (*vector_dim > PM_DIM_MAX) {
        return fail_limits(text, KEY, 1, PM_DIM_MAX, error);
    }
    if (*vector_dim >= input_dim) {
        return true;
    }
    int stated = *vector_dim;
    *vector_dim = input_dim;
    return pm_report(report, text->values[KEY].line, PM_ODD, error,
                     "meta: vector_dim %d%s is less than the input's %d, which counts", stated,
                     beyond(stated), input_dim);
}

static bool resolve_bound(const struct pm_meta_text *text, int phase,
                          const struct pm_report *report, int *bound, struct pm_error *error)
{
    int key = bound_key(phase, 0);
    int past = bound_key(phase, PM_META_SPELLINGS);
    while (key < past && !text->values[key].given) {
        key++;
    }
    if (key == past) {
        return true;
    }
    int stated = text->values[key].value;
    *bound = stated;
    if (stated >= 0 && stated <= PM_PHASE_LENGTH_MAX) {
        return true;
    }
    *bound = stated < 0 ? 0 : PM_PHASE_LENGTH_MAX;
    return pm_report(report, text->values[key].line, PM_REFUSED, error,
                     "meta: a bound of %d%s instructions is taken as %d", stated, beyond(stated),
                     *bound);
}

bool pm_meta_resolve(const struct pm_meta_text *text, int input_dim, const struct pm_report *report,
                     struct pm_algorithm_meta *out, struct pm_error *error)
{
    const int most = PM_REGISTER_COUNT_MAX;
    *out = pm_algorithm_meta_default(input_dim);
    if (!resolve_count(text, 0, 1, most, &out->scalar_count, error) ||
        !resolve_count(text, 1, 1, most, &out->vector_count, error) ||
        !resolve_count(text, 2, 0, most, &out->matrix_count, error) ||
        !resolve_vector_dim(text, input_dim, report, &out->vector_dim, error)) {
        return false;
    }
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        if (!resolve_bound(text, phase, report, &out->max_ops[phase], error)) {
            return false;
        }
    }
    return true;
}
