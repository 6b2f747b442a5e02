/* The heartbeat. What a worker says when a lease or a job's time ends: a warning where the job went
 * to somebody else, nothing where its own outcome ended the lease, and that it was too late where
 * it was. How it parts from a computation, and the bar that it draws. */
#include "tests/cmocka_include.h"
#include "tests/worker/fake_queue.h"
#include "tests/worker/small_bench.h"
#include "worker/heartbeat.h"
#include "worker/job_runner.h"
#include "worker/progress_bar.h"

#include <stdatomic.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/suite.h>

#define ALGORITHM                                                                                  \
    "{\"id\":17,\"input_dim\":8,\"algorithm_dsl\":"                                                \
    "\"def Setup():\\n  s2 = 0.05\\ndef Predict():\\n  s0 = dot(v0, v1)\\ndef Learn():\\n\"}"

static const char EVALUATE[] =
    "{\"kind\":\"evaluate\",\"task_type\":\"cifar10_binary\",\"algorithms\":[" ALGORITHM "]}";
/* Far more than anybody waits for. */
static const char EVOLVE_LONG[] =
    "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[" ALGORITHM "],\"seed\":5,"
    "\"profile\":\"full\",\"deadline_ms\":0,\"generations\":100000,\"budget\":3,\"max_seconds\":0}";
/* On tasks that no other test here has built. */
static const char EVOLVE_LATE[] =
    "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[{\"id\":17,\"input_dim\":9,"
    "\"algorithm_dsl\":\"def Predict():\\n  s0 = dot(v0, "
    "v1)\\n\"}],\"seed\":5,\"profile\":\"full\","
    "\"deadline_ms\":1,\"generations\":2,\"budget\":3,\"max_seconds\":0}";
static const char NONSENSE[] = "{\"kind\":\"nonsense\"}";

static void count_lost(void *context, enum pm_log_level level, const char *id, const char *message,
                       int64_t unix_ms)
{
    atomic_int *lost = context;
    (void)message;
    (void)unix_ms;
    if (strcmp(id, "WORKER-LEASE-LOST") == 0) {
        assert_int_equal(level, PM_LOG_WARN);
        atomic_fetch_add(lost, 1);
    }
}

/* Runs until the fake says stop. Returns how often a lost lease was told of. */
static int run(const struct small_bench *fixture, struct fake_queue *fake,
               struct pm_job_runner_tally *tally)
{
    const struct pm_job_runner_config config = {.run_id = "run",
                                                .bench = fixture->bench,
                                                .threads = 1,
                                                .queue = fake_queue_face(fake),
                                                .heartbeats = fake_queue_face(fake),
                                                .stop = &fake->stop,
                                                .wait_ms = 10,
                                                .retry_ms = 10,
                                                .patience_ms = 5000,
                                                .checkpoint_interval_ms = 5,
                                                .tally = tally};
    atomic_int lost = 0;
    pm_log_observe(count_lost, &lost);
    pm_job_runner_run(&config);
    pm_log_observe(NULL, NULL);
    return atomic_load(&lost);
}

static void a_result_that_overtakes_a_heartbeat_alarms_nobody(void **state)
{
    struct pm_job_runner_tally tally = {0};
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE);
    fake.lease_ms = 4;
    fake.beat_meets_outcome = true;
    assert_int_equal(run(*state, &fake, &tally), 0);
    assert_int_equal(tally.done, 1);
    assert_int_equal(tally.lost, 0);
    assert_true(fake.progresses >= 1);
    fake_queue_clear(&fake);
}

static void so_does_a_failure(void **state)
{
    struct pm_job_runner_tally tally = {0};
    struct fake_queue fake;
    fake_queue_init(&fake, "nonsense", NONSENSE);
    fake.lease_ms = 4;
    fake.beat_meets_outcome = true;
    assert_int_equal(run(*state, &fake, &tally), 0);
    assert_int_equal(tally.failed, 1);
    fake_queue_clear(&fake);
}

