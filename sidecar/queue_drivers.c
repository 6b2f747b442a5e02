/* What drivers, and a person, ask of the queue: jobs in, outcomes out, records. */
#include "sidecar/queue_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- what names may be ---- */

static bool check_name(const char *what, const char *text, size_t max, bool may_be_empty,
                       struct pm_error *error)
{
    size_t length = strnlen(text, max + 1);
    bool good = length <= max && (may_be_empty || length > 0);
    for (size_t i = 0; good && i < length; i++) {
        good = text[i] >= ' ' && text[i] <= '~';
    }
    return good || pm_fail(error, PM_ERROR_INVALID, "%s: expected %s%zu bytes of printable ASCII",
                           what, may_be_empty ? "up to " : "1 to ", max);
}

static bool check_state(const char *state, bool may_be_empty, struct pm_error *error)
{
    size_t length = strspn(state, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return (state[length] == '\0' && length <= PM_STORE_STATE_MAX &&
            (may_be_empty || length > 0)) ||
           pm_fail(error, PM_ERROR_INVALID, "state: expected 1 to %d of a-z, 0-9, _ and -",
                   PM_STORE_STATE_MAX);
}

static bool check_filter(const char *run, const char *prefix, struct pm_error *error)
{
    return check_name("run", run, PM_STORE_RUN_MAX, false, error) &&
           check_name("prefix", prefix, PM_STORE_KEY_MAX, true, error);
}

/* ---- put ---- */

static bool check_put(const struct pm_job_put *put, struct pm_error *error)
{
    if (!check_name("run", put->run_id, PM_STORE_RUN_MAX, false, error) ||
        !check_name("key", put->key, PM_STORE_KEY_MAX, false, error) ||
        !check_name("kind", put->kind, PM_STORE_KIND_MAX, false, error)) {
        return false;
    }
    if (put->priority < -PM_QUEUE_PRIORITY_MAX || put->priority > PM_QUEUE_PRIORITY_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "priority: expected %d to %d",
                       -PM_QUEUE_PRIORITY_MAX, PM_QUEUE_PRIORITY_MAX);
    }
    if (put->deadline_ms < 0) {
        return pm_fail(error, PM_ERROR_INVALID, "deadline_ms: expected 0 or a time since 1970");
    }
    return put->body_size <= PM_JOB_BODY_MAX ||
           pm_fail(error, PM_ERROR_LIMIT, "the body has %zu bytes, at most %d", put->body_size,
                   PM_JOB_BODY_MAX);
}

static int64_t jobs_held(struct pm_queue *queue)
{
    int64_t jobs = 0;
    for (int state = PM_JOB_QUEUED; state < PM_JOB_COLLECTED; state++) {
        jobs += queue->store->verbs->counted(queue->store, 0,
                                             (enum pm_counter)(PM_COUNTER_STATE_FIRST + state));
    }
    return jobs;
}

static bool insert(struct pm_queue *queue, struct pm_queue_time now, const struct pm_job_put *put,
                   int64_t run, int64_t *id, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    struct pm_store_job job = {.run = run,
                               .state = PM_JOB_QUEUED,
                               .priority = put->priority,
                               .deadline_ms = put->deadline_ms,
                               .created_ms = now.unix_ms,
                               .bytes = (int64_t)put->body_size};
    snprintf(job.key, sizeof job.key, "%s", put->key);
    snprintf(job.kind, sizeof job.kind, "%s", put->kind);
    const struct pm_wire_frame body = {put->body, put->body_size};
    if (!store->verbs->next_turn(store, run, put->priority, &job.turn, error) ||
        !store->verbs->job_insert(store, &job, &body, error)) {
        return false;
    }
    store->verbs->count(store, run, PM_COUNTER_BYTES, job.bytes);
    pm_queue_count_state(queue, &job, 1);
    pm_queue_count_event(queue, &job, PM_COUNTER_PUT);
    queue->work_arrived = true;
    *id = job.id;
    return true;
}

