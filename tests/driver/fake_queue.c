#include "tests/driver/fake_queue.h"

#include "cmocka_include.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the workers ---- */

static void add_provenance(const struct fake_queue *queue, cJSON *result)
{
    if (queue->dataset != NULL) {
        cJSON_AddStringToObject(result, "dataset", queue->dataset);
    }
    if (queue->suite != NULL) {
        cJSON_AddStringToObject(result, "suite", queue->suite);
    }
}

static char *evaluate_result(const struct fake_queue *queue, const cJSON *job)
{
    cJSON *result = cJSON_CreateObject();
    add_provenance(queue, result);
    cJSON *list = cJSON_AddArrayToObject(result, "evaluations");
    const cJSON *algorithm = NULL;
    cJSON_ArrayForEach(algorithm, cJSON_GetObjectItem(job, "algorithms"))
    {
        cJSON *item = cJSON_CreateObject();
        double id = cJSON_GetObjectItem(algorithm, "id")->valuedouble;
        cJSON_AddNumberToObject(item, "algorithm_id", id);
        cJSON_AddNumberToObject(item, "score", 0.5 + id / 1000);
        cJSON_AddItemToArray(list, item);
    }
    char *text = cJSON_PrintUnformatted(result);
    cJSON_Delete(result);
    return text;
}

static char *evolve_result(const cJSON *job)
{
    char text[512];
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(job, "seeds"), 0);
    snprintf(text, sizeof text,
             "{\"generations\":%d,\"evolutions\":[{\"parent_algorithm_ids\":[%d],"
             "\"algorithm_dsl\":\"evolved with %.0f\",\"score\":0.8}]}",
             cJSON_GetObjectItem(job, "generations")->valueint,
             cJSON_GetObjectItem(first, "id")->valueint,
             cJSON_GetObjectItem(job, "seed")->valuedouble);
    return strdup(text);
}

static void work(struct fake_queue *queue, struct fake_job *job)
{
    bool evaluate = strcmp(job->kind, "evaluate") == 0;
    const bool nobody =
        queue->work == FAKE_WORK_NONE ||
        (queue->no_work_until_ms != 0 && atomic_load(queue->clock_ms) < queue->no_work_until_ms);
    if (job->state != PM_JOB_QUEUED || nobody || (queue->work == FAKE_WORK_EVALUATE && !evaluate)) {
        return;
    }
    if (queue->work == FAKE_WORK_FAIL) {
        job->state = PM_JOB_FAILED;
        job->reason = "the worker's reason";
        return;
    }
    job->state = PM_JOB_DONE;
    if (queue->work == FAKE_WORK_GARBAGE) {
        job->result = strdup("{\"evaluations\":7,\"evolutions\":{}");
        return;
    }
    cJSON *body = cJSON_Parse(job->body);
    assert_non_null(body);
    if (!evaluate && queue->fruitless > 0) {
        queue->fruitless--;
        job->result = strdup("{\"generations\":50,\"evolutions\":[]}");
    } else {
        job->result = evaluate ? evaluate_result(queue, body) : evolve_result(body);
    }
    cJSON_Delete(body);
}

/* ---- dying and being away ---- */

static bool is_dead(const struct fake_queue *queue, bool after)
{
    if (queue->die_at == 0) {
        return false;
    }
    return queue->calls > queue->die_at ||
           (queue->calls == queue->die_at && queue->die_after == after);
}

/* Begins a call: true when it takes effect. */
static bool begin_call(struct fake_queue *queue, bool is_record, struct pm_error *error)
{
    queue->calls++;
    if (is_dead(queue, false) || (is_dead(queue, true) && queue->calls > queue->die_at)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "dead");
    }
    if (!is_record && queue->stop != NULL && atomic_load(queue->stop)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped");
    }
    if (queue->away_calls > 0) {
        queue->away_calls--;
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "the sidecar does not answer");
    }
    return true;
}

static bool begin(struct fake_queue *queue, struct pm_error *error)
{
    return begin_call(queue, false, error);
}

/* Ends a call that had its effect: false when the driver did not live to see it. */
static bool finish(const struct fake_queue *queue, struct pm_error *error)
{
    return !is_dead(queue, true) || pm_fail(error, PM_ERROR_INTERRUPTED, "dead");
}

/* ---- the calls ---- */

static bool take_large(int *left, struct pm_error *error)
{
    if (*left == 0) {
        return true;
    }
    (*left)--;
    return pm_fail(error, PM_ERROR_LIMIT, "larger than the sidecar takes");
}

static bool check_full(const struct fake_queue *queue, struct pm_error *error)
{
    return queue->full_until_ms == 0 || atomic_load(queue->clock_ms) >= queue->full_until_ms ||
           pm_fail(error, PM_ERROR_UNAVAILABLE, "the disk is nearly full");
}

