/* An evolution goes from worker to worker, each of which is told to end or is killed, and so is the
 * sidecar: its result is the same, bit for bit, as that of one worker left in peace. */
#include "cmocka_include.h"
#include "worker_bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than all its workers get to before the last: sanitized ones are that much slower. */
#ifdef __SANITIZE_ADDRESS__
enum { GENERATIONS = 40 };
#else
enum { GENERATIONS = 160 };
#endif

static char *evolve_in_peace(struct worker_bench *bench)
{
    worker_bench_put_evolution(bench, "peace", GENERATIONS);
    const pid_t worker = worker_bench_start_worker(bench, "peaceful", 2);
    char *result = worker_bench_result(bench, "peace");
    worker_bench_leave(bench, "peaceful", worker, SIGTERM);
    return result;
}

static void an_evolution_survives_its_workers(void **state)
{
    static const int ENDS[] = {SIGTERM, SIGKILL, SIGINT, SIGKILL, SIGTERM, SIGTERM};
    struct worker_bench *bench = *state;
    char *expected = evolve_in_peace(bench), label[16];
    assert_non_null(strstr(expected, "\"algorithm_dsl\""));
    const size_t turns = sizeof ENDS / sizeof *ENDS;
    worker_bench_put_evolution(bench, "war", GENERATIONS);
    for (size_t i = 0; i < turns; i++) {
        snprintf(label, sizeof label, "worker-%zu", i);
        const pid_t worker = worker_bench_start_worker(bench, label, 1 + (int)(i % 3));
        worker_bench_wait_log(bench, label, "WORKER-CHECKPOINT ", i == 0 ? 4 : 2);
        if (i > 0) {
            worker_bench_wait_log(bench, label, "WORKER-JOB-RESUMED", 1);
        }
        if (ENDS[i] == SIGKILL) {
            kill_hard(worker);
        } else {
            worker_bench_leave(bench, label, worker, ENDS[i]);
            worker_bench_wait_log(bench, label, "WORKER-JOB-RELEASED", 1);
        }
        if (i == 2) {
            kill_hard(bench->sidecar);
            worker_bench_start_sidecar(bench);
        }
    }
    const pid_t last = worker_bench_start_worker(bench, "last", 2);
    char *result = worker_bench_result(bench, "war");
    assert_string_equal(result, expected);
    assert_true(log_says(&bench->place, "last.log", "WORKER-JOB-RESUMED"));
    assert_true(worker_bench_count(bench, "lost_leases") >= 2);
    worker_bench_leave(bench, "last", last, SIGTERM);
    free(expected);
    free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_evolution_survives_its_workers, worker_bench_set_up,
                                        worker_bench_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
