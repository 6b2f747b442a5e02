#include "sidecar/queue_model.h"

struct model_job *model_find(struct model *model, int64_t id)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        if (model->jobs[i].there && model->jobs[i].id == id) {
            return &model->jobs[i];
        }
    }
    return NULL;
}

struct model_job *model_find_key(struct model *model, int run, int key)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        struct model_job *job = &model->jobs[i];
        if (job->there && !job->collected && job->run == run && job->key == key) {
            return job;
        }
    }
    return NULL;
}

size_t model_count(const struct model *model, enum pm_job_state state)
{
    size_t count = 0;
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        count += model->jobs[i].there && model->jobs[i].state == state ? 1 : 0;
    }
    return count;
}

/* One more than the run's last at this priority, but not before the front of the line. */
static int64_t model_turn(const struct model *model, int run, int64_t priority)
{
    int64_t own = 0, front = -1;
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        const struct model_job *job = &model->jobs[i];
        if (!job->there || job->state != PM_JOB_QUEUED || job->priority != priority) {
            continue;
        }
        if (job->run == run && job->turn + 1 > own) {
            own = job->turn + 1;
        }
        if (front < 0 || job->turn < front) {
            front = job->turn;
        }
    }
    return own > front ? own : front;
}

bool model_put(struct model *model, int64_t id, int run, int key, int64_t priority,
               int64_t deadline_ms, int body)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        if (!model->jobs[i].there) {
            int64_t turn = model_turn(model, run, priority);
            model->jobs[i] = (struct model_job){.there = true,
                                                .id = id,
                                                .run = run,
                                                .key = key,
                                                .priority = priority,
                                                .turn = turn < 0 ? 0 : turn,
                                                .deadline_ms = deadline_ms,
                                                .body = body,
                                                .state = PM_JOB_QUEUED};
            return true;
        }
    }
    return false;
}

static bool before(const struct model_job *a, const struct model_job *b)
{
    if (a->priority != b->priority) {
        return a->priority > b->priority;
    }
    return a->turn != b->turn ? a->turn < b->turn : a->id < b->id;
}

static bool late(const struct model_job *job, struct pm_queue_time now)
{
    return job->deadline_ms > 0 && job->deadline_ms <= now.unix_ms;
}

struct model_job *model_lease(struct model *model, struct pm_queue_time now, int run, int holder)
{
    for (;;) {
        struct model_job *best = NULL;
        for (int i = 0; i < MODEL_JOBS_MAX; i++) {
            struct model_job *job = &model->jobs[i];
            if (job->there && job->state == PM_JOB_QUEUED && (run < 0 || job->run == run) &&
                (best == NULL || before(job, best))) {
                best = job;
            }
        }
        if (best == NULL || !late(best, now)) {
            if (best != NULL) {
                best->state = PM_JOB_LEASED;
                best->token++;
                best->holder = holder;
                best->lease_until_ms = now.steady_ms + model->lease_ms;
            }
            return best;
        }
        best->state = PM_JOB_FAILED;
    }
}

static struct model_job *held(struct model *model, int64_t id, int64_t token)
{
    struct model_job *job = model_find(model, id);
    return job != NULL && job->state == PM_JOB_LEASED && job->token == token ? job : NULL;
}

bool model_progress(struct model *model, struct pm_queue_time now, int64_t id, int64_t token)
{
    struct model_job *job = held(model, id, token);
    if (job != NULL) {
        job->lease_until_ms = now.steady_ms + model->lease_ms;
    }
    return job != NULL;
}

bool model_finish(struct model *model, int64_t id, int64_t token, int result)
{
    struct model_job *job = held(model, id, token);
    if (job == NULL) {
        job = model_find(model, id);
        return job != NULL && job->state == PM_JOB_DONE && job->token == token;
    }
    job->state = PM_JOB_DONE;
    job->result = result;
    return true;
}

