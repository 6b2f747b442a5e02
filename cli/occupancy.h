/* Whether another miner already runs here: told before anything is started, in words that name the
 * option that helps. */
#ifndef CLI_OCCUPANCY_H
#define CLI_OCCUPANCY_H

#include <stdbool.h>

#include <poolminer/error.h>

/* Takes the data directory for this process: *lock is to be given to occupancy_unlock, and is held
 * until then or until the process ends. PM_ERROR_REFUSED when another process has it. */
bool occupancy_lock(const char *data_directory, int *lock, struct pm_error *error);
void occupancy_unlock(int lock); /* -1: nothing to do */

/* Whether a miner runs with these files now. */
bool occupancy_is_held(const char *data_directory);

/* PM_ERROR_REFUSED when something listens on this port of 127.0.0.1. */
bool occupancy_check_port(int port, struct pm_error *error);

#endif