static void a_lease_that_is_lost_at_work_is_told_once(void **state)
{
    struct pm_job_runner_tally tally = {0};
    struct fake_queue fake;
    fake_queue_init(&fake, "evolve", EVOLVE_LONG);
    fake.refuse_progress = true;
    fake.stop_after_refusal = true;
    assert_int_equal(run(*state, &fake, &tally), 1);
    assert_int_equal(tally.lost, 1);
    fake_queue_clear(&fake);
}

static void an_evolution_that_comes_too_late_says_so(void **state)
{
    struct pm_job_runner_tally tally = {0};
    struct fake_queue fake;
    fake_queue_init(&fake, "evolve", EVOLVE_LATE);
    assert_int_equal(run(*state, &fake, &tally), 0);
    assert_int_equal(tally.failed, 1);
    assert_false(fake.retry);
    assert_string_equal(fake.reason, "the deadline passed before the search began");
    fake_queue_clear(&fake);
}

/* A computation that does not heed the end of the worker: the job goes back over its head. */
static void a_deaf_computation_is_parted_from(void **state)
{
    const struct pm_job job = {.job_id = 41, .token = 7, .lease_ms = 60000};
    struct fake_queue fake;
    struct pm_job_control control;
    struct pm_job_runner_tally tally = {0};
    struct pm_heartbeat heartbeat;
    (void)state;
    fake_queue_init(&fake, "evaluate", EVALUATE);
    const struct pm_job_queue queue = fake_queue_face(&fake);
    atomic_store(&fake.stop, true);
    pm_job_control_init(&control);
    const struct pm_heartbeat_config config = {.queue = &queue,
                                               .job = &job,
                                               .control = &control,
                                               .stop = &fake.stop,
                                               .patience_ms = 50,
                                               .tally = &tally};
    assert_true(pm_heartbeat_start(&heartbeat, &config, NULL));
    pm_clock_sleep_ms(1000); /* deaf */
    pm_heartbeat_join(&heartbeat);
    assert_true(heartbeat.released);
    assert_int_equal(tally.released, 1); /* at once, not when the computation comes back */
    assert_int_equal(fake.releases, 1);
    assert_true(atomic_load(&control.stop));
    assert_int_equal(pm_job_control_cause(&control), PM_STOP_SHUTDOWN);
    pm_job_control_clear(&control);
    fake_queue_clear(&fake);
}

static void the_bar_shows_how_far_the_job_is(void **state)
{
    char line[PM_PROGRESS_BAR_WIDTH + 1];
    struct pm_job_progress progress = {.done = 25,
                                       .total = 50,
                                       .unit = "generations",
                                       .evolving = true,
                                       .best = 0.78125,
                                       .mean = 0.75,
                                       .candidates = 200,
                                       .cache_hits = 25,
                                       .candidates_per_second = 4200.4};
    (void)state;
    pm_progress_bar_format(&progress, line);
    assert_int_equal(strlen(line), PM_PROGRESS_BAR_WIDTH);
    assert_non_null(strstr(line,
                           "[####....]   25/50 generations  best 0.7812, mean 0.7500, 4200/s, "
                           "12 % cached"));
    progress = (struct pm_job_progress){.unit = "algorithms"};
    pm_progress_bar_format(&progress, line);
    assert_non_null(strstr(line, "[........................]    0/0 algorithms"));
    progress = (struct pm_job_progress){
        .done = UINT64_MAX, .total = UINT64_MAX, .unit = "generations", .evolving = true};
    pm_progress_bar_format(&progress, line);
    assert_int_equal(strlen(line), PM_PROGRESS_BAR_WIDTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_that_overtakes_a_heartbeat_alarms_nobody),
        cmocka_unit_test(so_does_a_failure),
        cmocka_unit_test(a_lease_that_is_lost_at_work_is_told_once),
        cmocka_unit_test(an_evolution_that_comes_too_late_says_so),
        cmocka_unit_test(a_deaf_computation_is_parted_from),
        cmocka_unit_test(the_bar_shows_how_far_the_job_is),
    };
    return cmocka_run_group_tests(tests, small_bench_set_up, small_bench_tear_down);
}
