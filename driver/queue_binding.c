#include "driver/queue_binding.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 3000, LAST_TIMEOUT_MS = 500 };

struct pm_queue_binding {
    struct pm_queue_client *client;
    const atomic_bool *stop;
};

bool pm_queue_binding_create(const char *const *urls, const char *key_file, const char *name,
                             const atomic_bool *stop, struct pm_queue_binding **out,
                             struct pm_error *error)
{
    struct pm_queue_binding *binding = calloc(1, sizeof *binding);
    if (binding == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the sidecar's client");
    }
    binding->stop = stop;
    const struct pm_queue_client_config config = {.url = urls[0],
                                                  .more_urls = urls + 1,
                                                  .logs_moves = true,
                                                  .key_file = key_file,
                                                  .role = "driver",
                                                  .name = name,
                                                  .timeout_ms = TIMEOUT_MS};
    if (!pm_queue_client_create(&config, &binding->client, error)) {
        free(binding);
        return false;
    }
    pm_queue_client_set_stop_flag(binding->client, stop);
    *out = binding;
    return true;
}

void pm_queue_binding_destroy(struct pm_queue_binding *binding)
{
    if (binding != NULL) {
        pm_queue_client_destroy(binding->client);
        free(binding);
    }
}

static bool room(void *context, int64_t bytes, char paused[PM_QUEUE_PAUSED_SIZE],
                 struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    return pm_queue_client_room(binding->client, bytes, paused, error);
}

static bool put(void *context, const struct pm_job_put *job, struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    return pm_queue_client_put(binding->client, job, NULL, NULL, error);
}

static bool results(void *context, const char *run_id, const char *key_prefix, size_t limit,
                    struct pm_job_results *out, struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    return pm_queue_client_results(binding->client, run_id, key_prefix, limit, out, error);
}

static bool collect(void *context, const int64_t *job_ids, size_t count, struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    return pm_queue_client_collect(binding->client, job_ids, count, error);
}

static bool cancel(void *context, const char *run_id, const char *key_prefix,
                   struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    return pm_queue_client_cancel(binding->client, run_id, key_prefix, NULL, error);
}

/* After a stop: a call that no stop cuts short, and with little patience. */
static bool record_put_at_last(const struct pm_queue_binding *binding,
                               const struct pm_record_put *put, struct pm_error *error)
{
    pm_queue_client_set_stop_flag(binding->client, NULL);
    pm_queue_client_set_timeout(binding->client, LAST_TIMEOUT_MS);
    const bool done = pm_queue_client_record_put(binding->client, put, error);
    pm_queue_client_set_timeout(binding->client, TIMEOUT_MS);
    pm_queue_client_set_stop_flag(binding->client, binding->stop);
    return done;
}

static bool record_put(void *context, const struct pm_record_put *put, struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    bool stopping = binding->stop != NULL && atomic_load(binding->stop);
    if (!stopping && pm_queue_client_record_put(binding->client, put, error)) {
        return true;
    }
    if (!stopping && error->code != PM_ERROR_INTERRUPTED) {
        return false;
    }
    return record_put_at_last(binding, put, error);
}

static bool record_state(void *context, const char *run_id, const char *key,
                         char state[PM_RECORD_STATE_SIZE], struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    return pm_queue_client_record_state(binding->client, run_id, key, state, error);
}

static bool records(void *context, const char *run_id, const char *key_prefix, const char *state,
                    size_t limit, struct pm_records *out, struct pm_error *error)
{
    struct pm_queue_binding *binding = context;
    return pm_queue_client_records(binding->client, run_id, key_prefix, state, limit, out, error);
}

struct pm_driver_queue pm_queue_binding_queue(struct pm_queue_binding *binding)
{
    return (struct pm_driver_queue){.context = binding,
                                    .room = room,
                                    .put = put,
                                    .results = results,
                                    .collect = collect,
                                    .cancel = cancel,
                                    .record_put = record_put,
                                    .record_state = record_state,
                                    .records = records};
}