static bool check_job_count(struct pm_queue *queue, struct pm_error *error)
{
    return jobs_held(queue) < queue->config.max_jobs ||
           pm_fail(error, PM_ERROR_UNAVAILABLE, "the queue holds %lld jobs, all it may",
                   (long long)queue->config.max_jobs);
}

bool pm_queue_has_room(struct pm_queue *queue, int64_t bytes, struct pm_error *error)
{
    return check_job_count(queue, error) &&
           pm_queue_check_bytes(queue, PM_QUEUE_ROOM_NEW, bytes, error);
}

bool pm_queue_put(struct pm_queue *queue, struct pm_queue_time now, const struct pm_job_put *put,
                  int64_t *id, bool *existed, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    int64_t run = 0;
    *id = 0;
    if (!check_put(put, error) || !store->verbs->run_find(store, put->run_id, false, &run, error) ||
        (run != 0 && !store->verbs->job_find(store, run, put->key, id, error))) {
        return false;
    }
    *existed = *id != 0;
    if (*existed) {
        return true;
    }
    return check_job_count(queue, error) &&
           pm_queue_make_room(queue, PM_QUEUE_ROOM_NEW, (int64_t)put->body_size, error) &&
           (run != 0 || store->verbs->run_find(store, put->run_id, true, &run, error)) &&
           insert(queue, now, put, run, id, error);
}

/* ---- outcomes ---- */

bool pm_queue_results(struct pm_queue *queue, const char *run, const char *prefix, int64_t after,
                      int64_t *ids, size_t capacity, size_t *count, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    struct pm_store_query query = {.list = PM_STORE_OUTCOMES, .after = after, .prefix = prefix};
    *count = 0;
    return check_filter(run, prefix, error) &&
           store->verbs->run_find(store, run, false, &query.run, error) &&
           (query.run == 0 || store->verbs->list(store, &query, ids, capacity, count, error));
}

bool pm_queue_outcome(struct pm_queue *queue, int64_t id, struct pm_store_job *job, void **result,
                      size_t *size, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    bool found;
    *result = NULL;
    *size = 0;
    if (!store->verbs->job_get(store, id, job, &found, error)) {
        return false;
    }
    if (!found) {
        return pm_fail(error, PM_ERROR_IO, "the store: job %lld is listed but not there",
                       (long long)id);
    }
    return job->state != PM_JOB_DONE ||
           store->verbs->part_get(store, job, PM_STORE_RESULT, result, size, error);
}

static bool delete_oldest_set_aside(struct pm_queue *queue, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    const struct pm_store_query query = {.list = PM_STORE_SET_ASIDE_COLLECTED};
    if (store->verbs->counted(store, 0,
                              (enum pm_counter)(PM_COUNTER_STATE_FIRST + PM_JOB_SET_ASIDE)) <=
        PM_QUEUE_SET_ASIDE_MAX) {
        return true;
    }
    int64_t id;
    size_t count;
    struct pm_store_job job;
    bool found;
    if (!store->verbs->list(store, &query, &id, 1, &count, error)) {
        return false;
    }
    return count == 0 || (store->verbs->job_get(store, id, &job, &found, error) &&
                          (!found || pm_queue_delete(queue, &job, error)));
}

/* A job set aside stays for a person to look at; only the driver sees it no more. */
static bool collect_one(struct pm_queue *queue, struct pm_store_job *job, struct pm_error *error)
{
    pm_queue_count_event(queue, job, PM_COUNTER_COLLECTED);
    if (job->state != PM_JOB_SET_ASIDE) {
        return pm_queue_delete(queue, job, error);
    }
    job->collected = true;
    return queue->store->verbs->job_move(queue->store, job, PM_JOB_SET_ASIDE, NULL, error) &&
           delete_oldest_set_aside(queue, error);
}

