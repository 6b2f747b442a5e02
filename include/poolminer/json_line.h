/* Results as JSON for programs: one value a line on standard output. */
#ifndef POOLMINER_JSON_LINE_H
#define POOLMINER_JSON_LINE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/error.h>

/* Prints the value as a line, at once. PM_ERROR_MEMORY. */
bool pm_json_line_print(const cJSON *value, struct pm_error *error);

/* Prints an object that was built for this, and deletes it. `complete` false, or `object` NULL,
 * says that memory was out while it was built: then nothing is printed, and that is the error. */
bool pm_json_line_print_built(cJSON *object, bool complete, struct pm_error *error);

#endif
