/* The document that /state and the verb `state` show, made from its parts. Pure. */
#ifndef PM_SIDECAR_VIEW_STATE_H
#define PM_SIDECAR_VIEW_STATE_H

#include "sidecar/history.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_view_parts {
    const cJSON *status;  /* the broker's */
    const cJSON *figures; /* an array of what drivers recorded, each with "run" and "recorded_ms" */
    const cJSON *report;  /* the supervisor's; NULL: none has reported lately */
    const cJSON *errors;  /* an array of log lines, the newest first */
    /* An array of results that earned nothing, the newest first, each with "key"; NULL: none. */
    const cJSON *not_paid;
    int64_t now_ms, started_ms; /* unix */
    int64_t last_line;
};

/* NULL: no memory. */
char *pm_view_state_write(const struct pm_view_parts *parts);

/* Is a record with this key, as "lease/ACCOUNT/7", the account's? */
bool pm_view_is_of_account(const char *key, const char *account);

/* What to do about a log line with this id, as docs/log-ids.md says; "" for one it does not list.
 */
const char *pm_remedy(const char *log_id);

/* The figures of one record as values of the series, NAN for what it does not say; and their
 * moment. False: nothing that could be drawn. */
bool pm_view_sample(const cJSON *figures, int64_t *unix_ms, double values[PM_SERIES_COUNT]);

#endif
