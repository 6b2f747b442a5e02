/* The queue as a worker sees it: the verbs of poolminer/queue_client.h behind pointers, so that the
 * job runner can be tested against a queue that misbehaves on purpose. Meaning and errors of each
 * call are those of the function of the same name there. One object belongs to one thread. */
#ifndef WORKER_JOB_QUEUE_H
#define WORKER_JOB_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/queue_client.h>

struct pm_job_queue {
    void *context;
    bool (*lease)(void *context, const char *run_id, int64_t wait_ms, struct pm_job *out,
                  bool *found, struct pm_error *error);
    bool (*progress)(void *context, int64_t job_id, int64_t token, const char *progress_json,
                     struct pm_error *error);
    bool (*checkpoint)(void *context, int64_t job_id, int64_t token, const void *checkpoint,
                       size_t checkpoint_size, struct pm_error *error);
    bool (*finish)(void *context, const struct pm_job_finish *finish, struct pm_error *error);
    bool (*finish_and_lease)(void *context, const struct pm_job_finish *finish, const char *run_id,
                             struct pm_job *next, bool *found, struct pm_error *error);
    bool (*fail)(void *context, int64_t job_id, int64_t token, const char *reason, bool retry,
                 struct pm_error *error);
    bool (*release)(void *context, int64_t job_id, int64_t token, const void *checkpoint,
                    size_t checkpoint_size, struct pm_error *error);
    void (*listen)(void *context);
    void (*set_stop_flag)(void *context, const atomic_bool *stop);
    void (*set_timeout)(void *context, int64_t timeout_ms);
};

/* The queue behind a client, which must outlive it. */
struct pm_job_queue pm_job_queue_of_client(struct pm_queue_client *client);

#endif
