/* The view's inside, shared by its files. */
#ifndef PM_SIDECAR_VIEW_INTERNAL_H
#define PM_SIDECAR_VIEW_INTERNAL_H

#include "sidecar/view.h"
#include "sidecar/view_state.h"

#include <pthread.h>

#include <poolminer/queue_client.h>

enum { PM_VIEW_PENDING_MAX = 256, PM_VIEW_NOT_PAID_STATES = 3 };

struct pm_view {
    struct pm_view_config config;
    struct pm_history *history;
    pthread_t thread;
    int64_t started_ms; /* unix */
    bool complained;    /* of a history that cannot be written; the view's thread alone */
    struct pm_history_line writing[PM_VIEW_PENDING_MAX]; /* likewise */

    /* One call to the broker at a time, and this is held meanwhile. The broker's thread never takes
     * it. */
    pthread_mutex_t client_mutex;
    struct pm_queue_client *client;
    cJSON *not_paid;                                  /* as asked for last, */
    int64_t not_paid_counts[PM_VIEW_NOT_PAID_STATES]; /* when there were so many */

    /* Whom to tell; held while telling. */
    pthread_mutex_t listener_mutex;
    void (*listener)(void *context);
    void *listener_context;

    /* Everything below; only ever held for a moment. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct pm_history_line pending[PM_VIEW_PENDING_MAX]; /* lines that have come */
    size_t pending_count;
    char *report;      /* the supervisor's last */
    int64_t report_ms; /* monotonic, likewise below */
    char *order;       /* the page's last */
    int64_t order_number;
    char *state; /* NULL: none yet */
    int64_t state_ms;
    uint64_t version;
    int watchers;
    int64_t wanted_until_ms;
    int64_t due_ms; /* when the last state was begun; 0: one is wanted now */
    bool stopping;
};

/* view.c: the state is made anew now. */
void pm_view_renew(struct pm_view *view);
/* With the mutex held: does somebody look, or has lately? */
bool pm_view_is_watched(const struct pm_view *view);

/* view_lines.c: this process's own log, as pm_log_observe takes it. */
void pm_view_observe(void *context, enum pm_log_level level, const char *id, const char *message,
                     int64_t unix_ms);

/* view_orders.c: the supervisor's last report, parsed; NULL: none lately. */
cJSON *pm_view_report(struct pm_view *view);

/* view_ask.c: what the broker is asked, with the client's mutex held. */
bool pm_view_ask_status(struct pm_view *view, cJSON **out, struct pm_error *error);
/* The records of drivers' figures of all the runs that `status` lists. */
bool pm_view_ask_figures(struct pm_view *view, const cJSON *status, cJSON **out,
                         struct pm_error *error);

/* view_results.c, likewise: view->not_paid becomes what it is at `status`. */
void pm_view_ask_not_paid(struct pm_view *view, const cJSON *status);

/* The newest warnings and errors of the last day, each with its remedy; NULL: no memory. */
cJSON *pm_view_errors(struct pm_view *view);

#endif
