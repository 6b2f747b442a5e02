/* What the driver tells about itself while it runs, for the page and for `poolminer status`. It
 * keeps one record of it in the sidecar, and replaces that whenever something has changed. See
 * docs/driver.md, "Figures". */
#ifndef DRIVER_FIGURES_H
#define DRIVER_FIGURES_H

#include "driver/lease_record.h"
#include "driver/timing.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_driver;

/* The state that the record of figures is in. */
#define PM_FIGURES_STATE "figures"

/* Part of struct pm_driver. "The pool's figures" are what its /miners/stats answers. Times are unix
 * milliseconds by our clock. */
struct pm_figures {
    bool loaded;    /* the record that an earlier process of this driver left has been looked for */
    bool changed;   /* something differs from the record that was put last */
    int64_t put_ms; /* when that was put; 0: never */
    bool pool_was_away; /* what it said: whether the pool did not answer, */
    char trouble[sizeof((struct pm_error *)0)->message]; /* and why there was no work */

    int64_t asked_ms;   /* when the pool was last asked for its figures, answered or not */
    int64_t stats_ms;   /* when it last gave them; 0: never */
    bool stats_are_old; /* something has been submitted since then */
    /* The figures of an earlier process, used until the pool gives new ones. May be NULL. */
    cJSON *earlier;

    /* The lease that is being computed; id "": none. */
    char lease_id[PM_LEASE_ID_MAX + 1];
    enum pm_lease_kind lease_kind;
    int64_t lease_begun_ms, lease_deadline_ms, lease_submit_at_ms;
    size_t lease_algorithms, lease_seeds, lease_jobs, lease_jobs_done;

    cJSON *balance; /* the pool's last answer about the money it owes this miner, or NULL */
    /* A pool that does not have that call is not asked again before this time. */
    int64_t balance_not_before_ms;
};

/* Notes that a lease of so many jobs has begun; how many jobs it has now and how many of them are
 * done; that it has ended. */
void pm_figures_lease_begun(struct pm_driver *driver, const struct pm_lease_record *record,
                            const struct pm_lease_plan *plan, size_t jobs);
void pm_figures_lease_jobs(struct pm_driver *driver, size_t jobs, size_t done);
void pm_figures_lease_over(struct pm_driver *driver);

/* Notes that the pool has just been asked for its figures, and whether it has `given` them. */
void pm_figures_asked(struct pm_driver *driver, bool given);
/* Whether to ask the pool for its figures now, in addition to once a minute: true when something
 * was submitted since it gave them and the pool was not asked just before. */
bool pm_figures_are_wanted(const struct pm_driver *driver);

/* Puts the record into the sidecar. Should the sidecar not take it, pm_figures_tick tries again;
 * nothing waits for it. */
void pm_figures_put(struct pm_driver *driver);
/* To be called often: puts the record if something has changed, at most once a second. */
void pm_figures_tick(struct pm_driver *driver);
void pm_figures_clear(struct pm_driver *driver);

#endif
