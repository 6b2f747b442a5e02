/* The sidecar's view of the miner: what people, the page and tools see of it. It is one more client
 * of the broker, over inproc, asked only as often as somebody looks; and it takes what programs
 * tell (log lines, a supervisor's reports) without ever waiting, so that nothing of this stands in
 * the queue's way. docs/page.md describes the documents. Safe from several threads. */
#ifndef PM_SIDECAR_VIEW_H
#define PM_SIDECAR_VIEW_H

#include "sidecar/history.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/json.h>
#include <poolminer/wish.h>

enum {
    PM_VIEW_LINES_MAX = 64, /* of one `tell` */
    PM_VIEW_REPORT_MAX = 48 * 1024,
    PM_VIEW_ORDER_MAX = 16 * 1024,
    /* Levels that are around a report in the reply to `state`: the reply, the state; and around an
     * order in the reply to `supervise`. */
    PM_VIEW_REPORT_DEPTH_MAX = PM_JSON_MAX_DEPTH - 2,
    PM_VIEW_ORDER_DEPTH_MAX = PM_JSON_MAX_DEPTH - 1,
    PM_VIEW_RESULTS_MAX = 100, /* of one page */
};

struct pm_view;

struct pm_view_config {
    void *context;       /* the broker's ZeroMQ context, */
    const char *url;     /* and where in it the broker listens */
    const char *history; /* file; NULL: nothing outlives the process */
    const atomic_bool *stop;
};

/* Also observes this process's log. The broker need not run yet. */
bool pm_view_create(const struct pm_view_config *config, struct pm_view **out,
                    struct pm_error *error);
/* Before the broker's context ends. */
void pm_view_destroy(struct pm_view *view);

/* ---- for the broker's thread: these never wait ---- */

/* `lines` as in docs/sidecar-protocol.md. PM_ERROR_INVALID, PM_ERROR_LIMIT; lines for which there
 * is no room at the moment are dropped. */
bool pm_view_tell(struct pm_view *view, const char *program, const cJSON *lines,
                  struct pm_error *error);
/* Takes a supervisor's report. *number: of the page's latest order, 0 while there was none; *order:
 * its text (the caller frees), or NULL. */
bool pm_view_supervise(struct pm_view *view, const cJSON *report, int64_t *number, char **order,
                       struct pm_error *error);
/* A copy of the state's text as it was made last (the caller frees), and its age; asking makes it
 * anew soon. PM_ERROR_UNAVAILABLE: not made yet. */
bool pm_view_state_last(struct pm_view *view, char **json, int64_t *age_ms, struct pm_error *error);

/* ---- for the page's threads ---- */

/* The state, made anew if it is older than a second; waits two seconds at most. */
bool pm_view_state(struct pm_view *view, char **json, int64_t *age_ms, struct pm_error *error);

/* Somebody looks on: the state is made anew every second meanwhile. */
void pm_view_watch(struct pm_view *view, bool begins);
/* `changed` is called, from the view's thread, when there is a new state or a new line. */
void pm_view_set_listener(struct pm_view *view, void (*changed)(void *context), void *context);
/* Ascends with every new state. */
uint64_t pm_view_version(struct pm_view *view);

struct pm_history *pm_view_history(struct pm_view *view);

/* {"results": [...], "cursor": N or null}: closed leases and results that were not paid, the newest
 * first, below the cursor `before` (0: from the newest on). NULL with the error set;
 * PM_ERROR_UNAVAILABLE: the broker is busy. */
cJSON *pm_view_results(struct pm_view *view, int64_t before, size_t limit, struct pm_error *error);

/* An order for the supervisor, which gets *number. PM_ERROR_UNAVAILABLE: none has reported for some
 * seconds. */
bool pm_view_order(struct pm_view *view, const cJSON *order, int64_t *number,
                   struct pm_error *error);

/* What the supervisor reports of its settings; NULL with the error set. PM_ERROR_UNAVAILABLE: none
 * has reported for some seconds. */
cJSON *pm_view_settings(struct pm_view *view, struct pm_error *error);

/* A person's wish for all workers: as the verb `wish`. */
bool pm_view_wish(struct pm_view *view, enum pm_wish wish, struct pm_error *error);

/* Jobs set aside: as the verbs of these names. */
bool pm_view_retry(struct pm_view *view, int64_t job, struct pm_error *error);
bool pm_view_discard(struct pm_view *view, int64_t job, struct pm_error *error);

#endif