static bool room(void *context, int64_t bytes, char paused[PM_QUEUE_PAUSED_SIZE],
                 struct pm_error *error)
{
    struct fake_queue *queue = context;
    (void)bytes;
    snprintf(paused, PM_QUEUE_PAUSED_SIZE, "%s", queue->paused != NULL ? queue->paused : "");
    if (!begin(queue, error)) {
        return false;
    }
    return check_full(queue, error) && finish(queue, error);
}

static bool put(void *context, const struct pm_job_put *job, struct pm_error *error)
{
    struct fake_queue *queue = context;
    if (!begin(queue, error)) {
        return false;
    }
    if (queue->jobs_before_large > 0) {
        queue->jobs_before_large--;
    } else if (!take_large(&queue->large_jobs, error)) {
        return false;
    }
    for (size_t i = 0; i < queue->job_count; i++) {
        if (queue->jobs[i].state != PM_JOB_COLLECTED && strcmp(queue->jobs[i].key, job->key) == 0 &&
            strcmp(queue->jobs[i].run_id, job->run_id) == 0) {
            return finish(queue, error);
        }
    }
    bool has_open_record = false;
    for (size_t i = 0; i < queue->record_count; i++) {
        has_open_record = has_open_record || strcmp(queue->records[i].state, "open") == 0;
    }
    queue->put_before_open = queue->put_before_open || !has_open_record;
    assert_true(queue->job_count < FAKE_JOBS_MAX);
    queue->jobs[queue->job_count++] = (struct fake_job){.run_id = strdup(job->run_id),
                                                        .key = strdup(job->key),
                                                        .kind = strdup(job->kind),
                                                        .body = strndup(job->body, job->body_size),
                                                        .state = PM_JOB_QUEUED,
                                                        .deadline_ms = job->deadline_ms};
    return finish(queue, error);
}

static bool matches(const struct fake_job *job, const char *run_id, const char *prefix)
{
    return strcmp(job->run_id, run_id) == 0 && strncmp(job->key, prefix, strlen(prefix)) == 0;
}

static bool has_outcome(const struct fake_job *job)
{
    return job->state == PM_JOB_DONE || job->state == PM_JOB_FAILED;
}

static bool results(void *context, const char *run_id, const char *prefix, size_t limit,
                    struct pm_job_results *out, struct pm_error *error)
{
    struct fake_queue *queue = context;
    *out = (struct pm_job_results){0};
    if (!begin(queue, error)) {
        return false;
    }
    if (!finish(queue, error)) {
        return false;
    }
    out->items = calloc(FAKE_JOBS_MAX, sizeof *out->items);
    for (size_t i = 0; i < queue->job_count && out->count < limit; i++) {
        struct fake_job *job = &queue->jobs[i];
        work(queue, job);
        if (!matches(job, run_id, prefix) || !has_outcome(job)) {
            continue;
        }
        const char *body = job->result != NULL ? job->result : "";
        out->items[out->count++] =
            (struct pm_job_result){.job_id = (int64_t)i + 1,
                                   .state = job->state,
                                   .key = strdup(job->key),
                                   .kind = strdup(job->kind),
                                   .reason = strdup(job->reason != NULL ? job->reason : ""),
                                   .worker = strdup("w1"),
                                   .attempts = 1,
                                   .body = strdup(body),
                                   .body_size = strlen(body)};
    }
    return true;
}

