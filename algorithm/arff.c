#include "algorithm/arff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ATTRIBUTES_MAX = PM_DATASET_PIXELS + 1,
    NUMBER_LENGTH_MAX = 31,
    SHOWN_MAX = 24, /* of a value, in errors */
};

/* The rest of a line that is being read. */
struct text {
    const char *at, *end;
};

struct header {
    size_t attribute_count;
    bool last_is_numeric; /* the type of the last attribute so far */
};

/* ---- errors ---- */

/* `text` up to a comma, as far as it may be shown. */
static const char *shown(struct text text, char buffer[SHOWN_MAX + 1])
{
    size_t length = 0;
    for (; length < SHOWN_MAX && text.at < text.end && *text.at != ','; text.at++, length++) {
        buffer[length] = *text.at;
        if (*text.at < ' ' || *text.at > '~') {
            buffer[length] = '?';
        }
    }
    buffer[length] = '\0';
    return buffer;
}

static bool fail_at(const struct pm_byte_source *source, struct pm_error *error, const char *what)
{
    return pm_fail(error, PM_ERROR_INVALID, "%s: line %" PRIu64 ": %s", pm_byte_source_name(source),
                   pm_byte_source_line_number(source), what);
}

/* ---- pieces of a line ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static void skip_blanks(struct text *text)
{
    while (text->at < text->end && is_blank(*text->at)) {
        text->at++;
    }
}

static void trim_end(struct text *text)
{
    while (text->end > text->at && is_blank(text->end[-1])) {
        text->end--;
    }
}

/* A blank line or a comment. */
static bool is_empty(struct text text)
{
    return text.at == text.end || *text.at == '%';
}

/* Takes a keyword in any case if it stands here as a whole word. */
static bool take_keyword(struct text *text, const char *keyword)
{
    size_t length = strlen(keyword);
    if ((size_t)(text->end - text->at) < length || strncasecmp(text->at, keyword, length) != 0) {
        return false;
    }
    if (text->at + length < text->end && !is_blank(text->at[length])) {
        return false;
    }
    text->at += length;
    skip_blanks(text);
    return true;
}

/* Takes an attribute's name, which may be quoted; false if there is none or its quote stays open.
 */
static bool take_name(struct text *text)
{
    if (text->at == text->end) {
        return false;
    }
    char quote = *text->at;
    if (quote == '\'' || quote == '"') {
        const char *closing = memchr(text->at + 1, quote, (size_t)(text->end - text->at - 1));
        if (closing == NULL) {
            return false;
        }
        text->at = closing + 1;
    } else {
        while (text->at < text->end && !is_blank(*text->at) && *text->at != '{') {
            text->at++;
        }
    }
    skip_blanks(text);
    return true;
}

/* ---- the header ---- */

static bool take_numeric_type(struct text *text)
{
    return take_keyword(text, "numeric") || take_keyword(text, "real") ||
           take_keyword(text, "integer");
}

static bool read_attribute(const struct pm_byte_source *source, struct text text,
                           struct header *header, struct pm_error *error)
{
    if (header->attribute_count == ATTRIBUTES_MAX) {
        return fail_at(source, error, "more than 3073 attributes; no known image dataset has them");
    }
    if (header->attribute_count > 0 && !header->last_is_numeric) {
        return fail_at(source, error,
                       "only the last attribute may be other than numeric: the class");
    }
    if (!take_name(&text)) {
        return fail_at(source, error, "an attribute without a name");
    }
    header->last_is_numeric = take_numeric_type(&text);
    if (!header->last_is_numeric && (text.at == text.end || *text.at != '{')) {
        return fail_at(source, error,
                       "an attribute that is neither numeric nor a list of classes in braces");
    }
    header->attribute_count++;
    return true;
}

static bool check_header(const struct pm_byte_source *source, const struct header *header,
                         struct pm_error *error)
{
    if (header->attribute_count == PM_DATASET_PIXELS + 1 ||
        header->attribute_count == PM_DATASET_MNIST_PIXELS + 1) {
        return true;
    }
    return pm_fail(
        error, PM_ERROR_INVALID,
        "%s: %zu attributes, but images with a class have 3073 (CIFAR-10) or 785 (MNIST)",
        pm_byte_source_name(source), header->attribute_count);
}

/* Reads up to and including the line "@data". */
static bool read_header(struct pm_byte_source *source, struct header *header,
                        struct pm_error *error)
{
    for (;;) {
        struct text text;
        size_t length = 0;
        if (!pm_byte_source_line(source, &text.at, &length, error)) {
            return false;
        }
        if (text.at == NULL) {
            return pm_fail(error, PM_ERROR_INVALID, "%s: ends at line %" PRIu64 " without @data",
                           pm_byte_source_name(source), pm_byte_source_line_number(source));
        }
        text.end = text.at + length;
        skip_blanks(&text);
        trim_end(&text);
        if (is_empty(text) || take_keyword(&text, "@relation")) {
            continue;
        }
        if (take_keyword(&text, "@data")) {
            return check_header(source, header, error);
        }
        if (!take_keyword(&text, "@attribute")) {
            return fail_at(source, error,
                           "neither @relation, @attribute, @data nor a comment; is this ARFF?");
        }
        if (!read_attribute(source, text, header, error)) {
            return false;
        }
    }
}

