#include "driver/report.h"

#include "driver/unpaid.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/log.h>
#include <poolminer/text.h>

enum { SUMMARY_MODE = 0644 };

/* Keeps the last figures when the pool has none to give now. */
static bool ask_pool(struct pm_driver *driver, struct pm_error *error)
{
    struct pm_answer answer;
    if (!pm_pool_client_stats(driver->pool, &answer, error)) {
        return false;
    }
    bool given = answer.kind == PM_ANSWER_OK && answer.body != NULL;
    if (given) {
        cJSON_Delete(driver->stats);
        driver->stats = answer.body;
        answer.body = NULL;
        if (driver->first_stats == NULL) {
            driver->first_stats = cJSON_Duplicate(driver->stats, true);
        }
    } else {
        *error = answer.reason;
    }
    pm_figures_asked(driver, given);
    pm_answer_clear(&answer);
    return given;
}

/* A figure of the pool's, or false: pools differ in what they tell. The best score is our own while
 * the pool has not agreed on it yet. */
static bool figure(const struct pm_driver *driver, const char *name, double *value)
{
    const struct pm_driver_counters *counters = &driver->counters;
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(driver->stats, name);
    if (strcmp(name, "best_score") == 0 && counters->has_best &&
        !(cJSON_IsNumber(member) && member->valuedouble > counters->best_score)) {
        *value = counters->best_score;
        return true;
    }
    if (!cJSON_IsNumber(member)) {
        return false;
    }
    *value = member->valuedouble;
    return true;
}

/* One part of the line; nothing when the pool does not tell this figure. */
struct part {
    const char *before, *name, *after;
    double factor;
    int decimals;
};

static void append_part(struct pm_text *line, const struct pm_driver *driver,
                        const struct part *part)
{
    double value = 0;
    if (figure(driver, part->name, &value)) {
        pm_text_append(line, "%s%s%.*f%s", line->length > 0 ? ", " : "", part->before,
                       part->decimals, value * part->factor, part->after);
    }
}

/* A rate of nothing is no rate: where nothing is judged yet, a dash stands for it. */
static bool is_judged(const struct pm_driver *driver)
{
    double finalised = 0;
    return !figure(driver, "evaluations_finalised", &finalised) || finalised > 0;
}

/* `current`: the pool was asked just now; older figures would not be those of this moment. */
static void log_line(const struct pm_driver *driver, bool current)
{
    static const struct part parts[] = {
        {"evaluated ", "evaluations_submitted", "", 1, 0},
        {"accurate ", "accuracy_rate", " %", 100, 1},
        {"evolved ", "evolutions_submitted", "", 1, 0},
        {"best ", "best_score", "", 1, 4},
        {"reputation ", "reputation", "", 1, 2},
        {"", "lifetime_rao", " RAO", 1, 0},
    };
    struct pm_text line = {0};
    for (size_t i = 0; current && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].name, "accuracy_rate") != 0 || is_judged(driver)) {
            append_part(&line, driver, &parts[i]);
        } else {
            pm_text_append(&line, "%saccurate -", line.length > 0 ? ", " : "");
        }
    }
    if (line.length > 0 && !line.failed) {
        pm_log(PM_LOG_INFO, "DRIVER-SUMMARY", "%s", line.data);
    } else {
        pm_log(PM_LOG_INFO, "DRIVER-SUMMARY",
               "evaluated %" PRId64 ", evolved %" PRId64
               " by this driver since its start; the pool "
               "gave no figures now",
               driver->counters.evaluations_submitted, driver->counters.evolutions_submitted);
    }
    pm_text_clear(&line);
}

/* How tasks of both kinds paid, as far as that was measured. */
static bool add_share(cJSON *object, const struct pm_driver *driver)
{
    const struct pm_share *share = &driver->work.share;
    const struct pm_share_judged judged = pm_driver_judged(driver);
    double evaluate = pm_share_per_hour(share, PM_LEASE_EVALUATE, &judged);
    double evolve = pm_share_per_hour(share, PM_LEASE_EVOLVE, &judged);
    return pm_json_add_string(object, "mode", pm_work_mode_name(driver->settings.mode)) &&
           (evaluate < 0 || pm_json_add_number(object, "evaluate_per_hour", evaluate)) &&
           (evolve < 0 || pm_json_add_number(object, "evolve_per_hour", evolve)) &&
           (evaluate < 0 || evolve < 0 ||
            pm_json_add_number(object, "evaluate_part", pm_share_of_evaluating(share, &judged)));
}

