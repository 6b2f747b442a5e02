#include "cli/figures.h"

#include <stdio.h>
#include <stdlib.h>

#include <poolminer/file.h>
#include <poolminer/json.h>

enum { SUMMARY_MAX = 1 << 20 };

/* A public pool may know fewer figures than ours: what is missing stays 0. */
static bool take_stats(const cJSON *stats, struct figures *out, struct pm_error *error)
{
    const struct {
        const char *name;
        int64_t *value;
    } integers[] = {
        {"evaluations_submitted", &out->evaluations},
        {"evaluations_finalised", &out->evaluations_finalised},
        {"evaluations_accurate", &out->evaluations_accurate},
        {"evolutions_submitted", &out->evolutions},
        {"evolutions_finalised", &out->evolutions_finalised},
        {"evolutions_over_threshold", &out->evolutions_over_threshold},
        {"lifetime_rao", &out->paid_rao},
    };
    const char *hotkey = "";
    const cJSON *pool = cJSON_GetObjectItemCaseSensitive(stats, "pool");
    bool done = pm_json_optional_string(stats, "hotkey", &hotkey, error) &&
                pm_json_optional_number(stats, "best_score", &out->best_score, error) &&
                pm_json_optional_number(stats, "reputation", &out->reputation, error) &&
                pm_json_optional_number(stats, "reputation_total", &out->reputation, error) &&
                pm_json_optional_integer(pool, "algorithms_waiting", &out->pool_waiting, error) &&
                pm_json_optional_number(pool, "best_score", &out->pool_best_score, error);
    for (size_t i = 0; done && i < sizeof integers / sizeof *integers; i++) {
        done = pm_json_optional_integer(stats, integers[i].name, integers[i].value, error);
    }
    snprintf(out->hotkey, sizeof out->hotkey, "%s", hotkey);
    return done;
}

bool figures_read(const char *path, struct figures *out, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    if (!pm_file_read(path, SUMMARY_MAX, &text, &length, error)) {
        return false;
    }
    cJSON *root = NULL;
    bool done = pm_json_parse(text, length, SUMMARY_MAX, &root, error);
    free(text);
    const cJSON *stats = done ? cJSON_GetObjectItemCaseSensitive(root, "stats") : NULL;
    *out = (struct figures){0};
    if (done && !cJSON_IsObject(stats)) {
        done = pm_fail(error, PM_ERROR_NOT_FOUND, "%s: without the pool's figures", path);
    }
    done = done && take_stats(stats, out, error);
    cJSON_Delete(root);
    return done;
}
