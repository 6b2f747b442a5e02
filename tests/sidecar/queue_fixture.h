/* A queue over a store in memory, or over PostgreSQL (test_store.h), with a clock that stands still
 * unless told: for tests of the rules. Each step is a transaction of its own. */
#ifndef PM_TESTS_QUEUE_FIXTURE_H
#define PM_TESTS_QUEUE_FIXTURE_H

#include "sidecar/queue.h"
#include "sidecar/sidecar_test.h"

enum { FIXTURE_LEASE_MS = 20000 };

extern struct pm_queue queue;
extern struct pm_queue_time now;
extern struct pm_error error;

int queue_set_up(void **state);
int queue_tear_down(void **state);
#define WITH_QUEUE(test) cmocka_unit_test_setup_teardown(test, queue_set_up, queue_tear_down)

/* Wraps a call that is to succeed, or to be refused without changing anything. */
#define DO(call)                                                                                   \
    do {                                                                                           \
        assert_done(pm_queue_begin(&queue, true, &error), error);                                  \
        assert_done(call, error);                                                                  \
        assert_done(pm_queue_commit(&queue, &error), error);                                       \
    } while (0)
#define REFUSED(call, code, words)                                                                 \
    do {                                                                                           \
        assert_done(pm_queue_begin(&queue, true, &error), error);                                  \
        assert_refused(call, error, code, words);                                                  \
        assert_done(pm_queue_commit(&queue, &error), error);                                       \
    } while (0)

int64_t put_job(const char *run, const char *key);
int64_t put_with(const char *run, const char *key, int64_t priority, int64_t deadline_ms,
                 const char *body);
/* Leases the next job; its number, or 0. The last lease's details are in last_job. */
int64_t lease_job(const char *run, const char *holder);
extern struct pm_store_job last_job;
extern char last_body[64], last_checkpoint[64]; /* "" when there is none */

void finish_job(int64_t id, int64_t token, const char *result);
/* State, or -1 when the job is not there. */
int state_of(int64_t id);
int64_t counted(enum pm_counter counter);
int64_t in_state(enum pm_job_state state);
/* Advances the clock and lets time have its effect; the number of events. */
size_t pass(int64_t duration_ms);

#endif
