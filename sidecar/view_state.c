#include "sidecar/view_state.h"

#include <math.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/wish.h>

enum {
    FRESH_MS = 180000, /* a driver records its figures once a minute at least */
    NOT_PAID_MAX = 8,  /* shown */
};

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

/* ---- remedies ---- */

static const struct {
    const char *id, *text;
} REMEDIES[] = {
#include "remedies.inc"
};

const char *pm_remedy(const char *log_id)
{
    for (size_t i = 0; i < sizeof REMEDIES / sizeof *REMEDIES; i++) {
        if (strcmp(REMEDIES[i].id, log_id) == 0) {
            return REMEDIES[i].text;
        }
    }
    return "";
}

/* ---- which miner ---- */

/* The one that the supervisor speaks of; else the one that was heard last. */
static const cJSON *choose_miner(const struct pm_view_parts *parts)
{
    const char *hotkey = text_of(parts->report, "hotkey");
    const char *run = text_of(parts->report, "run");
    const cJSON *chosen = NULL;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, parts->figures)
    {
        bool fits = (hotkey[0] == '\0' || strcmp(hotkey, text_of(item, "hotkey")) == 0) &&
                    (run[0] == '\0' || strcmp(run, text_of(item, "run")) == 0);
        if (fits && (chosen == NULL || pm_json_number_or(item, "recorded_ms", 0) >
                                           pm_json_number_or(chosen, "recorded_ms", 0))) {
            chosen = item;
        }
    }
    return chosen;
}

bool pm_view_is_of_account(const char *key, const char *account)
{
    const char *begin = strchr(key, '/');
    size_t length = strlen(account);
    return begin != NULL && strncmp(begin + 1, account, length) == 0 && begin[1 + length] == '/';
}

static const char *describe(const struct pm_view_parts *parts, const cJSON *miner)
{
    bool paused = strcmp(text_of(parts->status, "wish"), pm_wish_name(PM_WISH_PAUSE)) == 0;
    const char *reported = text_of(parts->report, "status");
    if (reported[0] != '\0') {
        return paused && strcmp(reported, "mining") == 0 ? "paused" : reported;
    }
    const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(parts->status, "jobs");
    bool fresh = miner != NULL &&
                 (double)parts->now_ms - pm_json_number_or(miner, "recorded_ms", 0) < FRESH_MS;
    bool busy = fresh || pm_json_number_or(jobs, "leased", 0) > 0;
    return busy && paused ? "paused" : busy ? "mining" : "idle";
}

/* ---- the document ---- */

/* Adding to NULL fails as adding without memory does: only the last answer need be looked at. */
struct document {
    cJSON *object;
    bool complete;
};

static void add(struct document *document, const char *name, cJSON *item)
{
    document->complete = pm_json_add(document->object, name, item) && document->complete;
}

static void add_number(struct document *document, const char *name, double value)
{
    add(document, name, cJSON_CreateNumber(value));
}

/* A copy, or null. */
static void add_copy(struct document *document, const char *name, const cJSON *value)
{
    document->complete = pm_json_add_copy(document->object, name, value) && document->complete;
}

static void add_counts(struct document *document, const cJSON *status)
{
    const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(status, "jobs");
    const cJSON *records = cJSON_GetObjectItemCaseSensitive(status, "records");
    add_number(document, "completed_jobs", pm_json_number_or(jobs, "completed", 0));
    add_number(document, "failed_jobs", pm_json_number_or(jobs, "gone_wrong", 0));
    add_number(document, "successful_submissions", pm_json_number_or(records, "submitted", 0));
    add_number(document, "refused_submissions", pm_json_number_or(records, "refused", 0));
    add_number(document, "expired_leases", pm_json_number_or(records, "expired", 0));
    add_number(document, "unpaid_results", pm_json_number_or(records, "unpaid", 0));
}

static void add_queue(struct document *document, const cJSON *status)
{
    static const char *const parts[] = {"jobs",     "workers",     "set_aside",
                                        "clients",  "connections", "closed_connections",
                                        "lease_ms", "wish"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        add_copy(document, parts[i], cJSON_GetObjectItemCaseSensitive(status, parts[i]));
    }
}

