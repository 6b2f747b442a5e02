/* The job runner: what it computes, and that it keeps its manners when the queue does not. */
#include "own_clock.h"
#include "tests/cmocka_include.h"
#include "tests/worker/fake_queue.h"
#include "tests/worker/small_bench.h"
#include "worker/compute.h"
#include "worker/job_runner.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/suite.h>

#define LINEAR                                                                                     \
    "def Setup():\\n  s2 = 0.05\\ndef Predict():\\n  s0 = dot(v0, v1)\\ndef Learn():\\n"           \
    "  s3 = s1 - s0\\n  s3 = s3 * s2\\n  v2 = s3 * v0\\n  v1 = v1 + v2\\n"
#define EVALUATE "{\"kind\":\"evaluate\",\"task_type\":\"cifar10_binary\",\"algorithms\":["
#define ITEM(id, text, dim) "{\"id\":" #id ",\"algorithm_dsl\":\"" text "\",\"input_dim\":" #dim "}"
#define EVOLVE_UNTIL(deadline)                                                                     \
    "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[" ITEM(                      \
        3, LINEAR, 8) "],"                                                                         \
                      "\"seed\":5,\"profile\":\"full\",\"deadline_ms\":" deadline ","
#define EVOLVE EVOLVE_UNTIL("0")

static const char EVALUATE_ONE[] = EVALUATE ITEM(17, LINEAR, 8) "]}";
static const char EVOLVE_SHORT[] = EVOLVE "\"generations\":2,\"budget\":3,\"max_seconds\":0}";
static const char EVOLVE_SOME[] = EVOLVE "\"generations\":40,\"budget\":3,\"max_seconds\":0}";
/* Far more than anybody waits for. */
static const char EVOLVE_LONG[] = EVOLVE "\"generations\":100000,\"budget\":3,\"max_seconds\":0}";
static const char EVOLVE_LONG_UNTIL[] =
    EVOLVE_UNTIL("%lld") "\"generations\":100000,\"budget\":3,\"max_seconds\":0}";
static const char EVOLVE_TIMED[] = EVOLVE "\"generations\":100000,\"budget\":3,\"max_seconds\":4}";

/* The wall clock, put in place of the machine's by the linker (--wrap): set back an hour from that
 * monotonic moment on; 0: never. */
enum { SET_BACK_MS = 3600 * 1000 };
static _Atomic int64_t clock_is_set_ms;

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
int64_t __real_pm_clock_unix_ms(void);
int64_t __wrap_pm_clock_unix_ms(void);
int64_t __wrap_pm_clock_unix_ms(void)
{
    const int64_t set_ms = atomic_load(&clock_is_set_ms);
    const bool is_set = set_ms != 0 && pm_clock_monotonic_ms() >= set_ms;
    return __real_pm_clock_unix_ms() - (is_set ? SET_BACK_MS : 0);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* What became of the runner's jobs. */
struct counts {
    unsigned long long done, failed, lost, released;
};

static struct counts run_with(const struct small_bench *fixture, struct fake_queue *fake,
                              size_t threads)
{
    struct pm_job_runner_tally tally = {0};
    const struct pm_job_runner_config config = {.run_id = "run",
                                                .bench = fixture->bench,
                                                .threads = threads,
                                                .queue = fake_queue_face(fake),
                                                .heartbeats = fake_queue_face(fake),
                                                .stop = &fake->stop,
                                                .wait_ms = 10,
                                                .retry_ms = 10,
                                                .patience_ms = 5000,
                                                .checkpoint_interval_ms = 5,
                                                .tally = &tally};
    pm_job_runner_run(&config);
    return (struct counts){tally.done, tally.failed, tally.lost, tally.released};
}

static struct counts run(const struct small_bench *fixture, struct fake_queue *fake)
{
    return run_with(fixture, fake, 2);
}

static cJSON *result_of(const struct fake_queue *fake)
{
    cJSON *json = NULL;
    assert_non_null(fake->result);
    assert_true(pm_json_parse(fake->result, strlen(fake->result), 1 << 20, &json, NULL));
    return json;
}

static const cJSON *item_of(const cJSON *json, const char *list, int index)
{
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, list), index);
    assert_non_null(item);
    return item;
}