static bool ended_before(struct model *model, int64_t id, int64_t token)
{
    const struct model_job *job = model_find(model, id);
    return job != NULL && token > 0 && job->ended_token == token;
}

bool model_fail(struct model *model, int64_t id, int64_t token, bool retry)
{
    struct model_job *job = held(model, id, token);
    if (job == NULL) {
        return ended_before(model, id, token);
    }
    job->failures++;
    job->ended_token = token;
    job->state = retry && job->failures < PM_QUEUE_ATTEMPTS_MAX ? PM_JOB_QUEUED : PM_JOB_FAILED;
    return true;
}

bool model_release(struct model *model, int64_t id, int64_t token, int checkpoint)
{
    struct model_job *job = held(model, id, token);
    if (job == NULL) {
        return ended_before(model, id, token);
    }
    job->ended_token = token;
    job->state = PM_JOB_QUEUED;
    if (checkpoint != 0) {
        job->checkpoint = checkpoint;
    }
    return true;
}

bool model_checkpoint(struct model *model, struct pm_queue_time now, int64_t id, int64_t token,
                      int checkpoint)
{
    struct model_job *job = held(model, id, token);
    if (job == NULL) {
        return false;
    }
    job->checkpoint = checkpoint;
    return model_progress(model, now, id, token);
}

void model_cancel(struct model *model, int run)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        struct model_job *job = &model->jobs[i];
        if (job->there && job->run == run &&
            (job->state == PM_JOB_QUEUED || job->state == PM_JOB_LEASED)) {
            job->state = PM_JOB_FAILED;
        }
    }
}

bool model_collect(struct model *model, int64_t id)
{
    struct model_job *job = model_find(model, id);
    if (job == NULL || job->collected || job->state == PM_JOB_QUEUED ||
        job->state == PM_JOB_LEASED) {
        return false;
    }
    if (job->state == PM_JOB_SET_ASIDE) {
        job->collected = true;
    } else {
        job->there = false;
    }
    return true;
}

bool model_discard(struct model *model, int64_t id)
{
    struct model_job *job = model_find(model, id);
    bool aside = job != NULL && job->state == PM_JOB_SET_ASIDE;
    if (aside) {
        job->there = false;
    }
    return aside;
}

bool model_retry(struct model *model, int64_t id)
{
    struct model_job *job = model_find(model, id);
    if (job == NULL || job->state != PM_JOB_SET_ASIDE ||
        (job->collected && model_find_key(model, job->run, job->key) != NULL)) {
        return false;
    }
    job->collected = false;
    job->failures = 0;
    job->checkpoint = 0;
    job->state = PM_JOB_QUEUED;
    return true;
}

static void lose(struct model_job *job, struct pm_queue_time now)
{
    job->failures++;
    job->state = late(job, now)                           ? PM_JOB_FAILED
                 : job->failures >= PM_QUEUE_ATTEMPTS_MAX ? PM_JOB_SET_ASIDE
                                                          : PM_JOB_QUEUED;
}

void model_tick(struct model *model, struct pm_queue_time now)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        struct model_job *job = &model->jobs[i];
        if (job->there && job->state == PM_JOB_LEASED && job->lease_until_ms <= now.steady_ms) {
            lose(job, now);
        }
        if (job->there && job->state == PM_JOB_QUEUED && late(job, now)) {
            job->state = PM_JOB_FAILED;
        }
    }
}

void model_gone(struct model *model, struct pm_queue_time now, int holder)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        struct model_job *job = &model->jobs[i];
        if (job->there && job->state == PM_JOB_LEASED && job->holder == holder) {
            lose(job, now);
        }
    }
}

void model_restart(struct model *model, struct pm_queue_time now)
{
    for (int i = 0; i < MODEL_JOBS_MAX; i++) {
        if (model->jobs[i].there && model->jobs[i].state == PM_JOB_LEASED) {
            model->jobs[i].lease_until_ms = now.steady_ms + model->lease_ms;
        }
    }
}
