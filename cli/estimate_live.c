#include "cli/estimate_live.h"

#include "cli/forecast.h"
#include "cli/status_find.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/http_client.h>
#include <poolminer/json.h>
#include <poolminer/stop.h>

enum { MINERS_MAX = 1000, ANSWER_MAX = 1 << 20, TIMEOUT_MS = 5000 };

static const double MS_PER_HOUR = 3600e3, REWARDED_SCORE = 0.7;

/* ---- the miner's rates ---- */

/* What has been added since the driver's first figures; a pool that began anew has nothing less. */
static double added(const cJSON *miner, const char *name)
{
    const cJSON *first = cJSON_GetObjectItemCaseSensitive(miner, "first_stats");
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(miner, "stats");
    return fmax(0, pm_json_number_or(now, name, 0) - pm_json_number_or(first, name, 0));
}

/* Since the driver began, or else since the miner did. */
static double accuracy(const cJSON *miner)
{
    const cJSON *stats = cJSON_GetObjectItemCaseSensitive(miner, "stats");
    double judged = added(miner, "evaluations_finalised");
    double accurate = added(miner, "evaluations_accurate");
    if (judged == 0) {
        judged = pm_json_number_or(stats, "evaluations_finalised", 0);
        accurate = pm_json_number_or(stats, "evaluations_accurate", 0);
    }
    return judged > 0 ? fmin(1, accurate / judged) : NAN;
}

/* Pools tell no mean of the scores; reputation is 1 for an accurate evaluation and twice the score
 * for an evolution over the threshold. */
static double evolution_score(const cJSON *miner)
{
    const double evolutions = added(miner, "evolutions_over_threshold");
    if (evolutions == 0) {
        return 0;
    }
    const double of_evolutions =
        added(miner, "reputation_total") - added(miner, "evaluations_accurate");
    return fmin(1, fmax(REWARDED_SCORE, of_evolutions / (2 * evolutions)));
}

/* What all earn in an epoch, if they go on as in the part of it that is over. */
static double total_reputation(const cJSON *pool, double epoch_s)
{
    const double over_s = fmax(1, epoch_s - pm_json_number_or(pool, "epoch_seconds_left", 0));
    return pm_json_number_or(pool, "total_reputation", 0) * epoch_s / over_s;
}

bool estimate_live_measure(const cJSON *miner, struct estimate_live *out, struct pm_error *error)
{
    const cJSON *stats = cJSON_GetObjectItemCaseSensitive(miner, "stats");
    const cJSON *pool = cJSON_GetObjectItemCaseSensitive(stats, "pool");
    struct pm_pool_rates *rates = &out->rates;
    out->hours =
        (pm_json_number_or(miner, "stats_ms", 0) - pm_json_number_or(miner, "started_ms", 0)) /
        MS_PER_HOUR;
    if (!cJSON_IsObject(stats) || !(out->hours > 0)) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "the pool has told no figures of this miner");
    }
    *rates = (struct pm_pool_rates){
        .evaluations_per_hour = added(miner, "evaluations_submitted") / out->hours,
        .accuracy = accuracy(miner),
        .evolutions_per_hour = added(miner, "evolutions_over_threshold") / out->hours,
        .evolution_score = evolution_score(miner),
    };
    forecast_rules(pool, cJSON_GetObjectItemCaseSensitive(miner, "balance"), rates);
    rates->total_reputation = total_reputation(pool, rates->epoch_s);
    return true;
}

/* ---- the pool's spread ---- */

/* Those of them that are more than nothing. */
static size_t take_list(const cJSON *miners, const char *name, double *list)
{
    size_t count = 0;
    const cJSON *miner;
    cJSON_ArrayForEach(miner, miners)
    {
        const double reputation = pm_json_number_or(miner, name, 0);
        if (reputation > 0 && count < MINERS_MAX) {
            list[count++] = reputation;
        }
    }
    return count;
}

void estimate_live_spread(const cJSON *answer, struct estimate_live *out)
{
    const cJSON *miners = cJSON_GetObjectItemCaseSensitive(answer, "miners");
    double *list = calloc(MINERS_MAX, sizeof *list);
    size_t count = list != NULL ? take_list(miners, "reputation", list) : 0;
    if (list != NULL && count == 0) {
        count = take_list(miners, "reputation_total", list);
    }
    out->has_field = count > 0 && pm_gini(list, count, &out->gini, NULL);
    out->miners = (double)count;
    free(list);
}

/* Nobody's name is needed for it, so no key either. */
static void ask_pool(const char *url, struct estimate_live *out)
{
    const struct pm_http_config config = {
        .base_url = url, .connect_timeout_ms = TIMEOUT_MS, .stop = pm_stop_flag()};
    const struct pm_http_request request = {.method = "GET",
                                            .path = "/api/v1/miners/leaderboard?limit=1000",
                                            .answer_max_bytes = ANSWER_MAX,
                                            .timeout_ms = TIMEOUT_MS};
    struct pm_http *http = NULL;
    struct pm_http_response response = {.status = 0};
    cJSON *answer = NULL;
    if (pm_http_create(&config, &http, NULL) && pm_http_perform(http, &request, &response, NULL) &&
        response.status == 200 &&
        pm_json_parse(response.body, response.body_size, ANSWER_MAX, &answer, NULL)) {
        estimate_live_spread(answer, out);
    }
    cJSON_Delete(answer);
    pm_http_response_clear(&response);
    pm_http_destroy(http);
}

/* ---- both ---- */

static bool read_state(const struct status_found *found, struct estimate_live *out,
                       struct pm_error *error)
{
    const cJSON *miner = cJSON_GetObjectItemCaseSensitive(found->state, "miner");
    const char *url = "";
    out->running = found->running;
    if (!cJSON_IsObject(miner)) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "%s",
                       found->running ? "the miner here has no figures yet" : found->reason);
    }
    if (!estimate_live_measure(miner, out, error) ||
        !pm_json_optional_string(miner, "pool", &url, error)) {
        return false;
    }
    ask_pool(url, out);
    return true;
}

bool estimate_live_find(const struct pm_options *options, struct estimate_live *out,
                        struct pm_error *error)
{
    struct status_found found;
    *out = (struct estimate_live){0};
    bool done = status_find(options, &found, error);
    done = done && read_state(&found, out, error);
    status_found_clear(&found);
    return done;
}
