/* Changing a settings file as its owner would by hand: what is not changed stays as it was, down to
 * the blanks and the order. */
#ifndef CLI_SETTINGS_EDIT_H
#define CLI_SETTINGS_EDIT_H

#include <cjson/cJSON.h>

#include <poolminer/error.h>

/* `text` with the members of `changes` in it: those that are there get the new value in place,
 * those that are not are added at the end, those that change to null are taken away. `text` ""
 * stands for an empty object. The caller frees; NULL with the error set: `text` is no JSON object,
 * or memory is out. */
char *settings_edit(const char *text, const cJSON *changes, struct pm_error *error);

#endif