static bool collect(void *context, const int64_t *job_ids, size_t count, struct pm_error *error)
{
    struct fake_queue *queue = context;
    if (!begin(queue, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        queue->jobs[job_ids[i] - 1].state = PM_JOB_COLLECTED;
    }
    return finish(queue, error);
}

static bool cancel(void *context, const char *run_id, const char *prefix, struct pm_error *error)
{
    struct fake_queue *queue = context;
    if (!begin(queue, error)) {
        return false;
    }
    for (size_t i = 0; i < queue->job_count; i++) {
        if (matches(&queue->jobs[i], run_id, prefix) && queue->jobs[i].state == PM_JOB_QUEUED) {
            queue->jobs[i].state = PM_JOB_FAILED;
            queue->jobs[i].reason = "cancelled";
        }
    }
    return finish(queue, error);
}

static void clear_record(struct fake_record *record)
{
    free(record->run_id);
    free(record->key);
    free(record->state);
    free(record->reason);
    free(record->body);
}

static bool record_put(void *context, const struct pm_record_put *put, struct pm_error *error)
{
    struct fake_queue *queue = context;
    if (strncmp(put->key, "figures/", 8) == 0) { /* told by the way: nothing hangs on this call */
        free(queue->figures);
        queue->figures = strndup(put->body, put->body_size);
        queue->figures_put++;
        return true;
    }
    if (!begin_call(queue, true, error) || !take_large(&queue->large_records, error)) {
        return false;
    }
    size_t place = 0;
    while (place < queue->record_count &&
           (strcmp(queue->records[place].key, put->key) != 0 ||
            strcmp(queue->records[place].run_id, put->run_id) != 0)) {
        place++;
    }
    assert_true(place < FAKE_RECORDS_MAX);
    if (place == queue->record_count && !check_full(queue, error)) {
        return false;
    }
    if (place == queue->record_count) {
        queue->record_count++;
    } else {
        clear_record(&queue->records[place]);
    }
    const char *reason = put->reason != NULL ? put->reason : "";
    queue->records[place] = (struct fake_record){.run_id = strdup(put->run_id),
                                                 .key = strdup(put->key),
                                                 .state = strdup(put->state),
                                                 .reason = strdup(reason),
                                                 .body = strndup(put->body, put->body_size)};
    return finish(queue, error);
}

static bool record_state(void *context, const char *run_id, const char *key,
                         char state[PM_RECORD_STATE_SIZE], struct pm_error *error)
{
    struct fake_queue *queue = context;
    state[0] = '\0';
    if (!begin(queue, error) || !finish(queue, error)) {
        return false;
    }
    for (size_t i = 0; i < queue->record_count; i++) {
        const struct fake_record *record = &queue->records[i];
        if (strcmp(record->run_id, run_id) == 0 && strcmp(record->key, key) == 0) {
            snprintf(state, PM_RECORD_STATE_SIZE, "%s", record->state);
        }
    }
    return true;
}

/* By the way, as they are put. */
static void give_figures(const struct fake_queue *queue, const char *key, struct pm_records *out)
{
    out->items = calloc(1, sizeof *out->items);
    if (queue->figures != NULL) {
        out->items[out->count++] = (struct pm_record){.key = strdup(key),
                                                      .state = strdup("figures"),
                                                      .reason = strdup(""),
                                                      .body = strdup(queue->figures),
                                                      .body_size = strlen(queue->figures)};
    }
}

static bool records(void *context, const char *run_id, const char *key_prefix, const char *state,
                    size_t limit, struct pm_records *out, struct pm_error *error)
{
    struct fake_queue *queue = context;
    *out = (struct pm_records){0};
    if (strncmp(key_prefix, "figures/", 8) == 0) {
        give_figures(queue, key_prefix, out);
        return true;
    }
    if (!begin(queue, error) || !finish(queue, error)) {
        return false;
    }
    out->items = calloc(FAKE_RECORDS_MAX, sizeof *out->items);
    for (size_t i = queue->record_count; i > 0 && out->count < limit; i--) {
        const struct fake_record *record = &queue->records[i - 1];
        if (strcmp(record->run_id, run_id) == 0 &&
            strncmp(record->key, key_prefix, strlen(key_prefix)) == 0 &&
            (state[0] == '\0' || strcmp(record->state, state) == 0)) {
            out->items[out->count++] = (struct pm_record){.key = strdup(record->key),
                                                          .state = strdup(record->state),
                                                          .reason = strdup(record->reason),
                                                          .body = strdup(record->body),
                                                          .body_size = strlen(record->body)};
        }
    }
    return true;
}

struct pm_driver_queue fake_queue_bind(struct fake_queue *queue)
{
    return (struct pm_driver_queue){.context = queue,
                                    .room = room,
                                    .put = put,
                                    .results = results,
                                    .collect = collect,
                                    .cancel = cancel,
                                    .record_put = record_put,
                                    .record_state = record_state,
                                    .records = records};
}

void fake_queue_clear(struct fake_queue *queue)
{
    for (size_t i = 0; i < queue->job_count; i++) {
        free(queue->jobs[i].run_id);
        free(queue->jobs[i].key);
        free(queue->jobs[i].kind);
        free(queue->jobs[i].body);
        free(queue->jobs[i].result);
    }
    for (size_t i = 0; i < queue->record_count; i++) {
        clear_record(&queue->records[i]);
    }
    free(queue->figures);
    *queue = (struct fake_queue){
        .stop = queue->stop, .clock_ms = queue->clock_ms, .fruitless = queue->fruitless};
}

const struct fake_record *fake_queue_record(const struct fake_queue *queue, const char *lease_id)
{
    for (size_t i = 0; i < queue->record_count; i++) {
        const char *last = strrchr(queue->records[i].key, '/');
        if (last != NULL && strcmp(last + 1, lease_id) == 0) {
            return &queue->records[i];
        }
    }
    return NULL;
}

size_t fake_queue_left(const struct fake_queue *queue)
{
    size_t left = 0;
    for (size_t i = 0; i < queue->job_count; i++) {
        left += queue->jobs[i].state != PM_JOB_COLLECTED;
    }
    return left;
}

bool fake_queue_contains(const struct fake_queue *queue, const char *text)
{
    for (size_t i = 0; i < queue->job_count; i++) {
        if (strstr(queue->jobs[i].key, text) != NULL || strstr(queue->jobs[i].body, text) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < queue->record_count; i++) {
        const struct fake_record *record = &queue->records[i];
        if (strstr(record->key, text) != NULL || strstr(record->body, text) != NULL ||
            strstr(record->reason, text) != NULL) {
            return true;
        }
    }
    return false;
}