bool pm_queue_collect(struct pm_queue *queue, const int64_t *ids, size_t count, size_t *collected,
                      struct pm_error *error)
{
    struct pm_store *store = queue->store;
    *collected = 0;
    if (count > PM_QUEUE_LIST_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "jobs: at most %d in one request", PM_QUEUE_LIST_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        struct pm_store_job job;
        bool found;
        if (!store->verbs->job_get(store, ids[i], &job, &found, error)) {
            return false;
        }
        bool outcome = found && !job.collected &&
                       (job.state == PM_JOB_DONE || job.state == PM_JOB_FAILED ||
                        job.state == PM_JOB_SET_ASIDE);
        if (outcome && !collect_one(queue, &job, error)) {
            return false;
        }
        *collected += outcome ? 1 : 0;
    }
    return true;
}

bool pm_queue_cancel(struct pm_queue *queue, const char *run, const char *prefix,
                     const char *after_key, size_t *cancelled, bool *more, char *last_key,
                     struct pm_error *error)
{
    struct pm_store *store = queue->store;
    struct pm_store_query query = {
        .list = PM_STORE_ACTIVE, .prefix = prefix, .after_key = after_key};
    int64_t ids[PM_QUEUE_LIST_MAX];
    size_t count = 0;
    *cancelled = 0;
    *more = false;
    last_key[0] = '\0';
    if (!check_filter(run, prefix, error) ||
        !check_name("after", after_key, PM_STORE_KEY_MAX, true, error) ||
        !store->verbs->run_find(store, run, false, &query.run, error) ||
        (query.run != 0 &&
         !store->verbs->list(store, &query, ids, PM_QUEUE_LIST_MAX, &count, error))) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct pm_store_job job;
        bool found;
        if (!store->verbs->job_get(store, ids[i], &job, &found, error)) {
            return false;
        }
        if (!found) {
            continue;
        }
        snprintf(job.reason, sizeof job.reason, "cancelled");
        snprintf(last_key, PM_STORE_KEY_MAX + 1, "%s", job.key);
        pm_queue_count_event(queue, &job, PM_COUNTER_CANCELLED);
        if (!pm_queue_move(queue, &job, PM_JOB_FAILED, NULL, error)) {
            return false;
        }
        (*cancelled)++;
    }
    *more = count == PM_QUEUE_LIST_MAX;
    return true;
}

/* ---- records ---- */

struct known_states {
    const char *wanted;
    size_t count;
    bool there;
};

static bool visit_total(void *context, const char *state, int64_t count, struct pm_error *error)
{
    struct known_states *known = context;
    (void)count;
    (void)error;
    known->count++;
    known->there = known->there || strcmp(state, known->wanted) == 0;
    return true;
}

static bool check_record_room(struct pm_queue *queue, int64_t run, const char *state,
                              struct pm_error *error)
{
    struct pm_store *store = queue->store;
    struct known_states known = {.wanted = state};
    if (!store->verbs->record_totals(store, run, visit_total, &known, error)) {
        return false;
    }
    if (!known.there && known.count >= PM_QUEUE_RECORD_STATES_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "state: a run's records have at most %d states",
                       PM_QUEUE_RECORD_STATES_MAX);
    }
    return strcmp(state, "open") != 0 ||
           store->verbs->counted(store, run, PM_COUNTER_RECORDS_OPEN) < PM_QUEUE_RECORDS_MAX ||
           pm_fail(error, PM_ERROR_UNAVAILABLE, "the run has %d open records, all it may",
                   PM_QUEUE_RECORDS_MAX);
}

/* The newest stays, also when it alone is history. */
static bool drop_old_records(struct pm_queue *queue, int64_t run, enum pm_queue_room room,
                             int64_t newest, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    if (store->verbs->counted(store, run, PM_COUNTER_RECORDS_CLOSED) > PM_QUEUE_RECORDS_MAX &&
        !store->verbs->record_drop_oldest(store, run, error)) {
        return false;
    }
    return pm_queue_drop_history(queue, pm_queue_bytes_max(queue, room), newest, error);
}

