#include "worker_bench.h"

#include "cmocka_include.h"
#include "own_clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

/* A disk that takes seconds to sync is not what is tested here, nor is a loss of power. */
void worker_bench_start_sidecar(struct worker_bench *bench)
{
    const struct place *place = &bench->place;
    char lease[16];
    snprintf(lease, sizeof lease, "%d", BENCH_LEASE_MS);
    bench->sidecar =
        START(place, "sidecar", "poolminer-sidecar", "--port", bench->port, "--store",
              place_file(place, "sidecar.db"), "--ready-file", place_file(place, "sidecar.ready"),
              "--lease-ms", lease, "--heartbeat-ms", "3000", "--sync", "none");
    snprintf(bench->port, sizeof bench->port, "%d", wait_ready(place, "sidecar.ready"));
}

int worker_bench_set_up(void **state)
{
    static struct worker_bench bench;
    struct pm_error error = {0};
    bench = (struct worker_bench){.port = "0"};
    *state = &bench;
    place_create(&bench.place);
    bench.place.clock = PM_SHIFTED_CLOCK;
    worker_bench_start_sidecar(&bench);
    snprintf(bench.url, sizeof bench.url, "tcp://127.0.0.1:%s", bench.port);
    const struct pm_queue_client_config config = {
        .url = bench.url, .role = "driver", .name = "test", .timeout_ms = 20000};
    if (!pm_queue_client_create(&config, &bench.client, &error)) {
        fail_msg("%s", error.message);
    }
    return 0;
}

int worker_bench_tear_down(void **state)
{
    struct worker_bench *bench = *state;
    pm_queue_client_destroy(bench->client);
    place_destroy(&bench->place);
    return 0;
}

pid_t worker_bench_start_worker(struct worker_bench *bench, const char *label, int threads)
{
    char number[16];
    snprintf(number, sizeof number, "%d", threads);
    return START(&bench->place, label, "poolminer-worker", "--sidecar-url", bench->url, "--run-id",
                 "run", "--threads", number, "--dataset", "synthetic:400", "--checkpoint-ms", "50",
                 "--log-level", "debug", "--name", label, "--nice", "0");
}

static void put(struct worker_bench *bench, const char *key, const char *kind, const char *body)
{
    struct pm_error error = {0};
    int64_t id;
    const struct pm_job_put job = {
        .run_id = "run", .key = key, .kind = kind, .body = body, .body_size = strlen(body)};
    if (!pm_queue_client_put(bench->client, &job, &id, NULL, &error)) {
        fail_msg("%s", error.message);
    }
}

void worker_bench_put_evolution(struct worker_bench *bench, const char *key, int generations)
{
    char body[1024];
    snprintf(body, sizeof body,
             "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[{\"id\":3,"
             "\"algorithm_dsl\":\"def Setup():\\n  s2 = 0.05\\ndef Predict():\\n"
             "  s0 = dot(v0, v1)\\ndef Learn():\\n  s3 = s1 - s0\\n  s3 = s3 * s2\\n"
             "  v2 = s3 * v0\\n  v1 = v1 + v2\\n\",\"input_dim\":8}],\"generations\":%d,"
             "\"budget\":3,\"seed\":7,\"profile\":\"full\",\"deadline_ms\":0,\"max_seconds\":0}",
             generations);
    put(bench, key, "evolve", body);
}

void worker_bench_put_slow_evaluation(struct worker_bench *bench, const char *key)
{
    enum { PRODUCTS = 500 };
    struct pm_text body = {0};
    pm_text_append(&body,
                   "{\"kind\":\"evaluate\",\"task_type\":\"cifar10_binary\",\"algorithms\":["
                   "{\"id\":1,\"input_dim\":8,\"algorithm_dsl\":\"def Predict():\\n  s0 = 1\\n\"},"
                   "{\"id\":2,\"input_dim\":8,\"algorithm_dsl\":\"# meta: vector_dim=128"
                   " predict_max_ops=512 learn_max_ops=512\\n");
    for (int phase = 0; phase < 2; phase++) {
        pm_text_append(&body, "def %s():\\n", phase == 0 ? "Predict" : "Learn");
        for (int i = 0; i < PRODUCTS; i++) {
            pm_text_append(&body, "  m1 = matmul(m1, m0)\\n");
        }
        pm_text_append(&body, "  s0 = mean(m1)\\n");
    }
    pm_text_append(&body, "\"}]}");
    assert_false(body.failed);
    put(bench, key, "evaluate", body.data);
    free(body.data);
}

static bool read_result(struct worker_bench *bench, const char *key, char **out)
{
    struct pm_job_results results;
    struct pm_error error = {0};
    cJSON *json = NULL;
    if (!pm_queue_client_results(bench->client, "run", key, 10, &results, &error)) {
        fail_msg("%s", error.message);
    }
    if (results.count == 1) {
        if (results.items[0].state != PM_JOB_DONE) {
            show_logs(&bench->place);
            fail_msg("%s: %s", key, results.items[0].reason);
        }
        assert_true(pm_json_parse(results.items[0].body, results.items[0].body_size, 1 << 20, &json,
                                  &error));
        cJSON_DeleteItemFromObject(json, "seconds");
        *out = pm_json_print(json, &error);
        cJSON_Delete(json);
    }
    const bool found = results.count == 1;
    pm_job_results_clear(&results);
    return found;
}

char *worker_bench_result(struct worker_bench *bench, const char *key)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + BENCH_PATIENCE_MS;
    char *text = NULL;
    while (!read_result(bench, key, &text)) {
        if (pm_clock_monotonic_ms() > until_ms) {
            show_logs(&bench->place);
            fail_msg("%s has no outcome", key);
        }
        pm_clock_sleep_ms(20);
    }
    assert_non_null(text);
    return text;
}

int64_t worker_bench_count(struct worker_bench *bench, const char *name)
{
    struct pm_error error = {0};
    char *text = NULL;
    cJSON *status = NULL;
    if (!pm_queue_client_status(bench->client, &text, &error) ||
        !pm_json_parse(text, strlen(text), 1 << 20, &status, &error)) {
        fail_msg("%s", error.message);
    }
    const int64_t count = (int64_t)number_in(status, "jobs", name);
    cJSON_Delete(status);
    free(text);
    return count;
}

void worker_bench_wait_log(struct worker_bench *bench, const char *label, const char *part,
                           int times)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + BENCH_PATIENCE_MS;
    char name[64];
    snprintf(name, sizeof name, "%s.log", label);
    while (times_in_log(&bench->place, name, part) < times) {
        if (pm_clock_monotonic_ms() > until_ms) {
            show_logs(&bench->place);
            fail_msg("%s never says %s", name, part);
        }
        pm_clock_sleep_ms(5);
    }
}

void worker_bench_leave(struct worker_bench *bench, const char *label, pid_t pid, int signal_number)
{
    const int64_t took_ms = own_clock_end_ms(pid, signal_number, BENCH_PATIENCE_MS);
    assert_int_equal(wait_end(&bench->place, label, pid, 1000), 0);
    if (took_ms > BENCH_LEAVING_MS) {
        show_logs(&bench->place);
        fail_msg("%s took %lld ms to end", label, (long long)took_ms);
    }
}
