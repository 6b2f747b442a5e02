/* poolminer queue: a person looks at what a sidecar has set aside, and decides. */
#include "cmocka_include.h"
#include "programs.h"
#include "run_program.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/queue_client.h>

enum { TIMEOUT_MS = 30000 };

struct bench {
    struct place place;
    pid_t sidecar;
    char port[16], url[64];
    struct pm_queue_client *driver;
};

static struct pm_queue_client *connect_as(const struct bench *bench, const char *role)
{
    struct pm_queue_client *client = NULL;
    struct pm_error error = {0};
    const struct pm_queue_client_config config = {
        .url = bench->url, .role = role, .name = "test", .timeout_ms = 5000};
    if (!pm_queue_client_create(&config, &client, &error)) {
        fail_msg("%s", error.message);
    }
    return client;
}

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){0};
    place_create(&bench.place);
    *state = &bench;
    bench.sidecar = START(&bench.place, "sidecar", "poolminer-sidecar", "--port", "0", "--store",
                          place_file(&bench.place, "sidecar.db"), "--ready-file",
                          place_file(&bench.place, "sidecar.ready"), "--lease-ms", "400",
                          "--heartbeat-ms", "100");
    snprintf(bench.port, sizeof bench.port, "%d", wait_ready(&bench.place, "sidecar.ready"));
    snprintf(bench.url, sizeof bench.url, "tcp://127.0.0.1:%s", bench.port);
    bench.driver = connect_as(&bench, "driver");
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    pm_queue_client_destroy(bench->driver);
    place_destroy(&bench->place);
    return 0;
}

static int64_t put(struct bench *bench, const char *key)
{
    int64_t id = 0;
    const struct pm_job_put job = {
        .run_id = "run", .key = key, .kind = "evolve", .body = "x", .body_size = 1};
    assert_true(pm_queue_client_put(bench->driver, &job, &id, NULL, NULL));
    return id;
}

/* Three workers take the job and are gone. */
static int64_t set_a_job_aside(struct bench *bench, const char *key)
{
    int64_t id = put(bench, key);
    for (int i = 0; i < 3; i++) {
        struct pm_queue_client *worker = connect_as(bench, "worker");
        struct pm_job job;
        bool found = false;
        for (int tries = 0; tries < 100 && !found; tries++) {
            assert_true(pm_queue_client_lease(worker, "run", 1000, &job, &found, NULL));
        }
        assert_true(found);
        assert_int_equal(job.job_id, id);
        pm_job_clear(&job);
        pm_queue_client_destroy(worker);
    }
    return id;
}

static struct output run_queue(const struct bench *bench, const char *verb, const char *job)
{
    const char *const arguments[] = {
        PM_BIN_DIR "/poolminer", "queue", "--sidecar-port", bench->port, verb, job, NULL};
    return run_at_home(bench->place.path, arguments, TIMEOUT_MS);
}

static bool one_is_set_aside(void *context)
{
    struct output output = run_queue(context, "list", NULL);
    bool yes = strstr(output.out, " 1 set aside\n") != NULL;
    output_clear(&output);
    return yes;
}

static void jobs_set_aside_are_listed_retried_and_discarded(void **state)
{
    struct bench *bench = *state;
    char job[24], said[64];
    int64_t id = set_a_job_aside(bench, "poison");
    assert_true(wait_until(one_is_set_aside, bench, TIMEOUT_MS));
    snprintf(job, sizeof job, "%lld", (long long)id);
    snprintf(said, sizeof said, "%s  evolve of run run, last with test", job);
    expect_output(run_queue(bench, NULL, NULL), 0, said, "");
    expect_output(run_queue(bench, "list", "--json"), 0, "\"set_aside\":[{\"job\":", "");

    snprintf(said, sizeof said, "job %s is queued again\n", job);
    expect_output(run_queue(bench, "retry", job), 0, said, "");
    expect_output(run_queue(bench, NULL, NULL), 0, "1 queued, 0 leased, 0 done, 0 failed, 0 set",
                  "");
    expect_output(run_queue(bench, "retry", job), 1, "", "poolminer: queue retry ");

    assert_true(pm_queue_client_cancel(bench->driver, "run", "", NULL, NULL));
    int64_t other = set_a_job_aside(bench, "more poison");
    assert_true(wait_until(one_is_set_aside, bench, TIMEOUT_MS));
    snprintf(job, sizeof job, "%lld", (long long)other);
    snprintf(said, sizeof said, "job %s is deleted\n", job);
    expect_output(run_queue(bench, "discard", job), 0, said, "");
    expect_output(run_queue(bench, NULL, NULL), 0, " 0 set aside\n", "");
}

static void mistakes_are_named(void **state)
{
    struct bench *bench = *state;
    expect_output(run_queue(bench, "retry", NULL), 2, "", "which job?");
    expect_output(run_queue(bench, "retry", "nine"), 1, "", "\"nine\" is no job's number");
    expect_output(run_queue(bench, "discard", "9"), 1, "", "queue discard 9: ");
    expect_output(run_queue(bench, "empty", NULL), 2, "", "expected list, retry JOB...");
    expect_output(run_queue(bench, "list", "extra"), 2, "", "not \"extra\"");
    snprintf(bench->port, sizeof bench->port, "0");
    expect_output(run_queue(bench, NULL, NULL), 1, "", "no running `poolminer mine`");
    snprintf(bench->port, sizeof bench->port, "1");
    expect_output(run_queue(bench, NULL, NULL), 1, "", "no answer from the sidecar at tcp://127.");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(jobs_set_aside_are_listed_retried_and_discarded),
        TEST(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
