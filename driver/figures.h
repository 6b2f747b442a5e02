/* What the driver tells of itself while it runs: one record in the sidecar, replaced when something
 * has changed, for the page and for `poolminer status`. docs/driver.md, "Figures". */
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

/* Part of struct pm_driver. */
struct pm_figures {
    bool loaded;        /* what the driver before this one recorded was looked for */
    bool changed;       /* since the record was put */
    bool pool_was_away; /* when it was put */
    char trouble[sizeof((struct pm_error *)0)->message]; /* the same */
    int64_t put_ms;                                      /* when; 0: never */
    int64_t stats_ms;   /* when the pool gave the figures it gave last; 0: never */
    cJSON *earlier;     /* those of the driver before, until the pool gives some; or NULL */
    bool stats_are_old; /* something was submitted since */
    int64_t asked_ms;   /* when the pool was asked last, for whatever answer */

    /* The lease that is being computed; id "": none. */
    char lease_id[PM_LEASE_ID_MAX + 1];
    enum pm_lease_kind lease_kind;
    int64_t lease_begun_ms, lease_deadline_ms, lease_submit_at_ms;
    size_t lease_algorithms, lease_seeds, lease_jobs, lease_jobs_done;

    cJSON *balance;                /* the pool's last answer about money, or NULL */
    int64_t balance_not_before_ms; /* a pool without that call is not asked again at once */
};

void pm_figures_lease_begun(struct pm_driver *driver, const struct pm_lease_record *record,
                            const struct pm_lease_plan *plan, size_t jobs);
void pm_figures_lease_jobs(struct pm_driver *driver, size_t jobs, size_t done);
void pm_figures_lease_over(struct pm_driver *driver);

/* The pool has just given figures, or has not. */
void pm_figures_asked(struct pm_driver *driver, bool given);
/* Should it be asked, beside the once a minute? */
bool pm_figures_are_wanted(const struct pm_driver *driver);

/* Puts the record now, with the pool's last figures from an earlier life while it has given none in
 * this one; or, the second, if something has changed and the last was not just put. What
 * the sidecar does not take is put again later; nothing waits for it. */
void pm_figures_put(struct pm_driver *driver);
void pm_figures_tick(struct pm_driver *driver);
void pm_figures_clear(struct pm_driver *driver);

#endif
