/* What can be found out about the miner here: from its sidecar, or from what it left behind. */
#ifndef CLI_STATUS_FIND_H
#define CLI_STATUS_FIND_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

enum { STATUS_REASON_SIZE = 512 };

struct status_found {
    bool running; /* the sidecar answered; else: */
    char reason[STATUS_REASON_SIZE];
    /* The document of docs/page.md, "/state": as it is, or as it was last; NULL: none. */
    cJSON *state;
};

/* Takes three seconds at most: for two it is asked anew, and the last call may wait for one. False:
 * the options are not as they should be, or asked to stop. */
bool status_find(const struct pm_options *options, struct status_found *out,
                 struct pm_error *error);
void status_found_clear(struct status_found *found);

#endif