static double number_of(const cJSON *json, const char *key)
{
    assert_true(cJSON_IsNumber(cJSON_GetObjectItem(json, key)));
    return cJSON_GetObjectItem(json, key)->valuedouble;
}

/* The score by the library's own means, of a program on the bench's evaluation suite. */
static double score_of(const struct small_bench *fixture, const char *text, int input_dim)
{
    struct pm_suite *suite;
    struct pm_algorithm *algorithm;
    double score;
    assert_true(pm_algorithm_parse(text, strlen(text), input_dim, PM_PARSE_LENIENT, NULL, NULL,
                                   &algorithm, NULL));
    assert_true(pm_suite_evaluation(fixture->dataset, PM_EDITION_FIRST2000, input_dim, 4, NULL,
                                    &suite, NULL));
    assert_true(pm_suite_score(suite, (const struct pm_algorithm *const *)&algorithm, 1, &score,
                               NULL, NULL, NULL));
    pm_suite_destroy(suite);
    pm_algorithm_destroy(algorithm);
    return score;
}

static void test_evaluates_in_the_jobs_order(void **state)
{
    static const char BODY[] = EVALUATE ITEM(5, LINEAR, 8) "," ITEM(6, "garbage", 8) "," ITEM(
        7, "def Predict():\\n  s0 = 1\\n", 4) "," ITEM(8, "def Predict():\\n  s0 = 1\\n", 8) "]}";
    static const char TEXT[] = "def Setup():\n  s2 = 0.05\ndef Predict():\n  s0 = dot(v0, v1)\n"
                               "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n  v2 = s3 * v0\n"
                               "  v1 = v1 + v2\n";
    const struct small_bench *fixture = *state;
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", BODY);
    const struct counts counts = run(fixture, &fake);
    assert_int_equal(counts.done, 1);
    cJSON *json = result_of(&fake);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "evaluations")), 4);
    for (int i = 0; i < 4; i++) {
        assert_true(number_of(item_of(json, "evaluations", i), "algorithm_id") == 5 + i);
    }
    assert_true(number_of(item_of(json, "evaluations", 0), "score") == score_of(fixture, TEXT, 8));
    assert_true(number_of(item_of(json, "evaluations", 1), "score") == 0.0);
    assert_non_null(cJSON_GetObjectItem(item_of(json, "evaluations", 1), "error"));
    assert_true(number_of(item_of(json, "evaluations", 2), "score") ==
                score_of(fixture, "def Predict():\n  s0 = 1\n", 4));
    assert_true(number_of(item_of(json, "evaluations", 3), "score") ==
                score_of(fixture, "def Predict():\n  s0 = 1\n", 8));
    assert_string_equal(cJSON_GetObjectItem(json, "dataset")->valuestring,
                        pm_workbench_fingerprint(fixture->bench));
    assert_string_equal(cJSON_GetObjectItem(json, "suite")->valuestring, "first2000");
    cJSON_Delete(json);
    fake_queue_clear(&fake);
}

static void check_evolutions(const struct small_bench *fixture, const cJSON *json)
{
    const int count = cJSON_GetArraySize(cJSON_GetObjectItem(json, "evolutions"));
    double last = 1.0;
    assert_in_range(count, 1, 3);
    for (int i = 0; i < count; i++) {
        const cJSON *item = item_of(json, "evolutions", i);
        const cJSON *parents = cJSON_GetObjectItem(item, "parent_algorithm_ids");
        const char *text = cJSON_GetObjectItem(item, "algorithm_dsl")->valuestring;
        const double score = number_of(item, "score");
        const cJSON *lineage = cJSON_GetObjectItem(item, "lineage");
        const int steps = cJSON_GetArraySize(lineage);
        assert_in_range(steps, 1, 32);
        assert_true(number_of(cJSON_GetArrayItem(lineage, steps - 1), "search_score") >=
                    number_of(item, "search_score"));
        assert_int_equal(cJSON_GetArraySize(parents), 1);
        assert_true(cJSON_GetArrayItem(parents, 0)->valuedouble == 3.0);
        assert_true(score == score_of(fixture, text, 8));
        assert_true(score <= last);
        last = score;
    }
}

