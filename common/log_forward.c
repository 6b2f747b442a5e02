#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/condition.h>
#include <poolminer/json.h>
#include <poolminer/log.h>
#include <poolminer/log_forward.h>
#include <poolminer/program.h>
#include <poolminer/queue_client.h>
#include <poolminer/text.h>

enum {
    LINES_MAX = 128, /* kept while the sidecar is away */
    BATCH_MAX = 16,  /* a request holds 64 KiB, a line 2 KiB that escapes can triple */
    MESSAGE_SIZE = 1024,
    ID_SIZE = 48,
    ROLE_SIZE = 32,
    PAUSE_MS = 250, /* lines that come together go together */
    RETRY_MS = 5000,
    CALL_MS = 2000,
    LAST_CALL_MS = 200,
};

struct line {
    int64_t unix_ms;
    enum pm_log_level level;
    char id[ID_SIZE], message[MESSAGE_SIZE];
};

struct pm_log_forward {
    struct pm_log_forward_config config;
    char name[PM_PROGRAM_CLIENT_NAME_SIZE];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct line lines[LINES_MAX]; /* a ring */
    size_t first, count, dropped;
    uint64_t number; /* of the first line, counted from the start */
    /* Of the thread alone: lines on their way, the same until it is known what became of them. */
    struct line batch[BATCH_MAX];
    size_t batch_count;
    uint64_t batch_end; /* the number of the line behind them */
    atomic_bool stopping;
};

/* ---- coming in ---- */

static void remove_first(struct pm_log_forward *forward)
{
    forward->first = (forward->first + 1) % LINES_MAX;
    forward->number++;
    forward->count--;
}

static struct line *add_place(struct pm_log_forward *forward)
{
    if (forward->count == LINES_MAX) {
        remove_first(forward);
        forward->dropped++;
    }
    return &forward->lines[(forward->first + forward->count++) % LINES_MAX];
}

static void observe(void *context, enum pm_log_level level, const char *id, const char *message,
                    int64_t unix_ms)
{
    struct pm_log_forward *forward = context;
    pthread_mutex_lock(&forward->mutex);
    struct line *line = add_place(forward);
    line->unix_ms = unix_ms;
    line->level = level;
    snprintf(line->id, sizeof line->id, "%s", id);
    snprintf(line->message, sizeof line->message, "%s", message);
    pm_text_make_printable(line->message); /* it may have been cut within a character */
    pthread_cond_signal(&forward->changed);
    pthread_mutex_unlock(&forward->mutex);
}

/* ---- going out ---- */

/* Takes the first lines, unless some are on their way. False: there are none. */
static bool take_batch(struct pm_log_forward *forward)
{
    struct line *batch = forward->batch;
    if (forward->batch_count > 0) {
        return true;
    }
    pthread_mutex_lock(&forward->mutex);
    size_t count = forward->count < BATCH_MAX ? forward->count : BATCH_MAX;
    for (size_t i = 0; i < count; i++) {
        batch[i] = forward->lines[(forward->first + i) % LINES_MAX];
    }
    if (count > 0 && forward->dropped > 0) {
        size_t length = strlen(batch[0].message);
        snprintf(batch[0].message + length, MESSAGE_SIZE - length,
                 " (%zu lines before this one were lost)", forward->dropped);
    }
    forward->batch_count = count;
    forward->batch_end = forward->number + count;
    pthread_mutex_unlock(&forward->mutex);
    return count > 0;
}

/* Those that have arrived, as far as they are still there. What was lost meanwhile is told with the
 * next. */
static void remove_batch(struct pm_log_forward *forward)
{
    const uint64_t end = forward->batch_end;
    forward->batch_count = 0;
    pthread_mutex_lock(&forward->mutex);
    forward->dropped = forward->number > end ? (size_t)(forward->number - end) : 0;
    while (forward->count > 0 && forward->number < end) {
        remove_first(forward);
    }
    pthread_mutex_unlock(&forward->mutex);
}

/* NULL: no memory. */
static cJSON *write_batch(const struct line *batch, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < count; i++) {
        cJSON *item = pm_json_append_object(list);
        if (item == NULL) {
            cJSON_Delete(list);
            return NULL;
        }
        cJSON_AddNumberToObject(item, "time_ms", (double)batch[i].unix_ms);
        cJSON_AddStringToObject(item, "level", pm_log_level_name(batch[i].level));
        cJSON_AddStringToObject(item, "id", batch[i].id);
        cJSON_AddStringToObject(item, "message", batch[i].message);
    }
    return list;
}

