#include "mill.h"

#include "cmocka_include.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

void mill_start_pool(struct mill *mill)
{
    const struct place *place = &mill->place;
    mill->pool = START(place, "pool", "poolminer-pool", "--port", mill->pool_port, "--store",
                       place_file(place, "pool.db"), "--ready-file",
                       place_file(place, "pool.ready"), "--epoch-s", "3", "--task-timeout-s", "60");
    snprintf(mill->pool_port, sizeof mill->pool_port, "%d", wait_ready(place, "pool.ready"));
    snprintf(mill->pool_url, sizeof mill->pool_url, "http://127.0.0.1:%s", mill->pool_port);
}

void mill_start_sidecar(struct mill *mill)
{
    const struct place *place = &mill->place;
    mill->sidecar =
        START(place, "sidecar", "poolminer-sidecar", "--port", mill->sidecar_port, "--store",
              place_file(place, "sidecar.db"), "--ready-file", place_file(place, "sidecar.ready"),
              "--lease-ms", "2000", "--heartbeat-ms", "500");
    snprintf(mill->sidecar_port, sizeof mill->sidecar_port, "%d",
             wait_ready(place, "sidecar.ready"));
    snprintf(mill->sidecar_url, sizeof mill->sidecar_url, "tcp://127.0.0.1:%s", mill->sidecar_port);
}

void mill_start_worker(struct mill *mill)
{
    mill->worker = START(&mill->place, "worker", "poolminer-worker", "--sidecar-url",
                         mill->sidecar_url, "--run-id", "mill", "--workers", "1");
}

void mill_start_driver(struct mill *mill, const char *duration_s, const char *const *more)
{
    enum { MORE_MAX = 10 };
    const struct place *place = &mill->place;
    const char *all[32 + MORE_MAX] = {"--sidecar-url",
                                      mill->sidecar_url,
                                      "--run-id",
                                      "mill",
                                      "--hotkey-file",
                                      place_file(place, "hotkey"),
                                      "--summary",
                                      place_file(place, "summary.json"),
                                      "--generations",
                                      "100000",
                                      "--evolve-max-seconds",
                                      "3",
                                      "--no-work-wait-s",
                                      "0.5",
                                      "--window-wait-min-s",
                                      "0.5",
                                      "--grace-s",
                                      "60",
                                      "--duration-s",
                                      duration_s};
    size_t count = 0;
    while (all[count] != NULL) {
        count++;
    }
    all[count++] = "--pool-url"; /* the first; `more` may have others */
    all[count++] = mill->pool_url;
    for (size_t i = 0; more[i] != NULL; i++) {
        assert_true(i < MORE_MAX);
        all[count++] = more[i];
    }
    mill->driver = start_program(place, "driver", "poolminer-driver", all);
}

void mill_connect(struct mill *mill)
{
    const struct pm_queue_client_config config = {
        .url = mill->sidecar_url, .role = "admin", .name = "test", .timeout_ms = 3000};
    assert_true(pm_queue_client_create(&config, &mill->client, NULL));
}

int mill_set_up(void **state)
{
    static struct mill mill;
    mill = (struct mill){.pool_port = "0", .sidecar_port = "0"};
    place_create(&mill.place);
    mill_start_pool(&mill);
    mill_start_sidecar(&mill);
    mill_start_worker(&mill);
    mill_connect(&mill);
    *state = &mill;
    return 0;
}

int mill_tear_down(void **state)
{
    struct mill *mill = *state;
    pm_queue_client_destroy(mill->client);
    place_destroy(&mill->place);
    return 0;
}

int64_t mill_count(struct mill *mill, const char *group, const char *name)
{
    char *text = NULL;
    cJSON *root = NULL;
    int64_t count = 0;
    if (pm_queue_client_status(mill->client, &text, NULL) &&
        pm_json_parse(text, strlen(text), 1 << 20, &root, NULL)) {
        pm_json_optional_integer(cJSON_GetObjectItemCaseSensitive(root, group), name, &count, NULL);
    }
    cJSON_Delete(root);
    cJSON_free(text);
    return count;
}

static bool a_job_is_leased(void *context)
{
    return mill_count(context, "jobs", "leased") > 0;
}

void mill_wait_for_work(struct mill *mill)
{
    if (!wait_until(a_job_is_leased, mill, 30000)) {
        show_logs(&mill->place);
        fail_msg("no job was leased");
    }
}

/* A job that was leased may be done by the time that the signal comes: so it is stopped first, and
 * killed when it still has one after all that it had sent has arrived. */
void mill_kill_worker_at_work(struct mill *mill)
{
    enum { ARRIVAL_MS = 300, TRIES = 100 };
    bool at_work = false;
    for (int i = 0; i < TRIES && !at_work; i++) {
        mill_wait_for_work(mill);
        assert_int_equal(kill(mill->worker, SIGSTOP), 0);
        pm_clock_sleep_ms(ARRIVAL_MS);
        at_work = a_job_is_leased(mill);
        if (!at_work) {
            assert_int_equal(kill(mill->worker, SIGCONT), 0);
        }
    }
    assert_true(at_work);
    kill_hard(mill->worker);
}

cJSON *mill_end_driver(struct mill *mill)
{
    int status = wait_end(&mill->place, "driver", mill->driver, 90000);
    cJSON *summary = read_json(&mill->place, "summary.json");
    if (status != 0 || summary == NULL ||
        number_in(summary, "driver", "submissions_accepted") < 1 ||
        number_in(summary, "driver", "submissions_refused") > 0) {
        show_logs(&mill->place);
        fail_msg("status %d, or no submission was accepted, or one was refused", status);
    }
    return summary;
}

void mill_check_counts(const cJSON *summary)
{
    assert_true(number_in(summary, "stats", "evaluations_submitted") ==
                number_in(summary, "driver", "evaluations_submitted"));
    assert_true(number_in(summary, "stats", "evolutions_submitted") ==
                number_in(summary, "driver", "evolutions_submitted"));
}

void mill_expect_soon(bool (*condition)(void *context), struct mill *mill, const char *otherwise)
{
    if (!wait_until(condition, mill, 30000)) {
        show_logs(&mill->place);
        fail_msg("%s", otherwise);
    }
}
