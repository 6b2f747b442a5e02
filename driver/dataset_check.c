#include "driver/dataset_check.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

/* A member of /health, "" when the pool does not tell it, or not as a text of this length. */
static void take(const cJSON *body, const char *name, char *out, size_t size)
{
    const char *text = "";
    if (!pm_json_optional_string(body, name, &text, NULL) || strlen(text) >= size) {
        text = "";
    }
    snprintf(out, size, "%s", text);
}

bool pm_dataset_learn(struct pm_driver *driver, struct pm_error *error)
{
    struct pm_answer answer;
    const char *url = pm_pool_client_url(driver->pool);
    if (driver->data.url != NULL && strcmp(driver->data.url, url) == 0) {
        return true;
    }
    if (!pm_pool_client_health(driver->pool, &answer, error)) {
        return false;
    }
    if (answer.kind == PM_ANSWER_OK) {
        driver->data.url = pm_pool_client_url(driver->pool);
        take(answer.body, "dataset_fingerprint", driver->data.fingerprint,
             sizeof driver->data.fingerprint);
        take(answer.body, "suite", driver->data.suite, sizeof driver->data.suite);
    }
    pm_answer_clear(&answer);
    return true;
}

/* Also true when one of the two is not told. */
static bool agree(const char *pools, const char *workers)
{
    return pools[0] == '\0' || workers[0] == '\0' || strcmp(pools, workers) == 0;
}

static bool compare(const struct pm_driver_data *pool, const cJSON *body, const char *worker,
                    struct pm_error *error)
{
    const char *fingerprint = "", *suite = "";
    if (!pm_json_optional_string(body, "dataset", &fingerprint, NULL) ||
        !pm_json_optional_string(body, "suite", &suite, NULL)) {
        return true; /* not this check's business: reading the result will tell */
    }
    if (!agree(pool->fingerprint, fingerprint)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%.64s computes from dataset %.16s..., the pool from %.16s...: its scores "
                       "would not be accurate; start the worker with --dataset and the pool's data "
                       "(`poolminer dataset info` shows fingerprints)",
                       worker, fingerprint, pool->fingerprint);
    }
    if (!agree(pool->suite, suite)) {
        return pm_fail(
            error, PM_ERROR_INVALID,
            "%.64s scores with suite %.32s, the pool with %.32s: its scores would not be "
            "accurate; start the worker with --suite %.32s",
            worker, suite, pool->suite, pool->suite);
    }
    return true;
}

bool pm_dataset_compare(const struct pm_driver *driver, const struct pm_job_result *result,
                        struct pm_error *error)
{
    cJSON *body = NULL;
    if (result->state != PM_JOB_DONE ||
        !pm_json_parse(result->body, result->body_size, PM_JOB_BODY_MAX, &body, NULL)) {
        return true;
    }
    const char *worker = result->worker != NULL ? result->worker : "a worker";
    bool same = compare(&driver->data, body, worker, error);
    cJSON_Delete(body);
    return same;
}
