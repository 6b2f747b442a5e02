#include "sidecar/queue_fixture.h"

#include "sidecar/test_store.h"

#include <stdio.h>
#include <stdlib.h>

struct pm_queue queue;
struct pm_queue_time now;
struct pm_error error;
struct pm_store_job last_job;
char last_body[64], last_checkpoint[64];
static uint64_t last_request;

int queue_set_up(void **state)
{
    (void)state;
    const struct pm_queue_config config = {
        .lease_ms = FIXTURE_LEASE_MS, .max_jobs = 100, .max_bytes = 10000};
    test_store_erase();
    struct pm_store *store = test_store_open(":memory:");
    now = (struct pm_queue_time){.steady_ms = 5000, .unix_ms = 1700000000000};
    assert_done(pm_queue_open(&queue, store, &config, now, &error), error);
    return 0;
}

int queue_tear_down(void **state)
{
    (void)state;
    test_store_close(queue.store);
    return 0;
}

int64_t put_with(const char *run, const char *key, int64_t priority, int64_t deadline_ms,
                 const char *body)
{
    const struct pm_job_put put = {.run_id = run,
                                   .key = key,
                                   .kind = "evaluate",
                                   .priority = priority,
                                   .deadline_ms = deadline_ms,
                                   .body = body,
                                   .body_size = strlen(body)};
    int64_t id;
    bool existed;
    DO(pm_queue_put(&queue, now, &put, &id, &existed, &error));
    assert_false(existed);
    return id;
}

int64_t put_job(const char *run, const char *key)
{
    return put_with(run, key, 0, 0, "body");
}

int64_t lease_job(const char *run, const char *holder)
{
    struct pm_queue_lease lease;
    bool found;
    DO(pm_queue_lease(&queue, now, run, holder, ++last_request, &lease, &found, &error));
    if (!found) {
        return 0;
    }
    last_job = lease.job;
    snprintf(last_body, sizeof last_body, "%.*s", (int)lease.body_size, (char *)lease.body);
    snprintf(last_checkpoint, sizeof last_checkpoint, "%.*s", (int)lease.checkpoint_size,
             lease.checkpoint == NULL ? "" : (char *)lease.checkpoint);
    pm_queue_lease_clear(&lease);
    return last_job.id;
}

void finish_job(int64_t id, int64_t token, const char *result)
{
    const struct pm_wire_frame frame = {result, strlen(result)};
    bool repeated;
    DO(pm_queue_finish(&queue, id, token, &frame, &repeated, &error));
    assert_false(repeated);
}

int state_of(int64_t id)
{
    struct pm_store_job job;
    bool found;
    assert_done(queue.store->verbs->job_get(queue.store, id, &job, &found, &error), error);
    return found ? (int)job.state : -1;
}

int64_t counted(enum pm_counter counter)
{
    return queue.store->verbs->counted(queue.store, 0, counter);
}

int64_t in_state(enum pm_job_state state)
{
    return counted((enum pm_counter)(PM_COUNTER_STATE_FIRST + (int)state));
}

size_t pass(int64_t duration_ms)
{
    struct pm_queue_event events[16];
    size_t count;
    now.steady_ms += duration_ms;
    now.unix_ms += duration_ms;
    DO(pm_queue_tick(&queue, now, events, 16, &count, &error));
    return count;
}