static void test_evolves(void **state)
{
    const struct small_bench *fixture = *state;
    char *first = NULL;
    for (int i = 0; i < 2; i++) {
        struct fake_queue fake;
        fake_queue_init(&fake, "evolve", EVOLVE_SHORT);
        assert_int_equal(run(fixture, &fake).done, 1);
        cJSON *json = result_of(&fake);
        assert_true(number_of(json, "generations") == 2.0);
        assert_true(number_of(json, "candidates") == 1200.0);
        check_evolutions(fixture, json);
        char *evolutions = pm_json_print(cJSON_GetObjectItem(json, "evolutions"), NULL);
        if (first != NULL) {
            assert_string_equal(first, evolutions); /* same job, same result */
        }
        free(first);
        first = evolutions;
        cJSON_Delete(json);
        fake_queue_clear(&fake);
    }
    free(first);
}

/* The job's result, which is good; to be deleted, as the queue is to be cleared. */
static cJSON *evolved(const struct small_bench *fixture, const char *body, struct fake_queue *fake)
{
    fake_queue_init(fake, "evolve", body);
    assert_int_equal(run(fixture, fake).done, 1);
    cJSON *json = result_of(fake);
    check_evolutions(fixture, json);
    return json;
}

/* A miner of the network's narrow backend could run what was evolved for it. */
static void test_evolves_in_the_jobs_profile(void **state)
{
    static const char BODY[] =
        "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[" ITEM(
            3, LINEAR, 8) "],\"seed\":5,\"profile\":\"baseline\",\"deadline_ms\":0,"
                          "\"generations\":1,\"budget\":3,\"max_seconds\":0}";
    static const char META[] =
        "# meta: scalar_count=5 vector_count=9 matrix_count=2 vector_dim=16 setup_max_ops=7 "
        "predict_max_ops=11 learn_max_ops=23\n";
    const struct small_bench *fixture = *state;
    struct fake_queue fake;
    cJSON *json = evolved(fixture, BODY, &fake);
    const char *text =
        cJSON_GetObjectItem(item_of(json, "evolutions", 0), "algorithm_dsl")->valuestring;
    assert_int_equal(strncmp(text, META, strlen(META)), 0);
    cJSON_Delete(json);
    fake_queue_clear(&fake);
}

static void test_bad_seeds_are_left_out_while_one_is_good(void **state)
{
    static const char BODY[] =
        "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[" ITEM(
            2, "garbage", 8) "," ITEM(3, LINEAR,
                                      8) "],\"seed\":5,\"profile\":\"full\",\"deadline_ms\":0,"
                                         "\"generations\":2,\"budget\":3,\"max_seconds\":0}";
    const struct small_bench *fixture = *state;
    struct fake_queue fake;
    cJSON *json = evolved(fixture, BODY, &fake);
    cJSON_Delete(json);
    fake_queue_clear(&fake);
}

static void expect_failure(const struct small_bench *fixture, const char *kind, const char *body,
                           const char *word)
{
    struct fake_queue fake;
    fake_queue_init(&fake, kind, body);
    const struct counts counts = run(fixture, &fake);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(fake.fails, 1);
    assert_int_equal(fake.finishes, 0);
    assert_false(fake.retry);
    if (strstr(fake.reason, word) == NULL) {
        fail_msg("\"%s\" does not name %s", fake.reason, word);
    }
    fake_queue_clear(&fake);
}

