#include "cli/settings_edit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/text.h>

enum { TEXT_MAX = 64 * 1024 };

/* ---- finding members in text that is known to be a JSON object ---- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Behind a string, which begins at `at`. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        if (*at == '\\') {
            at++;
        }
    }
    return at + 1;
}

/* Behind a value of any kind. */
static const char *skip_value(const char *at)
{
    if (*at == '"') {
        return skip_string(at);
    }
    if (*at != '{' && *at != '[') {
        return at + strcspn(at, ",}] \t\r\n");
    }
    int depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        depth += *at == '{' || *at == '[' ? 1 : 0;
        depth -= *at == '}' || *at == ']' ? 1 : 0;
        at++;
    } while (depth > 0);
    return at;
}

/* Where one member is. */
struct member {
    const char *begin;       /* of its name */
    const char *value, *end; /* `end`: behind the value */
    const char *before,
        *next; /* the end of the member before, or NULL; this one's comma, or NULL */
};

/* Does the string at `at` say `name`? It may be written with escapes. */
static bool is_named(const char *at, const char *name)
{
    const char *end = skip_string(at);
    cJSON *string = cJSON_ParseWithLength(at, (size_t)(end - at));
    bool same = cJSON_IsString(string) && strcmp(string->valuestring, name) == 0;
    cJSON_Delete(string);
    return same;
}

/* The member of this name; else false, and `found` is of the last one, if there is any. */
static bool find_member(const char *text, const char *name, struct member *found)
{
    const char *before = NULL;
    const char *at = skip_blanks(strchr(text, '{') + 1);
    *found = (struct member){0};
    while (*at == '"') {
        struct member member = {.begin = at, .before = before};
        member.value = skip_blanks(skip_blanks(skip_string(at)) + 1);
        member.end = skip_value(member.value);
        at = skip_blanks(member.end);
        member.next = *at == ',' ? at : NULL;
        *found = member;
        if (is_named(member.begin, name)) {
            return true;
        }
        before = member.end;
        at = *at == ',' ? skip_blanks(at + 1) : at;
    }
    return false;
}

/* ---- one change ---- */

static void append_range(struct pm_text *out, const char *begin, const char *end)
{
    pm_text_append_bytes(out, begin, (size_t)(end - begin));
}

/* Replaces the bytes from `begin` to `end`. */
static char *splice(const char *text, const char *begin, const char *end, const char *with)
{
    struct pm_text out = {0};
    append_range(&out, text, begin);
    pm_text_append(&out, "%s%s", with, end);
    if (out.failed) {
        pm_text_clear(&out);
    }
    return out.data;
}

/* With the comma that divides it from its neighbour, and the blanks up to it. */
static char *remove_member(const char *text, const struct member *member)
{
    if (member->before != NULL) {
        return splice(text, member->before, member->end, "");
    }
    return splice(text, member->begin,
                  member->next != NULL ? skip_blanks(member->next + 1) : member->end, "");
}

/* Behind the last member, set off as that one is. */
static char *add_member(const char *text, const struct member *last, const char *name,
                        const char *value)
{
    struct pm_text with = {0};
    const char *place = last->end != NULL ? last->end : strchr(text, '{') + 1;
    if (last->end == NULL) {
        pm_text_append(&with, "\n    %s: %s\n", name, value);
        place = skip_blanks(place);
        char *made = with.failed ? NULL : splice(text, strchr(text, '{') + 1, place, with.data);
        pm_text_clear(&with);
        return made;
    }
    const char *line = last->begin;
    while (line > text && strchr(" \t\r\n", line[-1]) != NULL) {
        line--;
    }
    pm_text_append(&with, ",");
    append_range(&with, line, last->begin);
    pm_text_append(&with, "%s: %s", name, value);
    char *made = with.failed ? NULL : splice(text, place, place, with.data);
    pm_text_clear(&with);
    return made;
}

static char *set_member(const char *text, const struct member *member, bool there,
                        const cJSON *change)
{
    cJSON *name = cJSON_CreateString(change->string);
    char *quoted = name != NULL ? pm_json_print(name, NULL) : NULL;
    char *value = pm_json_print(change, NULL);
    char *made = NULL;
    if (quoted != NULL && value != NULL) {
        made = there ? splice(text, member->value, member->end, value)
                     : add_member(text, member, quoted, value);
    }
    cJSON_Delete(name);
    free(quoted);
    free(value);
    return made;
}

static char *apply(const char *text, const cJSON *change)
{
    struct member member;
    bool there = find_member(text, change->string, &member);
    if (!cJSON_IsNull(change)) {
        return set_member(text, &member, there, change);
    }
    return there ? remove_member(text, &member) : strdup(text);
}

/* ---- the whole ---- */

static bool is_object(const char *text, struct pm_error *error)
{
    cJSON *root = NULL;
    const size_t mark = pm_text_mark_length(text, strlen(text));
    if (!pm_json_parse(text + mark, strlen(text) - mark, TEXT_MAX, &root, error)) {
        return false;
    }
    bool object = cJSON_IsObject(root);
    cJSON_Delete(root);
    return object || pm_fail(error, PM_ERROR_INVALID, "expected a JSON object of settings");
}

char *settings_edit(const char *text, const cJSON *changes, struct pm_error *error)
{
    char *edited = strdup(text[0] != '\0' ? text : "{}\n");
    const cJSON *change = NULL;
    if (edited != NULL && !is_object(edited, error)) {
        free(edited);
        return NULL;
    }
    cJSON_ArrayForEach(change, changes)
    {
        char *next = edited != NULL ? apply(edited, change) : NULL;
        free(edited);
        edited = next;
    }
    if (edited == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "settings: no memory");
    }
    return edited;
}