static bool add_counters(cJSON *object, const struct pm_driver *driver)
{
    const struct pm_driver_counters *counters = &driver->counters;
    const struct {
        const char *name;
        int64_t value;
    } rows[] = {
        {"leases", counters->leases},
        {"leases_expired", counters->leases_expired},
        {"evaluations_submitted", counters->evaluations_submitted},
        {"evolutions_submitted", counters->evolutions_submitted},
        {"submissions_accepted", counters->submissions_accepted},
        {"submissions_refused", counters->submissions_refused},
        {"unpaid", counters->unpaid},
        {"generations", driver->settings.jobs.generations},
        {"clock_offset_ms", pm_pool_client_clock_offset_ms(driver->pool)},
        {"started_ms", driver->started_ms},
        {"updated_ms", pm_driver_now_ms(driver)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!pm_json_add_integer(object, rows[i].name, rows[i].value)) {
            return false;
        }
    }
    return pm_json_add_string(object, "address", driver->address) && add_share(object, driver) &&
           (counters->has_best ? pm_json_add_number(object, "best_score", counters->best_score)
                               : pm_json_add_null(object, "best_score"));
}

/* NULL when memory is out. */
static char *summary_text(const struct pm_driver *driver)
{
    cJSON *summary = cJSON_CreateObject();
    cJSON *counters = cJSON_AddObjectToObject(summary, "driver");
    bool complete = counters != NULL && add_counters(counters, driver) &&
                    pm_json_add_copy(summary, "stats", driver->stats);
    char *text = complete ? pm_json_print(summary, NULL) : NULL;
    cJSON_Delete(summary);
    return text;
}

static void write_file(const struct pm_driver *driver)
{
    if (driver->settings.summary_path == NULL) {
        return;
    }
    struct pm_error error = {0};
    char *text = summary_text(driver);
    bool written = text != NULL && pm_file_write_atomic(driver->settings.summary_path, text,
                                                        strlen(text), SUMMARY_MODE, true, &error);
    if (!written) {
        pm_log(PM_LOG_WARN, "DRIVER-SUMMARY-FILE", "%s", error.message);
    }
    free(text);
}

void pm_report_now(struct pm_driver *driver, bool ask)
{
    struct pm_error error = {0};
    bool current = ask && ask_pool(driver, &error);
    if (ask && !current) {
        /* The pool's state is not worth a complaint here. */
        pm_log(PM_LOG_DEBUG, "DRIVER-NO-STATS", "%s", error.message);
    }
    log_line(driver, current);
    write_file(driver);
    pm_figures_put(driver);
}

bool pm_report_only(struct pm_driver *driver, struct pm_error *error)
{
    driver->started_ms = pm_driver_now_ms(driver);
    if (!ask_pool(driver, error)) {
        return pm_fail_context(error, "the pool gave no figures of %s", driver->address);
    }
    log_line(driver, true);
    write_file(driver);
    pm_report_clear(driver);
    return true;
}

void pm_report_clear(struct pm_driver *driver)
{
    cJSON_Delete(driver->first_stats);
    cJSON_Delete(driver->stats);
    driver->first_stats = driver->stats = NULL;
    pm_figures_clear(driver);
}

void pm_report_tick(struct pm_driver *driver)
{
    int64_t now_ms = pm_driver_now_ms(driver);
    const bool set_back = now_ms < driver->next_report_ms - PM_REPORT_EVERY_MS;
    if (now_ms >= driver->next_report_ms || set_back) {
        driver->next_report_ms = now_ms + PM_REPORT_EVERY_MS;
        pm_report_now(driver, true);
        pm_unpaid_tick(driver);
    } else if (pm_figures_are_wanted(driver)) {
        /* The pool's state is not worth a complaint here. */
        ask_pool(driver, &(struct pm_error){0});
    }
    pm_figures_tick(driver);
}
