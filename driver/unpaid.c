#include "driver/unpaid.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/log.h>

enum {
    VERSION = 1,
    ASK_AGAIN_MS = 60 * 60 * 1000,
    ROWS_MAX = 500,
    PAGES_MAX = 20, /* at one time */
    BODY_MAX = 4096
};

static const char state_unpaid[] = "unpaid", state_seen[] = "seen";

/* One row of the pool's answer. */
struct row {
    const char *kind; /* "evaluation" or "evolution" */
    int64_t algorithm_id, judged_ms;
    double score, median, limit; /* limit: the tolerance, or the threshold */
};

static bool read_row(const cJSON *body, const cJSON *item, struct row *row)
{
    if (!cJSON_IsObject(item) || !pm_json_string(item, "kind", &row->kind, NULL) ||
        !pm_json_integer(item, "algorithm_id", &row->algorithm_id, NULL) ||
        !pm_json_integer(item, "judged_ms", &row->judged_ms, NULL) ||
        !pm_json_number(item, "score", &row->score, NULL) ||
        !pm_json_number(item, "median", &row->median, NULL)) {
        return false;
    }
    bool evolution = strcmp(row->kind, "evolution") == 0;
    return (evolution || strcmp(row->kind, "evaluation") == 0) &&
           pm_json_number(body, evolution ? "reward_threshold" : "tolerance", &row->limit, NULL);
}

static void describe(const struct row *row, struct pm_error *reason)
{
    if (strcmp(row->kind, "evolution") == 0) {
        pm_fail(reason, PM_ERROR_REFUSED,
                "evolved algorithm %" PRId64 ": its consensus of %.4f is below the %.4f from which "
                "evolutions are rewarded",
                row->algorithm_id, row->median, row->limit);
    } else {
        pm_fail(reason, PM_ERROR_REFUSED,
                "evaluation of algorithm %" PRId64 ": outside consensus: %.4f here, the median is "
                "%.4f, the tolerance %.4f",
                row->algorithm_id, row->score, row->median, row->limit * fabs(row->median));
    }
}

static char *encode(const struct row *row)
{
    cJSON *object = cJSON_CreateObject();
    const char *limit = strcmp(row->kind, "evolution") == 0 ? "reward_threshold" : "tolerance";
    bool complete = pm_json_add_number(object, "version", VERSION) &&
                    pm_json_add_string(object, "kind", row->kind) &&
                    pm_json_add_integer(object, "algorithm_id", row->algorithm_id) &&
                    pm_json_add_number(object, "score", row->score) &&
                    pm_json_add_number(object, "median", row->median) &&
                    pm_json_add_number(object, limit, row->limit) &&
                    pm_json_add_integer(object, "judged_ms", row->judged_ms);
    char *text = complete ? pm_json_print(object, NULL) : NULL;
    cJSON_Delete(object);
    return text;
}

/* False: the sidecar did not take it. One that is there already is left alone. */
static bool keep(struct pm_driver *driver, const struct row *row)
{
    const struct pm_driver_queue *queue = &driver->queue;
    char key[PM_JOB_KEY_SIZE], known[PM_RECORD_STATE_SIZE] = "";
    struct pm_error reason = {0}, error = {0};
    snprintf(key, sizeof key, "unpaid/%s/%s/%" PRId64, driver->account, row->kind,
             row->algorithm_id);
    if (!queue->record_state(queue->context, driver->settings.run_id, key, known, &error)) {
        return false;
    }
    if (known[0] != '\0') {
        return true;
    }
    describe(row, &reason);
    char *body = encode(row);
    const struct pm_record_put put = {.run_id = driver->settings.run_id,
                                      .key = key,
                                      .state = state_unpaid,
                                      .reason = reason.message,
                                      .body = body,
                                      .body_size = body != NULL ? strlen(body) : 0};
    bool kept = body != NULL && queue->record_put(queue->context, &put, &error);
    free(body);
    if (kept) {
        driver->counters.unpaid++;
        pm_log(PM_LOG_INFO, "DRIVER-UNPAID", "%s", reason.message);
    }
    return kept;
}

/* ---- up to where the pool's judgements are known ---- */

static void seen_key(const struct pm_driver *driver, char out[PM_JOB_KEY_SIZE])
{
    snprintf(out, PM_JOB_KEY_SIZE, "unpaid-seen/%s", driver->account);
}