static void test_bad_jobs_fail_for_good(void **state)
{
    static const char OTHER_DATA[] = "{\"kind\":\"evaluate\",\"task_type\":\"mnist_binary\","
                                     "\"algorithms\":[" ITEM(1, LINEAR, 8) "]}";
    static const char UNREADABLE[] =
        "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[" ITEM(
            2, "garbage",
            8) "],\"seed\":5,\"profile\":\"full\",\"deadline_ms\":0,\"generations\":2,\"budget\":3,"
               "\"max_seconds\":0}";
    const struct small_bench *fixture = *state;
    expect_failure(fixture, "evaluate", "{}", "kind");
    expect_failure(fixture, "evaluate", "\xff\xfe", "JSON");
    expect_failure(fixture, "evolve", UNREADABLE, "seed");
    expect_failure(fixture, "evaluate", OTHER_DATA,
                   "task_type: the job is for mnist_binary, this worker's data for cifar10_binary");
}

/* The second job comes with the first one's result, over the other connection: from there on each
 * does what the other did. */
static void test_the_next_job_comes_with_a_result(void **state)
{
    const struct small_bench *fixture = *state;
    struct pm_job_runner_tally tally = {0};
    struct fake_queue first, second;
    fake_queue_init(&first, "evaluate", EVALUATE_ONE);
    fake_queue_init(&second, "evaluate", EVALUATE_ONE);
    second.next_with_result = true;
    second.finishes_without_answer = 2;
    first.lease_ms = second.lease_ms = 40;
    first.finishes_without_answer = 30; /* 300 ms */
    const struct pm_job_runner_config config = {.run_id = "run",
                                                .bench = fixture->bench,
                                                .threads = 1,
                                                .queue = fake_queue_face(&second),
                                                .heartbeats = fake_queue_face(&first),
                                                .result_call_ms = 7,
                                                .heartbeat_call_ms = 5,
                                                .stop = &first.stop,
                                                .wait_ms = 10,
                                                .retry_ms = 10,
                                                .patience_ms = 5000,
                                                .tally = &tally};
    pm_job_runner_run(&config);
    assert_int_equal(tally.done, 2);
    assert_int_equal(first.leases, 1);
    assert_int_equal(second.leases, 0);
    assert_int_equal(second.finishes, 3); /* of the first job */
    assert_int_equal(first.finishes, 31);
    assert_non_null(second.last_progress); /* of the second, while its result waits */
    assert_int_equal(first.timeout_ms, 7);
    assert_int_equal(second.timeout_ms, 5);
    fake_queue_clear(&first);
    fake_queue_clear(&second);
}

static void test_sidecar_away_when_asking_for_work(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE_ONE);
    fake.leases_without_answer = 3;
    assert_int_equal(run(*state, &fake).done, 1);
    assert_int_equal(fake.leases, 4);
    fake_queue_clear(&fake);
}

static void test_result_is_sent_until_accepted(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE_ONE);
    fake.finishes_without_answer = 5;
    assert_int_equal(run(*state, &fake).done, 1);
    assert_int_equal(fake.finishes, 6);
    assert_non_null(fake.result);
    fake_queue_clear(&fake);
}

static void test_heartbeats_go_on_while_the_result_waits(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE_ONE);
    fake.lease_ms = 40;
    fake.finishes_without_answer = 30; /* 300 ms */
    assert_int_equal(run(*state, &fake).done, 1);
    assert_true(fake.progresses >= 3);
    assert_true(fake.listens >= 3);
    fake_queue_clear(&fake);
}

static void test_refused_result_is_dropped(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE_ONE);
    fake.refuse_finish = true;
    const struct counts counts = run(*state, &fake);
    assert_int_equal(counts.lost, 1);
    assert_int_equal(counts.done, 0);
    assert_int_equal(fake.finishes, 1);
    assert_int_equal(fake.fails + fake.releases, 0);
    fake_queue_clear(&fake);
}

