#include "driver/figures.h"

#include "driver/driver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/log.h>

enum {
    VERSION = 1,
    PUT_EVERY_MS = 1000,
    ASK_AGAIN_MS = 10000, /* after a submission the pool's figures are new */
    NO_BALANCE_MS = 3600 * 1000,
};

/* ---- what has happened ---- */

void pm_figures_lease_begun(struct pm_driver *driver, const struct pm_lease_record *record,
                            const struct pm_lease_plan *plan, size_t jobs)
{
    struct pm_figures *figures = &driver->figures;
    const struct pm_lease *lease = &record->lease;
    snprintf(figures->lease_id, sizeof figures->lease_id, "%s", lease->id);
    figures->lease_kind = lease->kind;
    figures->lease_begun_ms = pm_driver_now_ms(driver);
    figures->lease_deadline_ms = record->deadline_ms;
    figures->lease_submit_at_ms = plan->submit_at_ms;
    figures->lease_algorithms = lease->evaluate.count;
    figures->lease_seeds = lease->seeds.count;
    figures->lease_jobs = jobs;
    figures->lease_jobs_done = 0;
    figures->changed = true;
}

void pm_figures_lease_jobs(struct pm_driver *driver, size_t jobs, size_t done)
{
    struct pm_figures *figures = &driver->figures;
    figures->changed =
        figures->changed || figures->lease_jobs != jobs || figures->lease_jobs_done != done;
    figures->lease_jobs = jobs;
    figures->lease_jobs_done = done;
}

void pm_figures_lease_over(struct pm_driver *driver)
{
    driver->figures.lease_id[0] = '\0';
    driver->figures.changed = true;
    driver->figures.stats_are_old = true;
}

/* ---- the pool's figures ---- */

/* Not every pool tells it, and nothing hangs on it. */
static void ask_balance(struct pm_driver *driver)
{
    struct pm_figures *figures = &driver->figures;
    struct pm_answer answer;
    if (pm_driver_holds_until(driver, figures->balance_not_before_ms, NO_BALANCE_MS) ||
        !pm_pool_client_balance(driver->pool, driver->address, &answer, NULL)) {
        return;
    }
    if (answer.kind == PM_ANSWER_OK && answer.body != NULL) {
        cJSON_Delete(figures->balance);
        figures->balance = answer.body;
        answer.body = NULL;
    } else if (answer.kind != PM_ANSWER_NOT_NOW) {
        figures->balance_not_before_ms = pm_driver_now_ms(driver) + NO_BALANCE_MS;
    }
    pm_answer_clear(&answer);
}

void pm_figures_asked(struct pm_driver *driver, bool given)
{
    struct pm_figures *figures = &driver->figures;
    figures->asked_ms = pm_driver_now_ms(driver);
    figures->changed = true;
    if (given) {
        figures->stats_ms = figures->asked_ms;
        figures->stats_are_old = false;
        ask_balance(driver);
    }
}

bool pm_figures_are_wanted(const struct pm_driver *driver)
{
    const struct pm_figures *figures = &driver->figures;
    return figures->stats_are_old && !driver->pool_notice.active &&
           !pm_driver_holds_until(driver, figures->asked_ms + ASK_AGAIN_MS, ASK_AGAIN_MS);
}

/* ---- what an earlier driver knew ---- */

/* What another pool said would be taken for this one's. */
static void take_earlier(struct pm_driver *driver, const cJSON *record)
{
    struct pm_figures *figures = &driver->figures;
    const char *pool = NULL;
    const cJSON *stats = cJSON_GetObjectItemCaseSensitive(record, "stats");
    const cJSON *balance = cJSON_GetObjectItemCaseSensitive(record, "balance");
    int64_t version = 0, stats_ms = 0;
    if (!pm_json_integer(record, "version", &version, NULL) || version != VERSION ||
        !pm_json_string(record, "pool", &pool, NULL) ||
        strcmp(pool, pm_pool_client_url(driver->pool)) != 0 ||
        !pm_json_integer(record, "stats_ms", &stats_ms, NULL) || stats_ms <= 0 ||
        !cJSON_IsObject(stats)) {
        return;
    }
    if (figures->stats_ms == 0) {
        figures->stats_ms = stats_ms;
        figures->earlier = cJSON_Duplicate(stats, true);
    }
    if (figures->balance == NULL && cJSON_IsObject(balance)) {
        figures->balance = cJSON_Duplicate(balance, true);
    }
}

/* Before the first record is put in its place. False: the sidecar did not answer. */
static bool load_earlier(struct pm_driver *driver, const char *key)
{
    const struct pm_driver_queue *queue = &driver->queue;
    struct pm_figures *figures = &driver->figures;
    struct pm_records records = {0};
    struct pm_error ignored = {0}; /* what cannot be read is as good as none */
    cJSON *record = NULL;
    if (!queue->records(queue->context, driver->settings.run_id, key, PM_FIGURES_STATE, 1, &records,
                        &ignored)) {
        return false;
    }
    if (records.count == 1 && pm_json_parse(records.items[0].body, records.items[0].body_size,
                                            PM_JOB_BODY_MAX, &record, NULL)) {
        take_earlier(driver, record);
    }
    cJSON_Delete(record);
    pm_records_clear(&records);
    figures->loaded = true;
    return true;
}

/* ---- the record ---- */