bool pm_queue_record_put(struct pm_queue *queue, struct pm_queue_time now, const char *run,
                         struct pm_store_record *record, const struct pm_wire_frame *body,
                         struct pm_error *error)
{
    struct pm_store *store = queue->store;
    int64_t run_id, older_size = 0;
    char older_state[PM_STORE_STATE_MAX + 1] = "";
    if (!check_name("run", run, PM_STORE_RUN_MAX, false, error) ||
        !check_name("key", record->key, PM_STORE_KEY_MAX, false, error) ||
        !check_state(record->state, false, error) ||
        !store->verbs->run_find(store, run, false, &run_id, error) ||
        (run_id != 0 &&
         !store->verbs->record_find(store, run_id, record->key, older_state, &older_size, error))) {
        return false;
    }
    bool was_open = strcmp(older_state, "open") == 0;
    enum pm_queue_room room = was_open ? PM_QUEUE_ROOM_IN : PM_QUEUE_ROOM_NEW;
    int64_t size = (int64_t)body->size;
    bool grows = size > older_size;
    if ((grows && !pm_queue_check_bytes(queue, room, size - (was_open ? older_size : 0), error)) ||
        !store->verbs->run_find(store, run, true, &run_id, error) ||
        !check_record_room(queue, run_id, record->state, error)) {
        return false;
    }
    record->updated_ms = now.unix_ms;
    return store->verbs->record_put(store, run_id, record, body, error) &&
           drop_old_records(queue, run_id, room, strcmp(record->state, "open") == 0 ? 0 : size,
                            error);
}

bool pm_queue_records(struct pm_queue *queue, const char *run,
                      const struct pm_store_record_query *query, pm_store_record_visitor *visit,
                      void *context, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    int64_t run_id;
    return check_filter(run, query->prefix, error) && check_state(query->state, true, error) &&
           store->verbs->run_find(store, run, false, &run_id, error) &&
           (run_id == 0 || store->verbs->records(store, run_id, query, visit, context, error));
}

bool pm_queue_record_state(struct pm_queue *queue, const char *run, const char *key,
                           char state[PM_STORE_STATE_MAX + 1], struct pm_error *error)
{
    struct pm_store *store = queue->store;
    int64_t run_id, size;
    state[0] = '\0';
    return check_name("run", run, PM_STORE_RUN_MAX, false, error) &&
           check_name("key", key, PM_STORE_KEY_MAX, false, error) &&
           store->verbs->run_find(store, run, false, &run_id, error) &&
           (run_id == 0 || store->verbs->record_find(store, run_id, key, state, &size, error));
}

/* ---- a person ---- */

static bool get_set_aside(struct pm_queue *queue, int64_t id, struct pm_store_job *job,
                          struct pm_error *error)
{
    bool found;
    if (!queue->store->verbs->job_get(queue->store, id, job, &found, error)) {
        return false;
    }
    return (found && job->state == PM_JOB_SET_ASIDE) ||
           pm_fail(error, PM_ERROR_NOT_FOUND, "no job %lld is set aside", (long long)id);
}

bool pm_queue_retry(struct pm_queue *queue, int64_t id, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    struct pm_store_job job;
    int64_t rival = 0;
    if (!get_set_aside(queue, id, &job, error) ||
        (job.collected && !store->verbs->job_find(store, job.run, job.key, &rival, error))) {
        return false;
    }
    if (rival != 0) {
        return pm_fail(error, PM_ERROR_NOT_FOUND,
                       "job %lld has taken the place of job %lld: discard this one",
                       (long long)rival, (long long)id);
    }
    job.collected = false;
    job.failures = 0;
    job.reason[0] = '\0';
    return pm_queue_replace_checkpoint(queue, &job, NULL, error) &&
           pm_queue_move(queue, &job, PM_JOB_QUEUED, NULL, error);
}

bool pm_queue_discard(struct pm_queue *queue, int64_t id, struct pm_error *error)
{
    struct pm_store_job job;
    return get_set_aside(queue, id, &job, error) && pm_queue_delete(queue, &job, error);
}