/* Nobody could hand such a result over: the job is not left to one worker after another. */
static void test_result_that_is_too_large_fails_the_job(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE_ONE);
    fake.finish_too_large = true;
    const struct counts counts = run(*state, &fake);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.done + counts.lost, 0);
    assert_int_equal(fake.finishes, 1);
    assert_int_equal(fake.fails, 1);
    assert_false(fake.retry);
    assert_non_null(strstr(fake.reason, "too large"));
    fake_queue_clear(&fake);
}

/* A cancelled job and a lost lease look alike to the worker: it stops, and says nothing more. */
static void test_lost_lease_stops_the_computation(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evolve", EVOLVE_LONG);
    fake.refuse_progress = true;
    fake.stop_after_refusal = true;
    const struct counts counts = run(*state, &fake);
    assert_int_equal(counts.lost, 1);
    assert_int_equal(fake.finishes + fake.fails + fake.releases, 0);
    fake_queue_clear(&fake);
}

static void test_silent_sidecar_does_not_stop_the_computation(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evolve", EVOLVE_TIMED);
    fake.progress_without_answer = 2;
    assert_int_equal(run(*state, &fake).done, 1);
    assert_true(fake.progresses > 2);
    assert_non_null(fake.last_progress);
    fake_queue_clear(&fake);
}

/* Also where the clock is set meanwhile: so many seconds are no moment. */
static void test_time_limit_gives_what_there_is(void **state)
{
    struct fake_queue fake;
    const int64_t start_ms = pm_clock_monotonic_ms();
    fake_queue_init(&fake, "evolve", EVOLVE_TIMED);
    atomic_store(&clock_is_set_ms, start_ms + 500);
    assert_int_equal(run(*state, &fake).done, 1);
    atomic_store(&clock_is_set_ms, 0);
    assert_in_range(pm_clock_monotonic_ms() - start_ms, 500, 30000);
    cJSON *json = result_of(&fake);
    assert_true(number_of(json, "generations") < 100000.0);
    check_evolutions(*state, json);
    cJSON_Delete(json);

    cJSON *progress = NULL;
    assert_non_null(fake.last_progress);
    assert_true(
        pm_json_parse(fake.last_progress, strlen(fake.last_progress), 4096, &progress, NULL));
    assert_true(number_of(progress, "total") == 100000.0);
    assert_true(number_of(progress, "done") <= 100000.0);
    assert_string_equal(cJSON_GetObjectItem(progress, "unit")->valuestring, "generations");
    if (cJSON_GetObjectItem(progress, "best") != NULL) {
        assert_true(number_of(progress, "cache_hits") + number_of(progress, "hopeless") <=
                    number_of(progress, "candidates"));
        assert_true(number_of(progress, "mean") >= 0.0);
        assert_true(number_of(progress, "candidates_per_second") > 0.0);
    }
    cJSON_Delete(progress);
    fake_queue_clear(&fake);
}

/* A heartbeat may wait for a sidecar that is away just when time is over; here there is none. */
static void test_time_limit_holds_without_a_heartbeat(void **state)
{
    static const char BODY[] = EVOLVE "\"generations\":100000,\"budget\":3,\"max_seconds\":1}";
    const struct small_bench *fixture = *state;
    const int64_t start_ms = pm_clock_monotonic_ms();
    struct pm_work work;
    struct pm_job_control control;
    struct pm_outcome outcome = {0};
    struct pm_error error = {0};
    assert_true(pm_work_parse(BODY, strlen(BODY), &work, NULL));
    pm_job_control_init(&control);
    const struct pm_compute_config config = {
        .bench = fixture->bench, .control = &control, .threads = 1};
    if (!pm_compute(&config, &work, &outcome, &error)) {
        fail_msg("%s", error.message);
    }
    assert_true(outcome.partial && outcome.count > 0);
    assert_true(pm_clock_monotonic_ms() - start_ms >= 500);
    free(outcome.result);
    pm_job_control_clear(&control);
    pm_work_clear(&work);
}

