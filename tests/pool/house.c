#include "pool/house.h"

#include "cmocka_include.h"
#include "pool/test_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/text.h>

enum { PATH_SIZE = 256 };

void house_open(struct house *house, const char *const *options)
{
    pool_process_create(&house->pool);
    pool_process_start(&house->pool, options);
    for (size_t i = 0; i < CLIENTS; i++) {
        client_create(&house->clients[i], house->pool.url, (uint8_t)i);
    }
}

int house_close(void **state)
{
    struct house *house = *state;
    for (size_t i = 0; i < CLIENTS; i++) {
        client_destroy(&house->clients[i]);
    }
    pool_process_destroy(&house->pool);
    free(house);
    return 0;
}

struct answer house_get(const struct house *house, const char *path, int status)
{
    const struct request request = {.method = "GET", .url = house->pool.url, .path = path};
    struct answer answer = http_send(&request);
    assert_int_equal(answer.status, status);
    return answer;
}

void house_judge_all(const struct client *client, const char *score)
{
    char path[PATH_SIZE];
    struct answer lease = client_expect(client, "POST", "/api/v1/tasks/lease",
                                        "{\"eval_batch_size\":64,\"seed_batch_size\":8}", 200);
    struct pm_text body = {0};
    const cJSON *item;
    const char *separator = "";
    pm_text_append(&body, "{\"evaluations\":[");
    cJSON_ArrayForEach(item, answer_member(&lease, "evaluate_algorithms"))
    {
        pm_text_append(&body, "%s{\"algorithm_id\":%d,\"score\":%s}", separator,
                       cJSON_GetObjectItem(item, "id")->valueint, score);
        separator = ",";
    }
    pm_text_append(&body, "],\"evolutions\":[],\"iterations\":1,\"gossip\":null}");
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    client_expect_saying(client, "POST", path, body.data, 200, "\"status\":\"accepted\"");
    pm_text_clear(&body);
    answer_clear(&lease);
}

void house_evolve(const struct client *client, const char *program, int status, const char *said)
{
    char path[PATH_SIZE];
    struct answer lease = client_expect(client, "POST", "/api/v1/tasks/lease",
                                        "{\"eval_batch_size\":0,\"seed_batch_size\":2}", 200);
    const cJSON *seed = cJSON_GetArrayItem(answer_member(&lease, "seed_algorithms"), 0);
    struct pm_text body = {0};
    pm_text_append(&body,
                   "{\"evaluations\":[],\"evolutions\":[{\"parent_algorithm_ids\":[%d],"
                   "\"algorithm_dsl\":\"%s\"}],\"iterations\":51}",
                   cJSON_GetObjectItem(seed, "id")->valueint, program);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    client_expect_saying(client, "POST", path, body.data, status, said);
    pm_text_clear(&body);
    answer_clear(&lease);
}

struct pm_sql *house_open_store(const struct house *house)
{
    char path[PATH_SIZE];
    struct pm_sql *sql;
    struct pm_error error = {0};
    const char *url = test_store_url();
    snprintf(path, sizeof path, "%s/pool.db", house->pool.directory);
    if (!(url != NULL ? pm_sql_open_postgres(url, PM_SQL_WRITE, &sql, &error)
                      : pm_sql_open_sqlite(path, PM_SQL_WRITE, &sql, &error))) {
        fail_msg("%s", error.message);
    }
    return sql;
}

void house_run_script(const struct house *house, const char *script)
{
    struct pm_sql *sql = house_open_store(house);
    struct pm_error error = {0};
    if (!pm_sql_script(sql, script, &error)) {
        fail_msg("%s", error.message);
    }
    pm_sql_close(sql);
}

void house_set_recipient(const struct house *house, const struct client *client)
{
    char timestamp[32], message[256], body[256], signature[PM_SIGNATURE_HEX_SIZE];
    const char *coldkey = client_address(&house->clients[CLIENTS - 1]);
    snprintf(timestamp, sizeof timestamp, "%" PRId64, pm_clock_unix_ms() / 1000);
    snprintf(message, sizeof message, "recipient_coldkey:update:%s:%s", timestamp, coldkey);
    snprintf(body, sizeof body, "{\"recipient_coldkey\":\"%s\"}", coldkey);
    assert_true(pm_hotkey_sign_hex(client->hotkey, message, signature, NULL));
    const struct request request = {.method = "PUT",
                                    .url = house->pool.url,
                                    .path = "/api/v1/miners/recipient-coldkey",
                                    .key = client_address(client),
                                    .timestamp = timestamp,
                                    .signature = signature,
                                    .body = body};
    struct answer answer = http_send(&request);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
}
