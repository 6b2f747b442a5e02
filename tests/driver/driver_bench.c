#include "tests/driver/driver_bench.h"

#include "cmocka_include.h"
#include "driver/coordinator.h"
#include "driver/lease_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    fake_pool_start(&bench->pool);
    assert_true(pm_hotkey_generate(&bench->hotkey, bench->mnemonic, NULL));
    bench->pool.leases_to_grant = 1;
    bench->queue.stop = &bench->pool.stop;
    bench->queue.clock_ms = &bench->pool.now_ms;
    bench->settings = (struct pm_driver_settings){
        .run_id = "run",
        .duration_ms = 600 * SECOND,
        .grace_ms = 20 * SECOND,
        .jobs = {.algorithms_per_job = 2, .evolve_jobs = 1, .generations = 50, .profile = "full"},
        .request = {.task_type = "cifar10_binary", .eval_batch_size = 8, .seed_batch_size = 8},
        .no_work_wait_ms = 30 * SECOND,
        .window_wait_min_ms = 30 * SECOND,
    };
    *state = bench;
    return 0;
}

int close_bench(void **state)
{
    struct bench *bench = *state;
    fake_pool_stop(&bench->pool);
    fake_queue_clear(&bench->queue);
    pm_hotkey_destroy(bench->hotkey);
    free(bench);
    return 0;
}

bool live_as(struct bench *bench, const struct pm_hotkey *hotkey)
{
    struct pm_driver *driver = &bench->driver;
    const char *const urls[] = {scripted_server_url(bench->pool.server), bench->second_url};
    const struct pm_pool_client_config config = {.pool_urls = urls,
                                                 .pool_url_count =
                                                     bench->second_url != NULL ? 2 : 1,
                                                 .probe_every_ms = 1,
                                                 .hotkey = hotkey,
                                                 .timeout_ms = 300,
                                                 .stop = &bench->pool.stop};
    *driver = (struct pm_driver){.settings = bench->settings,
                                 .queue = fake_queue_bind(&bench->queue),
                                 .host = fake_pool_host(&bench->pool),
                                 .stop = &bench->pool.stop,
                                 .address = pm_hotkey_address(hotkey)};
    pm_driver_account(driver->address, bench->pool_name != NULL ? bench->pool_name : POOL_NAME,
                      driver->account);
    bench->error = (struct pm_error){0};
    assert_true(pm_pool_client_create(&config, &driver->pool, NULL));
    bool done = pm_coordinator_run(driver, &bench->error);
    pm_pool_client_destroy(driver->pool);
    return done;
}

bool live(struct bench *bench)
{
    return live_as(bench, bench->hotkey);
}

const struct fake_record *record(const struct bench *bench, const char *lease_id)
{
    const struct fake_record *found = fake_queue_record(&bench->queue, lease_id);
    assert_non_null(found);
    return found;
}

const char *record_member(const struct bench *bench, const char *lease_id, const char *name)
{
    static char text[512];
    cJSON *body = cJSON_Parse(record(bench, lease_id)->body);
    const cJSON *member = cJSON_GetObjectItem(body, name);
    text[0] = '\0';
    if (cJSON_IsString(member)) {
        snprintf(text, sizeof text, "%s", member->valuestring);
    } else if (cJSON_IsNumber(member)) {
        snprintf(text, sizeof text, "%.0f", member->valuedouble);
    }
    cJSON_Delete(body);
    return text;
}

void assert_closed(const struct bench *bench, const char *state, const char *reason)
{
    const struct fake_record *closed = record(bench, "lease-1");
    assert_string_equal(closed->state, state);
    if (strstr(closed->reason, reason) == NULL) {
        fail_msg("expected \"%s\" in: %s", reason, closed->reason);
    }
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

void assert_full_submission(const struct fake_submission *submission)
{
    cJSON *content = cJSON_Parse(submission->content);
    cJSON *evaluations = cJSON_Parse("[{\"algorithm_id\":11,\"score\":0.511},"
                                     "{\"algorithm_id\":12,\"score\":0.512},"
                                     "{\"algorithm_id\":13,\"score\":0.513}]");
    assert_true(cJSON_Compare(cJSON_GetObjectItem(content, "evaluations"), evaluations, true));
    const cJSON *evolutions = cJSON_GetObjectItem(content, "evolutions");
    assert_int_equal(cJSON_GetArraySize(evolutions), 1);
    assert_int_equal(cJSON_GetObjectItem(content, "iterations")->valueint, 3 + 50);
    cJSON_Delete(evaluations);
    cJSON_Delete(content);
}

bool die_and_live_again(struct bench *bench, int die_at, bool after)
{
    fake_queue_clear(&bench->queue);
    bench->pool.lease_calls = bench->pool.submit_calls = bench->pool.accepted = 0;
    bench->pool.granted = 0;
    bench->pool.leases_to_grant = 1;
    bench->queue.die_at = die_at;
    bench->queue.die_after = after;
    assert_true(live(bench));
    bool died = bench->queue.calls >= die_at;
    bench->queue.die_at = 0;
    bench->pool.now_ms += bench->away_ms;
    assert_true(live(bench));
    return died;
}