static struct pm_queue_client *connect_to(const struct pm_log_forward *forward)
{
    const struct pm_queue_client_config config = {.url = forward->config.sidecar_urls[0],
                                                  .more_urls = forward->config.sidecar_urls + 1,
                                                  .key_file = forward->config.key_file,
                                                  .role = "admin",
                                                  .name = forward->name,
                                                  .timeout_ms = CALL_MS};
    struct pm_queue_client *client = NULL;
    return pm_queue_client_create(&config, &client, NULL) ? client : NULL;
}

/* Waits for lines; false: asked to stop. */
static bool await_lines(struct pm_log_forward *forward)
{
    pthread_mutex_lock(&forward->mutex);
    while (forward->count == 0 && !forward->stopping) {
        pthread_cond_wait(&forward->changed, &forward->mutex);
    }
    bool goes_on = !forward->stopping;
    pthread_mutex_unlock(&forward->mutex);
    return goes_on;
}

/* Sleeps; false: asked to stop meanwhile. */
static bool pause_for(struct pm_log_forward *forward, int64_t duration_ms)
{
    const int64_t until_ns = pm_clock_monotonic_ns() + duration_ms * 1000000;
    pthread_mutex_lock(&forward->mutex);
    while (!forward->stopping && pm_condition_wait(&forward->changed, &forward->mutex, until_ns)) {
    }
    bool goes_on = !forward->stopping;
    pthread_mutex_unlock(&forward->mutex);
    return goes_on;
}

/* Everything there is. False: the sidecar is away, and the lines wait; what it does not want is not
 * kept for it. */
static bool send_all(struct pm_log_forward *forward, struct pm_queue_client *client)
{
    while (take_batch(forward)) {
        struct pm_error error = {0};
        if (!pm_queue_client_tell_lines(client, forward->config.program,
                                        write_batch(forward->batch, forward->batch_count),
                                        &error) &&
            (error.code == PM_ERROR_UNAVAILABLE || error.code == PM_ERROR_INTERRUPTED)) {
            return false;
        }
        remove_batch(forward);
    }
    return true;
}

static void *run(void *context)
{
    struct pm_log_forward *forward = context;
    struct pm_queue_client *client = connect_to(forward);
    if (client == NULL) {
        return NULL;
    }
    pm_queue_client_set_stop_flag(client, &forward->stopping);
    while (await_lines(forward) && pause_for(forward, PAUSE_MS)) {
        if (!send_all(forward, client)) {
            pause_for(forward, RETRY_MS);
        }
    }
    pm_queue_client_set_stop_flag(client, NULL);
    pm_queue_client_set_timeout(client, LAST_CALL_MS);
    send_all(forward, client);
    pm_queue_client_destroy(client);
    return NULL;
}

/* ---- life ---- */

struct pm_log_forward *pm_log_forward_create(const struct pm_log_forward_config *config)
{
    char role[ROLE_SIZE];
    struct pm_log_forward *forward = calloc(1, sizeof *forward);
    if (forward == NULL) {
        return NULL;
    }
    forward->config = *config;
    snprintf(role, sizeof role, "log-%s", config->program);
    pm_program_client_name(role, forward->name);
    pthread_mutex_init(&forward->mutex, NULL);
    pm_condition_init(&forward->changed);
    if (pthread_create(&forward->thread, NULL, run, forward) != 0) {
        pthread_cond_destroy(&forward->changed);
        pthread_mutex_destroy(&forward->mutex);
        free(forward);
        return NULL;
    }
    pm_log_observe(observe, forward);
    return forward;
}

void pm_log_forward_destroy(struct pm_log_forward *forward)
{
    if (forward == NULL) {
        return;
    }
    pm_log_observe(NULL, NULL);
    pthread_mutex_lock(&forward->mutex);
    atomic_store(&forward->stopping, true);
    pthread_cond_signal(&forward->changed);
    pthread_mutex_unlock(&forward->mutex);
    pthread_join(forward->thread, NULL);
    pthread_cond_destroy(&forward->changed);
    pthread_mutex_destroy(&forward->mutex);
    free(forward);
}
