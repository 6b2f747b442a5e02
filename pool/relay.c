#include "pool/relay.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/http_client.h>
#include <poolminer/json.h>
#include <poolminer/log.h>

enum {
    LOOK_MS = 500, /* how often for something new */
    STEP_MS = 50,  /* how soon a stop is seen */
    TIMEOUT_MS = 30000,
    FIRST_PAUSE_MS = 1000,
    LAST_PAUSE_MS = 600000,
    ANSWER_MAX_BYTES = 65536,
    HEADER_SIZE = 192,
    MESSAGE_SIZE = 64,
};

struct pm_relay {
    struct pm_relay_config config;
    struct pm_http *http;
    pthread_t thread;
    atomic_bool stop;
    int64_t pause_ms; /* after the last try; 0: it went well */
    int64_t next_ms;  /* monotonic: not before */
};

/* What is to be forwarded. */
struct news {
    bool any;
    int64_t algorithm_id;
    int input_dim;
    double score;
    char *dsl;
    char author[PM_ADDRESS_SIZE];
};

static bool copy_news(void *context, const struct pm_pool_algorithm *algorithm)
{
    struct news *news = context;
    news->any = true;
    news->algorithm_id = algorithm->id;
    news->input_dim = algorithm->input_dim;
    news->score = algorithm->score;
    news->dsl = strdup(algorithm->dsl);
    snprintf(news->author, sizeof news->author, "%s", algorithm->author);
    return false;
}

