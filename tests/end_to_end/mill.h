/* Pool, sidecar, worker and driver, each started by hand, for tests that kill and replace them. */
#ifndef TESTS_END_TO_END_MILL_H
#define TESTS_END_TO_END_MILL_H

#include "programs.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <sys/types.h>

#include <poolminer/queue_client.h>

struct mill {
    struct place place;
    char pool_port[16], sidecar_port[16], pool_url[64], sidecar_url[64];
    pid_t pool, sidecar, worker, driver;
    struct pm_queue_client *client;
};

/* For cmocka: everything but the driver runs; *state is the mill. */
int mill_set_up(void **state);
int mill_tear_down(void **state);

/* The first time, or again where it was. */
void mill_start_pool(struct mill *mill);
void mill_start_sidecar(struct mill *mill);
void mill_start_worker(struct mill *mill);
/* `more` (NULL-terminated) are further options. */
void mill_start_driver(struct mill *mill, const char *duration_s, const char *const *more);

/* For tests with a set-up of their own: makes the client, of which mill_count asks. */
void mill_connect(struct mill *mill);

/* A count below "jobs" or "records" of the sidecar's status; 0 when it is not there. */
int64_t mill_count(struct mill *mill, const char *group, const char *name);

/* Until a worker has a job. */
void mill_wait_for_work(struct mill *mill);

/* kill -9 to the worker while it has a job, which it loses. */
void mill_kill_worker_at_work(struct mill *mill);

/* Until the condition holds; the test ends with `otherwise` when that takes too long. */
void mill_expect_soon(bool (*condition)(void *context), struct mill *mill, const char *otherwise);

/* Waits for the driver's end and returns its summary, in which a submission at least was accepted
 * and none refused. */
cJSON *mill_end_driver(struct mill *mill);

/* The pool's count of what came in, against the driver's: nothing lost, nothing twice. */
void mill_check_counts(const cJSON *summary);

#endif
