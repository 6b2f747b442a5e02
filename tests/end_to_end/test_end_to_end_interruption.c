/* Programs that are told to end are gone in two seconds whatever they are doing; programs that were
 * stopped for longer than a lease, and clocks that jump, cost no job its result. */
#include "cmocka_include.h"
#include "loopback.h"
#include "own_clock.h"
#include "worker_bench.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum { AGES = 100000, HOUR_MS = 3600000 };

/* ---- the end ---- */

static void everything_ends_in_time(void **state)
{
    static const int SIGNALS[] = {SIGTERM, SIGINT};
    struct worker_bench *bench = *state;
    worker_bench_put_slow_evaluation(bench, "slow");
    for (size_t i = 0; i < 2; i++) {
        char label[16];
        snprintf(label, sizeof label, "worker-%zu", i);
        const pid_t busy = worker_bench_start_worker(bench, label, 2);
        worker_bench_wait_log(bench, label, "WORKER-JOB-START", 1);
        pm_clock_sleep_ms(200); /* so that it is in the middle of it */
        worker_bench_leave(bench, label, busy, SIGNALS[i]);
        assert_int_equal(worker_bench_count(bench, "queued"), 1);
    }
    /* with one worker at work, and one that waits */
    const pid_t busy = worker_bench_start_worker(bench, "busy", 1);
    worker_bench_wait_log(bench, "busy", "WORKER-JOB-START", 1);
    const pid_t idle = worker_bench_start_worker(bench, "idle", 1);
    worker_bench_wait_log(bench, "idle", "WORKER-START", 1);
    worker_bench_leave(bench, "sidecar", bench->sidecar, SIGINT);
    /* and without a sidecar */
    worker_bench_leave(bench, "busy", busy, SIGTERM);
    worker_bench_leave(bench, "idle", idle, SIGINT);
}

static void a_pool_ends_with_requests_under_way(void **state)
{
    static const char HALF[] = "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: 9";
    struct worker_bench *bench = *state;
    const pid_t pool = START(&bench->place, "pool", "poolminer-pool", "--port", "0", "--store",
                             place_file(&bench->place, "pool.db"), "--ready-file",
                             place_file(&bench->place, "pool.ready"));
    const int port = wait_ready(&bench->place, "pool.ready");
    const int silent = loopback_connect(port), half = loopback_connect(port);
    assert_true(silent >= 0 && half >= 0);
    assert_int_equal(send(half, HALF, sizeof HALF - 1, MSG_NOSIGNAL), sizeof HALF - 1);
    worker_bench_leave(bench, "pool", pool, SIGTERM);
    close(silent);
    close(half);
}

static pid_t start_any(struct worker_bench *bench, size_t which)
{
    const struct place *place = &bench->place;
    switch (which) {
    case 0:
        return START(place, "any", "poolminer-worker", "--sidecar-url", bench->url, "--run-id",
                     "run", "--threads", "2");
    case 1:
        return START(place, "any", "poolminer-sidecar", "--port", "0", "--store",
                     place_file(place, "other.db"));
    case 2:
        return START(place, "any", "poolminer-pool", "--port", "0", "--store",
                     place_file(place, "pool.db"));
    case 3: /* nobody is at this pool */
        return START(place, "any", "poolminer-driver", "--pool-url", "http://127.0.0.1:9",
                     "--sidecar-url", bench->url, "--run-id", "run", "--hotkey-file",
                     place_file(place, "hotkey"));
    default:
        return START(place, "any", "poolminer", "mine", "--pool-url", "http://127.0.0.1:9",
                     "--sidecar-port", "0", "--data-dir", place_file(place, "mine"));
    }
}

/* At any moment while it starts: before it listens to signals it dies of this one. */
static void whatever_starts_may_be_told_to_end(void **state)
{
    static const int64_t MOMENTS_MS[] = {0, 5, 20, 60, 150, 400, 1000};
    struct worker_bench *bench = *state;
    for (size_t i = 0; i < 5 * sizeof MOMENTS_MS / sizeof *MOMENTS_MS; i++) {
        const int number = i % 2 == 0 ? SIGTERM : SIGINT;
        const pid_t program = start_any(bench, i % 5);
        pm_clock_sleep_ms(MOMENTS_MS[i / 5]);
        const int64_t took_ms = own_clock_end_ms(program, number, BENCH_PATIENCE_MS);
        const int status = wait_end(&bench->place, "any", program, 1000);
        if ((status != 0 && status != 128 + number) || took_ms > BENCH_LEAVING_MS) {
            show_logs(&bench->place);
            fail_msg("program %zu, after %lld ms: status %d in %lld ms", i % 5,
                     (long long)MOMENTS_MS[i / 5], status, (long long)took_ms);
        }
    }
}

/* ---- stops ---- */

static void stop(const pid_t *programs, size_t count, int64_t duration_ms)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(kill(programs[i], SIGSTOP), 0);
    }
    pm_clock_sleep_ms(duration_ms);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(kill(programs[i], SIGCONT), 0);
    }
}