/* The job's own deadline: the search ends before it, so that there is time to choose. */
static void test_deadline_gives_what_there_is(void **state)
{
    struct fake_queue fake;
    char body[1024];
    const int64_t deadline_ms = pm_clock_unix_ms() + 4000;
    snprintf(body, sizeof body, EVOLVE_LONG_UNTIL, (long long)deadline_ms);
    fake_queue_init(&fake, "evolve", body);
    assert_int_equal(run(*state, &fake).done, 1);
    assert_in_range(pm_clock_unix_ms(), deadline_ms - 1000, deadline_ms + 10000);
    cJSON *json = result_of(&fake);
    assert_true(number_of(json, "generations") < 100000.0);
    check_evolutions(*state, json);
    cJSON_Delete(json);
    fake_queue_clear(&fake);
}

static void test_passed_deadline_of_an_evaluation_fails_it(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE_ONE);
    fake.deadline_ms = pm_clock_unix_ms() - 1000;
    const struct counts counts = run(*state, &fake);
    assert_int_equal(counts.failed, 1);
    assert_false(fake.retry);
    assert_non_null(strstr(fake.reason, "deadline"));
    fake_queue_clear(&fake);
}

/* What was done in time is worth sending: here the text that needed no computing. */
static void test_evaluations_done_in_time_are_sent(void **state)
{
    static const char BODY[] = EVALUATE ITEM(17, LINEAR, 8) "," ITEM(18, "garbage", 8) "]}";
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", BODY);
    fake.deadline_ms = pm_clock_unix_ms() - 1000;
    assert_int_equal(run(*state, &fake).done, 1);
    cJSON *json = result_of(&fake);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "evaluations")), 1);
    assert_true(number_of(item_of(json, "evaluations", 0), "algorithm_id") == 18.0);
    cJSON_Delete(json);
    fake_queue_clear(&fake);
}

/* Products of matrices of 128 x 128, as many as the language allows: hours. */
static char *slow_text(void)
{
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(8);
    meta.vector_dim = PM_DIM_MAX;
    meta.max_ops[PM_PHASE_PREDICT] = meta.max_ops[PM_PHASE_LEARN] = PM_PHASE_LENGTH_MAX;
    struct pm_algorithm *algorithm = pm_algorithm_create(8, &meta, PM_PHASE_LENGTH_MAX);
    const struct pm_operand m0 = {PM_KIND_MATRIX, 0}, m1 = {PM_KIND_MATRIX, 1};
    assert_non_null(algorithm);
    for (int phase = PM_PHASE_PREDICT; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < PM_PHASE_LENGTH_MAX; i++) {
            algorithm->phase[phase][i] =
                i + 1 < PM_PHASE_LENGTH_MAX
                    ? (struct pm_instruction){.op = PM_OP_MATMUL, .out = m1, .a = m1, .b = m0}
                    : (struct pm_instruction){.op = PM_OP_MEAN,
                                              .out = {PM_KIND_SCALAR, 0},
                                              .a = m1,
                                              .b = {PM_KIND_NONE, 0}};
        }
        algorithm->length[phase] = PM_PHASE_LENGTH_MAX;
    }
    struct pm_error error = {0};
    char *text = pm_algorithm_write(algorithm, &error);
    assert_string_equal(error.message, "");
    assert_non_null(text);
    pm_algorithm_destroy(algorithm);
    return text;
}

/* A job of the slow algorithm and a quick one, in this order. */
static char *slow_body(void)
{
    cJSON *json = cJSON_Parse(EVALUATE ITEM(1, "", 8) "," ITEM(2, LINEAR, 8) "]}");
    char *text = slow_text();
    assert_non_null(json);
    cJSON *slow = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "algorithms"), 0);
    assert_true(cJSON_ReplaceItemInObject(slow, "algorithm_dsl", cJSON_CreateString(text)));
    char *body = cJSON_PrintUnformatted(json);
    assert_non_null(body);
    cJSON_Delete(json);
    free(text);
    return body;
}

