/* A sidecar and workers, each a real program, with the test in the driver's place. */
#ifndef TESTS_END_TO_END_WORKER_BENCH_H
#define TESTS_END_TO_END_WORKER_BENCH_H

#include "programs.h"

#include <stdint.h>
#include <sys/types.h>

#include <poolminer/queue_client.h>

enum { BENCH_LEASE_MS = 4000, BENCH_PATIENCE_MS = 240000, BENCH_LEAVING_MS = 2000 };

struct worker_bench {
    struct place place;
    pid_t sidecar;
    char port[16], url[64];
    struct pm_queue_client *client;
};

/* For cmocka: the sidecar runs; *state is the bench. Its programs have shiftable clocks. */
int worker_bench_set_up(void **state);
int worker_bench_tear_down(void **state);

/* The first time, or again where it was. */
void worker_bench_start_sidecar(struct worker_bench *bench);
/* It leaves checkpoints every 50 ms, and says so in LABEL.log. Other programs come first no more
 * than they do for the test: what has to be done in time is. */
pid_t worker_bench_start_worker(struct worker_bench *bench, const char *label, int threads);

/* An evolution of a few seconds, or of ages; an evaluation that takes ages: two algorithms, the
 * cheap one of which is done soon. */
void worker_bench_put_evolution(struct worker_bench *bench, const char *key, int generations);
void worker_bench_put_slow_evaluation(struct worker_bench *bench, const char *key);

/* What came of a job, once it is there: its JSON without "seconds"; to be freed. */
char *worker_bench_result(struct worker_bench *bench, const char *key);

/* A number below "jobs" of the sidecar's status. */
int64_t worker_bench_count(struct worker_bench *bench, const char *name);

/* Waits until the program's log has `part` at least `times`. */
void worker_bench_wait_log(struct worker_bench *bench, const char *label, const char *part,
                           int times);
/* Sends the signal; the program has to end, with status 0, within two seconds. */
void worker_bench_leave(struct worker_bench *bench, const char *label, pid_t pid,
                        int signal_number);

#endif