static enum pm_pool_outcome look(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct news *news = context;
    free(news->dsl);
    *news = (struct news){.any = false};
    if (!pm_store_relay_next(store, copy_news, news, error)) {
        return PM_POOL_FAILED;
    }
    return !news->any || news->dsl != NULL ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

static enum pm_pool_outcome remember(struct pm_pool_store *store, void *context,
                                     struct pm_error *error)
{
    const struct news *news = context;
    return pm_store_relay_done(store, news->algorithm_id, error) ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

static char *print_body(const struct pm_relay *relay, const struct news *news,
                        struct pm_error *error)
{
    cJSON *json = cJSON_CreateObject(), *result = NULL, *metadata = NULL;
    bool complete = pm_json_add_string(json, "task_id", relay->config.task_id) &&
                    pm_json_add_number(json, "score", news->score) &&
                    (result = cJSON_AddObjectToObject(json, "algorithm_result")) != NULL &&
                    pm_json_add_string(result, "dsl", news->dsl) &&
                    (metadata = cJSON_AddObjectToObject(result, "metadata")) != NULL &&
                    pm_json_add_number(metadata, "algorithm_id", (double)news->algorithm_id) &&
                    pm_json_add_number(metadata, "input_dim", news->input_dim) &&
                    pm_json_add_string(metadata, "hotkey", news->author);
    char *body = complete ? pm_json_print(json, error) : NULL;
    if (!complete) {
        pm_fail(error, PM_ERROR_MEMORY, "what goes to the relay: out of memory");
    }
    cJSON_Delete(json);
    return body;
}

/* True: an answer came. */
static bool post(struct pm_relay *relay, const char *body, struct pm_http_response *response,
                 struct pm_error *error)
{
    char message[MESSAGE_SIZE], signature[PM_SIGNATURE_HEX_SIZE];
    char key_header[HEADER_SIZE], time_header[HEADER_SIZE], signature_header[HEADER_SIZE];
    int64_t now_s = pm_clock_unix_ms() / 1000;
    snprintf(message, sizeof message, "auth:%" PRId64, now_s);
    if (!pm_hotkey_sign_hex(relay->config.hotkey, message, signature, error)) {
        return false;
    }
    snprintf(key_header, sizeof key_header, "X-Key: %s", pm_hotkey_address(relay->config.hotkey));
    snprintf(time_header, sizeof time_header, "X-Timestamp: %" PRId64, now_s);
    snprintf(signature_header, sizeof signature_header, "X-Signature: %s", signature);
    const char *headers[] = {key_header, time_header, signature_header};
    const struct pm_http_request request = {
        .method = "POST",
        .path = "/submit_solution",
        .headers = headers,
        .header_count = 3,
        .body = body,
        .body_size = strlen(body),
        .answer_max_bytes = ANSWER_MAX_BYTES,
        .timeout_ms = relay->config.timeout_ms,
    };
    return pm_http_perform(relay->http, &request, response, error);
}

/* `asked_ms`: what the relay wants, if more than the pause would be; -1: nothing. */
static void try_later(struct pm_relay *relay, int64_t asked_ms, const char *why)
{
    bool first = relay->pause_ms == 0;
    relay->pause_ms = first ? relay->config.first_pause_ms : 2 * relay->pause_ms;
    if (relay->pause_ms > relay->config.last_pause_ms) {
        relay->pause_ms = relay->config.last_pause_ms;
    }
    int64_t wait_ms = relay->pause_ms > asked_ms ? relay->pause_ms : asked_ms;
    relay->next_ms = pm_clock_monotonic_ms() + wait_ms;
    pm_log(first ? PM_LOG_WARN : PM_LOG_DEBUG, "POOL-RELAY-AWAY",
           "%s; tried again in %" PRId64 " s, and so on", why, wait_ms / 1000);
}

static bool is_for_good(int status)
{
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

/* What came of it: done and refused for good are both over. */
static void follow_answer(struct pm_relay *relay, struct news *news,
                          const struct pm_http_response *response)
{
    struct pm_error error = {0};
    bool taken = response->status >= 200 && response->status < 300;
    if (!taken && !is_for_good(response->status)) {
        char why[MESSAGE_SIZE];
        snprintf(why, sizeof why, "the relay answers with status %d", response->status);
        try_later(
            relay,
            pm_http_retry_after_ms(response->retry_after, response->date_ms, response->received_ms),
            why);
        return;
    }
    if (!pm_pool_store_run(relay->config.store, remember, news, &error)) {
        try_later(relay, -1, error.message);
        return;
    }
    relay->pause_ms = 0;
    if (taken) {
        pm_log(PM_LOG_INFO, "POOL-RELAYED", "algorithm=%" PRId64 " score=%.6f", news->algorithm_id,
               news->score);
    } else {
        pm_log(PM_LOG_WARN, "POOL-RELAY-REFUSED",
               "algorithm=%" PRId64 " status=%d: %.200s; not sent again", news->algorithm_id,
               response->status, response->body);
    }
}

static void forward(struct pm_relay *relay, struct news *news)
{
    struct pm_error error = {0};
    struct pm_http_response response = {.date_ms = -1};
    char *body = print_body(relay, news, &error);
    if (body != NULL && post(relay, body, &response, &error)) {
        follow_answer(relay, news, &response);
    } else if (error.code != PM_ERROR_INTERRUPTED) {
        try_later(relay, -1, error.message);
    }
    pm_http_response_clear(&response);
    free(body);
}

static void look_and_forward(struct pm_relay *relay)
{
    struct news news = {.any = false};
    struct pm_error error = {0};
    if (!pm_pool_store_run(relay->config.store, look, &news, &error)) {
        try_later(relay, -1, error.message);
    } else if (news.any) {
        forward(relay, &news);
    }
    free(news.dsl);
}

static void *run(void *context)
{
    struct pm_relay *relay = context;
    while (!atomic_load(&relay->stop)) {
        if (pm_clock_monotonic_ms() >= relay->next_ms) {
            relay->next_ms = pm_clock_monotonic_ms() + LOOK_MS;
            look_and_forward(relay);
        }
        pm_clock_sleep_ms(STEP_MS);
    }
    return NULL;
}

static void set_default(int64_t *ms, int64_t otherwise_ms)
{
    if (*ms == 0) {
        *ms = otherwise_ms;
    }
}

bool pm_relay_create(const struct pm_relay_config *config, struct pm_relay **out,
                     struct pm_error *error)
{
    struct pm_relay *relay = calloc(1, sizeof *relay);
    if (relay == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "the relay: out of memory");
    }
    relay->config = *config;
    set_default(&relay->config.timeout_ms, TIMEOUT_MS);
    set_default(&relay->config.first_pause_ms, FIRST_PAUSE_MS);
    set_default(&relay->config.last_pause_ms, LAST_PAUSE_MS);
    const struct pm_http_config http = {.base_url = config->url, .stop = &relay->stop};
    if (!pm_http_create(&http, &relay->http, error)) {
        free(relay);
        return pm_fail_context(error, "--relay-url");
    }
    if (pthread_create(&relay->thread, NULL, run, relay) != 0) {
        pm_http_destroy(relay->http);
        free(relay);
        return pm_fail(error, PM_ERROR_IO, "the relay: the system gives no more threads");
    }
    *out = relay;
    return true;
}

void pm_relay_destroy(struct pm_relay *relay)
{
    if (relay == NULL) {
        return;
    }
    atomic_store(&relay->stop, true);
    pthread_join(relay->thread, NULL);
    pm_http_destroy(relay->http);
    free(relay);
}
