#include "common/private_file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/curve_keys.h>
#include <poolminer/file.h>
#include <poolminer/text.h>

enum { LINE_MAX_BYTES = PM_CURVE_KEY_DIGITS + 1 + PM_CURVE_NAME_MAX + 1 };

static bool name_valid(const char *name)
{
    size_t length =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return length >= 1 && length <= PM_CURVE_NAME_MAX && name[length] == '\0' && name[0] != '.';
}

void pm_curve_list_clear(struct pm_curve_list *list)
{
    free(list->entries);
    *list = (struct pm_curve_list){0};
}

bool pm_curve_list_add(struct pm_curve_list *list, const uint8_t key[PM_CURVE_KEY_SIZE],
                       const char *name, struct pm_error *error)
{
    struct pm_curve_entry entry;
    pm_curve_key_format(key, entry.key);
    if (!name_valid(name)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "a name is 1 to %d letters, digits, dots, dashes and underscores, and "
                       "begins with no dot",
                       PM_CURVE_NAME_MAX);
    }
    snprintf(entry.name, sizeof entry.name, "%s", name);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].name, entry.name) == 0 ||
            strcmp(list->entries[i].key, entry.key) == 0) {
            return pm_fail(error, PM_ERROR_REFUSED, "%s is authorized already, with the key %s",
                           list->entries[i].name, list->entries[i].key);
        }
    }
    if (list->count == PM_CURVE_LIST_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "%d keys are authorized, all there may be",
                       PM_CURVE_LIST_MAX);
    }
    struct pm_curve_entry *larger =
        reallocarray(list->entries, list->count + 1, sizeof *list->entries);
    if (larger == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a key");
    }
    list->entries = larger;
    list->entries[list->count++] = entry;
    return true;
}

bool pm_curve_list_remove(struct pm_curve_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].name, name) == 0) {
            list->count--;
            memmove(&list->entries[i], &list->entries[i + 1],
                    (list->count - i) * sizeof *list->entries);
            return true;
        }
    }
    return false;
}

const char *pm_curve_list_find(const struct pm_curve_list *list, const char *key)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].key, key) == 0) {
            return list->entries[i].name;
        }
    }
    return NULL;
}

/* ---- the file ---- */

static bool parse_line(const char *line, size_t length, struct pm_curve_list *list,
                       struct pm_error *error)
{
    char text[LINE_MAX_BYTES];
    uint8_t key[PM_CURVE_KEY_SIZE];
    if (length >= sizeof text || length <= PM_CURVE_KEY_DIGITS ||
        line[PM_CURVE_KEY_DIGITS] != ' ' || memchr(line, '\0', length) != NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "expected lines of a public key and a name");
    }
    memcpy(text, line, length);
    text[length] = '\0';
    text[PM_CURVE_KEY_DIGITS] = '\0';
    return pm_curve_key_parse(text, key, error) &&
           pm_curve_list_add(list, key, text + PM_CURVE_KEY_DIGITS + 1, error);
}

bool pm_curve_list_parse(const char *text, size_t length, struct pm_curve_list *out,
                         struct pm_error *error)
{
    *out = (struct pm_curve_list){0};
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line = end == NULL ? length - at : (size_t)(end - (text + at));
        if (line > 0 && !parse_line(text + at, line, out, error)) {
            pm_curve_list_clear(out);
            return false;
        }
        at += line + 1;
    }
    return true;
}

bool pm_curve_list_read(const char *path, struct pm_curve_list *out, struct pm_error *error)
{
    char *text = NULL;
    size_t length;
    struct pm_error why = {0};
    *out = (struct pm_curve_list){0};
    if (!pm_private_file_read(path, (size_t)PM_CURVE_LIST_MAX * LINE_MAX_BYTES, 022, &text, &length,
                              &why)) {
        return why.code == PM_ERROR_NOT_FOUND || pm_fail(error, why.code, "%s", why.message);
    }
    bool done = pm_curve_list_parse(text, length, out, error) || pm_fail_context(error, "%s", path);
    sodium_free(text);
    return done;
}

bool pm_curve_list_write(const char *path, const struct pm_curve_list *list, struct pm_error *error)
{
    struct pm_text text = {0};
    for (size_t i = 0; i < list->count; i++) {
        pm_text_append(&text, "%s %s\n", list->entries[i].key, list->entries[i].name);
    }
    bool done = text.failed ? pm_fail(error, PM_ERROR_MEMORY, "out of memory for the list of keys")
                            : pm_file_write_atomic(path, text.data == NULL ? "" : text.data,
                                                   text.length, 0600, true, error);
    pm_text_clear(&text);
    return done;
}