static bool load_seen(struct pm_driver *driver)
{
    const struct pm_driver_queue *queue = &driver->queue;
    char key[PM_JOB_KEY_SIZE];
    struct pm_records records = {0};
    struct pm_error ignored = {0}; /* the next minute is as good */
    cJSON *body = NULL;
    seen_key(driver, key);
    if (!queue->records(queue->context, driver->settings.run_id, key, state_seen, 1, &records,
                        &ignored)) {
        return false;
    }
    if (records.count == 1 &&
        pm_json_parse(records.items[0].body, records.items[0].body_size, BODY_MAX, &body, NULL)) {
        pm_json_optional_integer(body, "since_ms", &driver->unpaid.since_ms, NULL);
    }
    cJSON_Delete(body);
    pm_records_clear(&records);
    driver->unpaid.loaded = true;
    return true;
}

static void save_seen(struct pm_driver *driver)
{
    const struct pm_driver_queue *queue = &driver->queue;
    char key[PM_JOB_KEY_SIZE], body[64];
    struct pm_error ignored = {0};
    seen_key(driver, key);
    snprintf(body, sizeof body, "{\"version\":%d,\"since_ms\":%" PRId64 "}", VERSION,
             driver->unpaid.since_ms);
    const struct pm_record_put put = {.run_id = driver->settings.run_id,
                                      .key = key,
                                      .state = state_seen,
                                      .body = body,
                                      .body_size = strlen(body)};
    queue->record_put(queue->context, &put, &ignored);
}

/* ---- the whole ---- */

/* What the sidecar does not take is looked at again, for the pool tells it from the last time on;
 * false then. */
static bool keep_rows(struct pm_driver *driver, const cJSON *body, const cJSON *rows)
{
    const cJSON *item = NULL;
    int64_t before_ms = driver->unpaid.since_ms;
    bool kept = true;
    cJSON_ArrayForEach(item, rows)
    {
        struct row row = {0};
        if (!read_row(body, item, &row)) {
            continue; /* of a kind that is not known here */
        }
        kept = keep(driver, &row);
        if (!kept) {
            break;
        }
        if (row.judged_ms > driver->unpaid.since_ms) {
            driver->unpaid.since_ms = row.judged_ms;
        }
    }
    if (driver->unpaid.since_ms != before_ms) {
        save_seen(driver);
    }
    return kept;
}

/* Whether there is more, and its place, which goes into the next request and so has to be of its
 * characters. */
static bool read_next(const cJSON *body, const cJSON *rows, char out[PM_UNPAID_PLACE_SIZE])
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    const char *next = NULL;
    if (cJSON_GetArraySize(rows) < ROWS_MAX ||
        !pm_json_optional_string(body, "next", &next, NULL) || next == NULL ||
        strlen(next) >= PM_UNPAID_PLACE_SIZE || next[strspn(next, allowed)] != '\0') {
        return false;
    }
    snprintf(out, PM_UNPAID_PLACE_SIZE, "%s", next);
    return true;
}

/* One answer of the pool; false: there is no more, or not now, and then the place is kept. */
static bool take_page(struct pm_driver *driver)
{
    char *place = driver->unpaid.place;
    struct pm_answer answer;
    const cJSON *rows = NULL;
    bool more = false;
    if (!pm_pool_client_unpaid(driver->pool, driver->unpaid.since_ms,
                               place[0] != '\0' ? place : NULL, ROWS_MAX, &answer, NULL)) {
        return false;
    }
    if (answer.kind == PM_ANSWER_OK && pm_json_array(answer.body, "unpaid", &rows, NULL)) {
        bool kept = keep_rows(driver, answer.body, rows);
        more = kept && read_next(answer.body, rows, place);
        if (kept && !more) {
            place[0] = '\0';
        }
    } else if (answer.kind != PM_ANSWER_NOT_NOW) {
        place[0] = '\0';
        driver->unpaid.not_before_ms = pm_driver_now_ms(driver) + ASK_AGAIN_MS;
    }
    pm_answer_clear(&answer);
    return more;
}

void pm_unpaid_tick(struct pm_driver *driver)
{
    if (pm_driver_holds_until(driver, driver->unpaid.not_before_ms, ASK_AGAIN_MS) ||
        driver->queue_notice.active || /* a sidecar that is away takes nothing */
        (!driver->unpaid.loaded && !load_seen(driver))) {
        return;
    }
    int pages = 0;
    do {
        pages++;
    } while (take_page(driver) && pages < PAGES_MAX);
}
