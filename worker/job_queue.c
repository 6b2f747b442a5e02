#include "worker/job_queue.h"

static bool lease(void *context, const char *run_id, int64_t wait_ms, struct pm_job *out,
                  bool *found, struct pm_error *error)
{
    return pm_queue_client_lease(context, run_id, wait_ms, out, found, error);
}

static bool progress(void *context, int64_t job_id, int64_t token, const char *progress_json,
                     struct pm_error *error)
{
    return pm_queue_client_progress(context, job_id, token, progress_json, error);
}

static bool checkpoint(void *context, int64_t job_id, int64_t token, const void *bytes, size_t size,
                       struct pm_error *error)
{
    return pm_queue_client_checkpoint(context, job_id, token, bytes, size, error);
}

static bool finish(void *context, const struct pm_job_finish *finish, struct pm_error *error)
{
    return pm_queue_client_finish(context, finish, error);
}

static bool finish_and_lease(void *context, const struct pm_job_finish *finish, const char *run_id,
                             struct pm_job *next, bool *found, struct pm_error *error)
{
    return pm_queue_client_finish_and_lease(context, finish, run_id, next, found, error);
}

static bool fail(void *context, int64_t job_id, int64_t token, const char *reason, bool retry,
                 struct pm_error *error)
{
    return pm_queue_client_fail(context, job_id, token, reason, retry, error);
}

static bool release(void *context, int64_t job_id, int64_t token, const void *bytes, size_t size,
                    struct pm_error *error)
{
    return pm_queue_client_release(context, job_id, token, bytes, size, error);
}

static void listen(void *context)
{
    pm_queue_client_listen(context);
}

static void set_stop_flag(void *context, const atomic_bool *stop)
{
    pm_queue_client_set_stop_flag(context, stop);
}

static void set_timeout(void *context, int64_t timeout_ms)
{
    pm_queue_client_set_timeout(context, timeout_ms);
}

struct pm_job_queue pm_job_queue_of_client(struct pm_queue_client *client)
{
    return (struct pm_job_queue){.context = client,
                                 .lease = lease,
                                 .progress = progress,
                                 .checkpoint = checkpoint,
                                 .finish = finish,
                                 .finish_and_lease = finish_and_lease,
                                 .fail = fail,
                                 .release = release,
                                 .listen = listen,
                                 .set_stop_flag = set_stop_flag,
                                 .set_timeout = set_timeout};
}
