/* What `poolminer status` shows, as its parts read it: one status, the members of it that they
 * need, and the screen they write to. All objects belong to the status and may be NULL. */
#ifndef CLI_STATUS_VIEW_H
#define CLI_STATUS_VIEW_H

#include "cli/screen.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct status_view {
    struct screen *screen;
    const cJSON *state; /* docs/page.md, "What can be read"; the others are parts of it */
    const cJSON *miner, *stats, *counters, *balance, *supervisor;
    bool running;   /* false: `state` is what was known last */
    int64_t now_ms; /* unix */
};

/* Members of an object, which may be NULL: NULL, NAN, 0 or "" when there is no such member, or it
 * is of another type. */
const cJSON *status_member(const cJSON *object, const char *name);
double status_number(const cJSON *object, const char *name);
int64_t status_integer(const cJSON *object, const char *name);
const char *status_text(const cJSON *object, const char *name);

/* Whether the status is called so: "mining", "paused", "idle", ... */
bool status_is(const struct status_view *view, const char *name);
bool status_practises(const struct status_view *view);

/* The parts of the screen. */
void status_write_work(const struct status_view *view);     /* the lease and who computes it */
void status_write_figures(const struct status_view *view);  /* what was done and earned */
void status_write_machines(const struct status_view *view); /* threads, load, heat, power */
void status_write_trouble(const struct status_view *view);  /* what is wrong, or was not paid */

#endif