/* What this miner did for nothing. */
static void add_not_paid(struct document *document, const struct pm_view_parts *parts,
                         const cJSON *miner)
{
    const char *account = text_of(miner, "account");
    cJSON *list = cJSON_CreateArray();
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, parts->not_paid)
    {
        if (cJSON_GetArraySize(list) < NOT_PAID_MAX &&
            (account[0] == '\0' || pm_view_is_of_account(text_of(item, "key"), account))) {
            pm_json_append(list, cJSON_Duplicate(item, true));
        }
    }
    add(document, "not_paid", list);
}

char *pm_view_state_write(const struct pm_view_parts *parts)
{
    struct document document = {.object = cJSON_CreateObject(), .complete = true};
    const cJSON *miner = choose_miner(parts);
    add(&document, "status", cJSON_CreateString(describe(parts, miner)));
    add(&document, "version", cJSON_CreateString(PM_VERSION));
    add_number(&document, "now_ms", (double)parts->now_ms);
    add_number(&document, "started_ms", (double)parts->started_ms);
    add_number(&document, "uptime_s", (double)(parts->now_ms - parts->started_ms) / 1000);
    add_counts(&document, parts->status);
    add_copy(&document, "miner", miner);
    add_copy(&document, "miners", parts->figures);
    add_copy(&document, "supervisor", parts->report);
    cJSON_DeleteItemFromObjectCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(document.object, "supervisor"), "settings");
    add_queue(&document, parts->status);
    add_copy(&document, "errors", parts->errors);
    add_not_paid(&document, parts, miner);
    add_number(&document, "last_line", (double)parts->last_line);
    char *text = document.complete ? pm_json_print(document.object, NULL) : NULL;
    cJSON_Delete(document.object);
    return text;
}

/* ---- samples ---- */

/* A rate of nothing is no rate. */
static double rate(const cJSON *stats, const char *name, const char *of)
{
    return pm_json_number_or(stats, of, 1) > 0 ? pm_json_number_or(stats, name, NAN) : (double)NAN;
}

bool pm_view_sample(const cJSON *figures, int64_t *unix_ms, double values[PM_SERIES_COUNT])
{
    const cJSON *stats = cJSON_GetObjectItemCaseSensitive(figures, "stats");
    const cJSON *pool = cJSON_GetObjectItemCaseSensitive(stats, "pool");
    double at_ms = pm_json_number_or(figures, "stats_ms", 0);
    if (!cJSON_IsObject(stats) || !(at_ms > 0 && at_ms < PM_JSON_WHOLE_MAX)) {
        return false;
    }
    *unix_ms = (int64_t)at_ms;
    values[PM_SERIES_REPUTATION] = pm_json_number_or(stats, "reputation", NAN);
    values[PM_SERIES_REPUTATION_TOTAL] = pm_json_number_or(stats, "reputation_total", NAN);
    values[PM_SERIES_REPUTATION_PER_HOUR] = pm_json_number_or(stats, "reputation_per_hour", NAN);
    values[PM_SERIES_ACCURACY] = rate(stats, "accuracy_rate", "evaluations_finalised");
    values[PM_SERIES_SUCCESS_RATE] = rate(stats, "success_rate", "evolutions_finalised");
    values[PM_SERIES_BALANCE_RAO] = pm_json_number_or(stats, "balance_rao", NAN);
    values[PM_SERIES_LIFETIME_RAO] = pm_json_number_or(stats, "lifetime_rao", NAN);
    values[PM_SERIES_BEST_SCORE] = rate(stats, "best_score", "evolutions_finalised");
    values[PM_SERIES_POOL_BEST_SCORE] = pm_json_number_or(pool, "best_score", NAN);
    values[PM_SERIES_EVALUATIONS] = pm_json_number_or(stats, "evaluations_submitted", NAN);
    values[PM_SERIES_EVOLUTIONS] = pm_json_number_or(stats, "evolutions_submitted", NAN);
    return true;
}