/* As a machine does that sleeps: time that nobody has seen costs no lease, and the worker goes on
 * with the job that it has. */
static void all_may_stop_at_once(void **state)
{
    struct worker_bench *bench = *state;
    worker_bench_put_evolution(bench, "job", AGES);
    const pid_t worker = worker_bench_start_worker(bench, "worker", 2);
    worker_bench_wait_log(bench, "worker", "WORKER-CHECKPOINT ", 1);
    const pid_t both[] = {worker, bench->sidecar};
    stop(both, 2, BENCH_LEASE_MS + BENCH_LEASE_MS / 4);
    const int kept = times_in_log(&bench->place, "worker.log", "WORKER-CHECKPOINT ");
    worker_bench_wait_log(bench, "worker", "WORKER-CHECKPOINT ", kept + 2);
    assert_int_equal(worker_bench_count(bench, "lost_leases"), 0);
    assert_int_equal(worker_bench_count(bench, "leased"), 1);
    assert_int_equal(times_in_log(&bench->place, "worker.log", "WORKER-LEASE-LOST"), 0);
    assert_in_range(times_in_log(&bench->place, "sidecar.log", "SIDECAR-ASLEEP"), 1, INT_MAX);
    worker_bench_leave(bench, "worker", worker, SIGTERM);
}

static void a_sidecar_may_stop(void **state)
{
    struct worker_bench *bench = *state;
    worker_bench_put_evolution(bench, "job", 30);
    const pid_t worker = worker_bench_start_worker(bench, "worker", 2);
    worker_bench_wait_log(bench, "worker", "WORKER-CHECKPOINT ", 1);
    stop(&bench->sidecar, 1, BENCH_LEASE_MS + BENCH_LEASE_MS / 4);
    free(worker_bench_result(bench, "job"));
    assert_int_equal(worker_bench_count(bench, "completed"), 1);
    worker_bench_leave(bench, "worker", worker, SIGTERM);
}

/* Another worker takes its job and goes on with it; the first one lets go and takes other work. */
static void a_worker_may_stop(void **state)
{
    struct worker_bench *bench = *state;
    worker_bench_put_evolution(bench, "first", AGES);
    const pid_t worker = worker_bench_start_worker(bench, "worker", 1);
    worker_bench_wait_log(bench, "worker", "WORKER-CHECKPOINT ", 1);
    assert_int_equal(kill(worker, SIGSTOP), 0);
    const pid_t other = worker_bench_start_worker(bench, "other", 1);
    worker_bench_wait_log(bench, "other", "WORKER-JOB-RESUMED", 1);
    assert_int_equal(kill(worker, SIGCONT), 0);
    worker_bench_wait_log(bench, "worker", "WORKER-LEASE-LOST", 1);
    worker_bench_put_evolution(bench, "second", 2);
    free(worker_bench_result(bench, "second"));
    worker_bench_leave(bench, "other", other, SIGTERM);
    worker_bench_leave(bench, "worker", worker, SIGTERM);
    assert_int_equal(worker_bench_count(bench, "queued"), 1); /* the first job */
    assert_int_equal(worker_bench_count(bench, "lost_leases"), 1);
}

/* ---- clocks ---- */

static void clocks_may_jump(void **state)
{
    static const int64_t OFFSETS_MS[] = {HOUR_MS, -HOUR_MS, 40LL * 24 * HOUR_MS, 0};
    struct worker_bench *bench = *state;
    worker_bench_put_evolution(bench, "job", AGES);
    const pid_t worker = worker_bench_start_worker(bench, "worker", 1);
    for (size_t i = 0; i < sizeof OFFSETS_MS / sizeof *OFFSETS_MS; i++) {
        const int kept = times_in_log(&bench->place, "worker.log", "WORKER-CHECKPOINT ");
        worker_bench_wait_log(bench, "worker", "WORKER-CHECKPOINT ", kept + 2);
        place_shift_clock(&bench->place, "sidecar", OFFSETS_MS[i]);
        place_shift_clock(&bench->place, "worker", -OFFSETS_MS[i]);
        pm_clock_sleep_ms(BENCH_LEASE_MS / 3);
    }
    const int kept = times_in_log(&bench->place, "worker.log", "WORKER-CHECKPOINT ");
    worker_bench_wait_log(bench, "worker", "WORKER-CHECKPOINT ", kept + 2);
    assert_int_equal(worker_bench_count(bench, "lost_leases"), 0);
    assert_int_equal(worker_bench_count(bench, "leased"), 1);
    worker_bench_leave(bench, "worker", worker, SIGTERM);
}

int main(void)
{
#define WITH_BENCH(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, worker_bench_set_up, worker_bench_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BENCH(everything_ends_in_time),
        WITH_BENCH(a_pool_ends_with_requests_under_way),
        WITH_BENCH(whatever_starts_may_be_told_to_end),
        WITH_BENCH(all_may_stop_at_once),
        WITH_BENCH(a_sidecar_may_stop),
        WITH_BENCH(a_worker_may_stop),
        WITH_BENCH(clocks_may_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
