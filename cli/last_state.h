/* The state of a miner, as its page shows it (docs/page.md, "/state"), kept in a file in its data
 * directory: `status` shows it while the miner does not run. */
#ifndef CLI_LAST_STATE_H
#define CLI_LAST_STATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/error.h>

/* Asks the sidecar for the state and writes the file. The sidecar has a third of a second to
 * answer. Errors are ignored, since the next call may succeed. */
void last_state_keep(const char *sidecar_url, const char *data_directory);

/* Reads the file; the caller deletes *out. PM_ERROR_NOT_FOUND: no miner has ever run with this
 * directory. */
bool last_state_read(const char *data_directory, cJSON **out, struct pm_error *error);

#endif