/* ---- rows ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static unsigned digit_value(char byte)
{
    return (unsigned)byte - '0';
}

/* Any other way to write a whole number up to 255: "59.0", "5.9e1", "+59". */
static bool take_long_number(struct text *text, unsigned *value)
{
    char copy[NUMBER_LENGTH_MAX + 1];
    size_t length = 0;
    while (text->at < text->end && *text->at != ',' && !is_blank(*text->at)) {
        if (length == NUMBER_LENGTH_MAX || strchr("0123456789.eE+-", *text->at) == NULL) {
            return false;
        }
        copy[length++] = *text->at++;
    }
    copy[length] = '\0';
    char *end = NULL;
    double number = strtod(copy, &end);
    if (length == 0 || *end != '\0' || !(number >= 0.0 && number <= 255.0)) {
        return false;
    }
    *value = (unsigned)number;
    return (double)*value == number;
}

/* Takes a whole number up to 255, in digits as a rule. */
static bool take_number(struct text *text, unsigned *value)
{
    const char *at = text->at;
    unsigned number = 0;
    while (at < text->end && at - text->at < 3 && is_digit(*at)) {
        number = 10 * number + digit_value(*at++);
    }
    if (at == text->at || (at < text->end && *at != ',') || number > 255) {
        return take_long_number(text, value);
    }
    text->at = at;
    *value = number;
    return true;
}

/* Takes a class, which may be quoted. */
static bool take_class(struct text *text, unsigned *value)
{
    bool quoted = text->at < text->end && (*text->at == '\'' || *text->at == '"');
    if (quoted && (text->end - text->at < 2 || text->end[-1] != *text->at)) {
        return false;
    }
    if (quoted) {
        text->at++;
        text->end--;
    }
    return take_number(text, value) && text->at == text->end && *value < PM_DATASET_CLASSES;
}

static bool fail_value(const struct pm_byte_source *source, struct text text, size_t column,
                       size_t column_count, struct pm_error *error)
{
    char buffer[SHOWN_MAX + 1];
    const char *value = shown(text, buffer);
    uint64_t line = pm_byte_source_line_number(source);
    const char *name = pm_byte_source_name(source);
    if (text.at == text.end) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: line %" PRIu64 " has %zu values instead of %zu; is the file complete?",
                       name, line, column, column_count);
    }
    if (column + 1 == column_count) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: line %" PRIu64 ": the class is \"%s\", but classes are 0 to 9", name,
                       line, value);
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "%s: line %" PRIu64
                   ": value %zu is \"%s\", but pixels are whole numbers 0 to 255",
                   name, line, column + 1, value);
}

/* A value, and the comma after it unless it is the last. */
static bool take_value(struct text *text, bool last, unsigned *value)
{
    if (last) {
        return take_class(text, value);
    }
    if (!take_number(text, value)) {
        return false;
    }
    skip_blanks(text);
    if (text->at == text->end) {
        return true; /* the next value will be found missing */
    }
    if (*text->at != ',') {
        return false;
    }
    text->at++;
    skip_blanks(text);
    return true;
}

static bool read_row(const struct pm_byte_source *source, struct text text, size_t pixel_count,
                     uint8_t *record, struct pm_error *error)
{
    if (*text.at == '{') {
        return fail_at(source, error, "a sparse row; only dense ARFF can be read");
    }
    for (size_t column = 0; column <= pixel_count; column++) {
        struct text before = text;
        unsigned value = 0;
        bool last = column == pixel_count;
        if (text.at == text.end || !take_value(&text, last, &value)) {
            return fail_value(source, before, column, pixel_count + 1, error);
        }
        record[last ? 0 : 1 + column] = (uint8_t)value;
    }
    return true;
}

bool pm_arff_read(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                  struct pm_error *error)
{
    struct header header = {0};
    if (!read_header(source, &header, error)) {
        return false;
    }
    for (;;) {
        struct text text;
        size_t length = 0;
        uint8_t *record = NULL;
        if (!pm_byte_source_line(source, &text.at, &length, error)) {
            return false;
        }
        if (text.at == NULL) {
            return true;
        }
        text.end = text.at + length;
        skip_blanks(&text);
        trim_end(&text);
        if (is_empty(text)) {
            continue;
        }
        if (!pm_dataset_builder_add(builder, pm_byte_source_name(source),
                                    header.attribute_count - 1, &record, error) ||
            !read_row(source, text, header.attribute_count - 1, record, error)) {
            return false;
        }
    }
}
