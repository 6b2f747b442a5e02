/* What a worker says when a lease or a job's time ends: a warning where the job went to somebody
 * else, nothing where its own outcome ended the lease, and that it was too late where it was. */
#include "tests/cmocka_include.h"
#include "tests/worker/fake_queue.h"
#include "tests/worker/small_bench.h"
#include "worker/job_runner.h"

#include <stdatomic.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_that_overtakes_a_heartbeat_alarms_nobody),
        cmocka_unit_test(so_does_a_failure),
        cmocka_unit_test(a_lease_that_is_lost_at_work_is_told_once),
        cmocka_unit_test(an_evolution_that_comes_too_late_says_so),
    };
    return cmocka_run_group_tests(tests, small_bench_set_up, small_bench_tear_down);
}
