/* The queue again, as simply as it can be written: an array and loops. The random test holds the
 * real one against it. */
#ifndef PM_TESTS_QUEUE_MODEL_H
#define PM_TESTS_QUEUE_MODEL_H

#include "sidecar/queue.h"

enum { MODEL_JOBS_MAX = 256, MODEL_RUNS = 3 };

struct model_job {
    bool there;
    int64_t id, priority, turn, deadline_ms, token, failures, ended_token, lease_until_ms;
    int run, key, holder, body, result, checkpoint; /* small numbers stand for texts; 0: none */
    bool collected, cancelled;
    enum pm_job_state state;
};

struct model {
    struct model_job jobs[MODEL_JOBS_MAX];
    int64_t lease_ms;
};

struct model_job *model_find(struct model *model, int64_t id);
struct model_job *model_find_key(struct model *model, int run, int key);
size_t model_count(const struct model *model, enum pm_job_state state);

/* The real queue gives the number. False: no room in the model. */
bool model_put(struct model *model, int64_t id, int run, int key, int64_t priority,
               int64_t deadline_ms, int body);
/* The job that must be leased next, already leased; NULL: none. `run` -1: any. */
struct model_job *model_lease(struct model *model, struct pm_queue_time now, int run, int holder);
/* Each true when the call must succeed. */
bool model_progress(struct model *model, struct pm_queue_time now, int64_t id, int64_t token);
bool model_finish(struct model *model, int64_t id, int64_t token, int result);
bool model_fail(struct model *model, int64_t id, int64_t token, bool retry);
bool model_checkpoint(struct model *model, struct pm_queue_time now, int64_t id, int64_t token,
                      int checkpoint);
bool model_release(struct model *model, int64_t id, int64_t token, int checkpoint);
void model_cancel(struct model *model, int run);
bool model_collect(struct model *model, int64_t id);
bool model_discard(struct model *model, int64_t id);
bool model_retry(struct model *model, int64_t id);
void model_tick(struct model *model, struct pm_queue_time now);
void model_gone(struct model *model, struct pm_queue_time now, int holder);
void model_restart(struct model *model, struct pm_queue_time now);

#endif
