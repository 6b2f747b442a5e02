/* What a miner was when it was last looked at, kept in its data directory for the time when it does
 * not run: the document of docs/page.md, "/state". */
#ifndef CLI_LAST_STATE_H
#define CLI_LAST_STATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/error.h>

/* Asks the sidecar, which has a third of a second, and writes down what it says. Nothing hangs on
 * it: what fails is left for the next time. */
void last_state_keep(const char *sidecar_url, const char *data_directory);

/* The caller deletes *out. PM_ERROR_NOT_FOUND: no miner has ever run with this directory. */
bool last_state_read(const char *data_directory, cJSON **out, struct pm_error *error);

#endif