static bool add_lease(cJSON *object, const struct pm_figures *figures)
{
    if (figures->lease_id[0] == '\0') {
        return pm_json_add_null(object, "lease");
    }
    cJSON *lease = cJSON_AddObjectToObject(object, "lease");
    return pm_json_add_string(lease, "id", figures->lease_id) &&
           pm_json_add_string(lease, "kind", pm_lease_kind_name(figures->lease_kind)) &&
           pm_json_add_integer(lease, "begun_ms", figures->lease_begun_ms) &&
           pm_json_add_integer(lease, "deadline_ms", figures->lease_deadline_ms) &&
           pm_json_add_integer(lease, "submit_at_ms", figures->lease_submit_at_ms) &&
           pm_json_add_integer(lease, "algorithms", (int64_t)figures->lease_algorithms) &&
           pm_json_add_integer(lease, "seeds", (int64_t)figures->lease_seeds) &&
           pm_json_add_integer(lease, "jobs", (int64_t)figures->lease_jobs) &&
           pm_json_add_integer(lease, "jobs_done", (int64_t)figures->lease_jobs_done);
}

static bool add_counters(cJSON *object, const struct pm_driver *driver)
{
    const struct pm_driver_counters *counters = &driver->counters;
    return pm_json_add_integer(object, "leases", counters->leases) &&
           pm_json_add_integer(object, "leases_expired", counters->leases_expired) &&
           pm_json_add_integer(object, "submissions_accepted", counters->submissions_accepted) &&
           pm_json_add_integer(object, "submissions_refused", counters->submissions_refused) &&
           pm_json_add_integer(object, "evaluations_submitted", counters->evaluations_submitted) &&
           pm_json_add_integer(object, "evolutions_submitted", counters->evolutions_submitted) &&
           (counters->has_best ? pm_json_add_number(object, "best_score", counters->best_score)
                               : pm_json_add_null(object, "best_score"));
}

/* What keeps the pool from giving work: away, or saying no. */
static const char *trouble(const struct pm_driver *driver)
{
    if (driver->pool_notice.active) {
        return driver->pool_notice.last.message;
    }
    return driver->lease_notice.active ? driver->lease_notice.last.message : "";
}

/* NULL: no memory. */
static char *write_figures(const struct pm_driver *driver)
{
    const struct pm_figures *figures = &driver->figures;
    cJSON *object = cJSON_CreateObject();
    bool done = pm_json_add_integer(object, "version", VERSION) &&
                pm_json_add_string(object, "hotkey", driver->address) &&
                pm_json_add_string(object, "pool", pm_pool_client_url(driver->pool)) &&
                pm_json_add_bool(object, "pool_is_away", driver->pool_notice.active) &&
                pm_json_add_string(object, "trouble", trouble(driver)) &&
                pm_json_add_string(object, "mode", pm_work_mode_name(driver->settings.mode)) &&
                pm_json_add_integer(object, "started_ms", driver->started_ms) &&
                pm_json_add_integer(object, "clock_offset_ms",
                                    pm_pool_client_clock_offset_ms(driver->pool)) &&
                add_lease(object, figures) &&
                add_counters(cJSON_AddObjectToObject(object, "counters"), driver) &&
                pm_json_add_integer(object, "stats_ms", figures->stats_ms) &&
                pm_json_add_copy(object, "first_stats", driver->first_stats) &&
                pm_json_add_copy(object, "stats",
                                 driver->stats != NULL ? driver->stats : figures->earlier) &&
                pm_json_add_copy(object, "balance", figures->balance);
    char *text = done ? pm_json_print(object, NULL) : NULL;
    cJSON_Delete(object);
    return text;
}

void pm_figures_put(struct pm_driver *driver)
{
    struct pm_figures *figures = &driver->figures;
    struct pm_error error = {0};
    char key[PM_JOB_KEY_SIZE];
    snprintf(key, sizeof key, "figures/%s", driver->account);
    figures->put_ms = pm_driver_now_ms(driver);
    if (!figures->loaded && !load_earlier(driver, key)) {
        figures->changed = true;
        return;
    }
    char *text = write_figures(driver);
    figures->pool_was_away = driver->pool_notice.active;
    snprintf(figures->trouble, sizeof figures->trouble, "%s", trouble(driver));
    const struct pm_record_put put = {.run_id = driver->settings.run_id,
                                      .key = key,
                                      .state = PM_FIGURES_STATE,
                                      .body = text,
                                      .body_size = text != NULL ? strlen(text) : 0};
    figures->changed =
        text == NULL || !driver->queue.record_put(driver->queue.context, &put, &error);
    free(text);
}

void pm_figures_tick(struct pm_driver *driver)
{
    const struct pm_figures *figures = &driver->figures;
    bool is_news = figures->changed || figures->put_ms == 0 ||
                   figures->pool_was_away != driver->pool_notice.active ||
                   strcmp(figures->trouble, trouble(driver)) != 0;
    if (is_news && !driver->queue_notice.active &&
        pm_driver_now_ms(driver) >= figures->put_ms + PUT_EVERY_MS) {
        pm_figures_put(driver);
    }
}

void pm_figures_clear(struct pm_driver *driver)
{
    struct pm_figures *figures = &driver->figures;
    cJSON_Delete(figures->balance);
    cJSON_Delete(figures->earlier);
    figures->balance = figures->earlier = NULL;
}