/* The time given grows until the quick one gets done in it, on whatever machine this is. */
static void test_a_slow_algorithm_keeps_no_other_from_being_sent(void **state)
{
    char *body = slow_body();
    bool done = false;
    for (int64_t ms = 250; !done && ms < 60000; ms *= 2) {
        struct fake_queue fake;
        fake_queue_init(&fake, "evaluate", body);
        fake.deadline_ms = pm_clock_unix_ms() + ms;
        done = run(*state, &fake).done == 1;
        if (done) {
            cJSON *json = result_of(&fake);
            assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "evaluations")), 1);
            assert_true(number_of(item_of(json, "evaluations", 0), "algorithm_id") == 2.0);
            cJSON_Delete(json);
        }
        fake_queue_clear(&fake);
    }
    assert_true(done);
    free(body);
}

static void test_ending_worker_leaves_a_slow_algorithm(void **state)
{
    char *body = slow_body();
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", body);
    fake.lease_ms = 40;
    fake.stop_at_progress = true;
    const struct counts counts = run(*state, &fake);
    assert_int_equal(counts.released, 1);
    assert_int_equal(fake.releases, 1);
    assert_int_equal(fake.finishes + fake.fails, 0);
    fake_queue_clear(&fake);
    free(body);
}

static void test_ending_worker_gives_its_job_back(void **state)
{
    struct fake_queue fake;
    const int64_t start_ms = own_clock_ms();
    fake_queue_init(&fake, "evolve", EVOLVE_LONG);
    fake.stop_at_progress = true;
    const struct counts counts = run(*state, &fake);
    assert_int_equal(counts.released, 1);
    assert_int_equal(fake.releases, 1);
    assert_int_equal(fake.finishes + fake.fails, 0);
    assert_true(own_clock_ms() - start_ms < 5000);
    fake_queue_clear(&fake);
}

/* The result without what depends on the machine. */
static char *timeless(const struct fake_queue *fake)
{
    cJSON *json = result_of(fake);
    char *text;
    cJSON_DeleteItemFromObject(json, "seconds");
    text = pm_json_print(json, NULL);
    cJSON_Delete(json);
    assert_non_null(text);
    return text;
}

/* Hands the job to one worker after the other, each of which is told to end, until one is done with
 * it. */
static char *evolve_by_turns(const struct small_bench *fixture, int *turns)
{
    void *checkpoint = NULL;
    size_t size = 0;
    for (*turns = 1;; ++*turns) {
        struct fake_queue fake;
        fake_queue_init(&fake, "evolve", EVOLVE_SOME);
        fake.checkpoint = checkpoint;
        fake.checkpoint_size = size;
        fake.stop_at_checkpoint = 2;
        const struct counts counts = run_with(fixture, &fake, 1 + (size_t)*turns % 3);
        if (counts.done == 1) {
            char *text = timeless(&fake);
            fake_queue_clear(&fake);
            return text;
        }
        assert_int_equal(counts.released, 1);
        assert_true(fake.released && fake.checkpoint != NULL);
        checkpoint = fake.checkpoint;
        size = fake.checkpoint_size;
        fake.checkpoint = NULL;
        fake_queue_clear(&fake);
    }
}

static void test_others_go_on_with_an_evolution(void **state)
{
    const struct small_bench *fixture = *state;
    struct fake_queue fake;
    int turns;
    fake_queue_init(&fake, "evolve", EVOLVE_SOME);
    assert_int_equal(run(fixture, &fake).done, 1);
    char *whole = timeless(&fake);
    char *pieces = evolve_by_turns(fixture, &turns);
    assert_string_equal(pieces, whole);
    assert_true(turns > 2);
    free(whole);
    free(pieces);
    fake_queue_clear(&fake);
}

