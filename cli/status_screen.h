/* `poolminer status` for people: what is running, what it earns, and what is wrong. */
#ifndef CLI_STATUS_SCREEN_H
#define CLI_STATUS_SCREEN_H

#include "cli/screen.h"
#include "cli/status_find.h"

#include <stdint.h>

/* Pure: `now_ms` (unix) is for durations and for leaving out what is old. */
void status_screen_write(struct screen *screen, const struct status_found *found, int64_t now_ms);

#endif
