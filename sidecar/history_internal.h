/* The history's inside, shared by its files. */
#ifndef PM_SIDECAR_HISTORY_INTERNAL_H
#define PM_SIDECAR_HISTORY_INTERNAL_H

#include "sidecar/history.h"

#include <pthread.h>
#include <sqlite3.h>

/* The columns of samples, in the order of enum pm_series. */
#define PM_HISTORY_COLUMNS                                                                         \
    "reputation, reputation_total, reputation_per_hour, accuracy, success_rate, balance_rao, "     \
    "lifetime_rao, best_score, pool_best_score, evaluations, evolutions"

struct pm_history {
    sqlite3 *database;
    pthread_mutex_t mutex;
    int64_t last_line;
    unsigned samples_added;
};

/* All of them with the mutex held, or before anybody else knows the history. */

/* False, with the database's own words for what went wrong while `doing`. */
bool pm_history_fail(const struct pm_history *history, const char *doing, struct pm_error *error);
bool pm_history_execute(const struct pm_history *history, const char *sql, struct pm_error *error);
/* NULL with the error set; the caller finalizes. */
sqlite3_stmt *pm_history_prepare(const struct pm_history *history, const char *sql,
                                 struct pm_error *error);
/* Ends the transaction, as `done` says. */
bool pm_history_end(const struct pm_history *history, bool done, struct pm_error *error);

#endif