static void expect_as_without(const struct small_bench *fixture, const char *checkpoint,
                              size_t size)
{
    struct fake_queue fresh, fake;
    fake_queue_init(&fresh, "evolve", EVOLVE_SHORT);
    fake_queue_init(&fake, "evolve", EVOLVE_SHORT);
    fake.checkpoint = malloc(size);
    memcpy(fake.checkpoint, checkpoint, size);
    fake.checkpoint_size = size;
    assert_int_equal(run(fixture, &fresh).done, 1);
    assert_int_equal(run(fixture, &fake).done, 1);
    char *texts[] = {timeless(&fresh), timeless(&fake)};
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    fake_queue_clear(&fresh);
    fake_queue_clear(&fake);
}

static void test_an_evolution_starts_anew_without_its_own_checkpoint(void **state)
{
    const struct small_bench *fixture = *state;
    struct fake_queue other;
    expect_as_without(fixture, "garbage", 7);
    fake_queue_init(&other, "evolve", EVOLVE_SOME);
    other.stop_at_checkpoint = 1;
    assert_int_equal(run(fixture, &other).released, 1);
    expect_as_without(fixture, other.checkpoint, other.checkpoint_size);
    fake_queue_clear(&other);
}

static void test_without_room_the_job_goes_back_nevertheless(void **state)
{
    const struct small_bench *fixture = *state;
    struct fake_queue fake;
    fake_queue_init(&fake, "evolve", EVOLVE_LONG);
    fake.no_room = true;
    fake.stop_at_checkpoint = 3;
    const struct counts counts = run(fixture, &fake);
    assert_int_equal(counts.released, 1);
    assert_int_equal(fake.releases, 2);
    assert_true(fake.released);
    assert_null(fake.checkpoint);
    fake_queue_clear(&fake);
}

/* The result is there and the worker is told to end before the sidecar answers: once more. */
static void test_ending_worker_tries_its_result_once_more(void **state)
{
    struct fake_queue fake;
    fake_queue_init(&fake, "evaluate", EVALUATE_ONE);
    fake.stop_at_finish = true;
    const struct counts counts = run(*state, &fake);
    assert_int_equal(counts.done, 1);
    assert_int_equal(fake.finishes, 2);
    assert_non_null(fake.result);
    fake_queue_clear(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluates_in_the_jobs_order),
        cmocka_unit_test(test_evolves),
        cmocka_unit_test(test_evolves_in_the_jobs_profile),
        cmocka_unit_test(test_bad_seeds_are_left_out_while_one_is_good),
        cmocka_unit_test(test_bad_jobs_fail_for_good),
        cmocka_unit_test(test_the_next_job_comes_with_a_result),
        cmocka_unit_test(test_sidecar_away_when_asking_for_work),
        cmocka_unit_test(test_result_is_sent_until_accepted),
        cmocka_unit_test(test_heartbeats_go_on_while_the_result_waits),
        cmocka_unit_test(test_refused_result_is_dropped),
        cmocka_unit_test(test_result_that_is_too_large_fails_the_job),
        cmocka_unit_test(test_a_slow_algorithm_keeps_no_other_from_being_sent),
        cmocka_unit_test(test_ending_worker_leaves_a_slow_algorithm),
        cmocka_unit_test(test_lost_lease_stops_the_computation),
        cmocka_unit_test(test_silent_sidecar_does_not_stop_the_computation),
        cmocka_unit_test(test_time_limit_gives_what_there_is),
        cmocka_unit_test(test_time_limit_holds_without_a_heartbeat),
        cmocka_unit_test(test_deadline_gives_what_there_is),
        cmocka_unit_test(test_passed_deadline_of_an_evaluation_fails_it),
        cmocka_unit_test(test_evaluations_done_in_time_are_sent),
        cmocka_unit_test(test_ending_worker_gives_its_job_back),
        cmocka_unit_test(test_others_go_on_with_an_evolution),
        cmocka_unit_test(test_an_evolution_starts_anew_without_its_own_checkpoint),
        cmocka_unit_test(test_without_room_the_job_goes_back_nevertheless),
        cmocka_unit_test(test_ending_worker_tries_its_result_once_more),
    };
    return cmocka_run_group_tests(tests, small_bench_set_up, small_bench_tear_down);
}
