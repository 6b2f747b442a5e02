/* A sidecar that lets in only whom its list names: over encrypted connections, with the real
 * program and the real client. */
#include "sidecar/sidecar_program.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/curve_keys.h>

static struct pm_error error;
static struct pm_curve_keys sidecar_keys, worker_keys, stranger_keys;

enum { PATIENCE_MS = 20000 };

static void allow(const struct pm_curve_keys *keys)
{
    struct pm_curve_list list = {0};
    if (keys != NULL) {
        assert_done(pm_curve_list_add(&list, keys->public_key, "w1", &error), error);
    }
    assert_done(pm_curve_list_write(pm_test_path("authorized"), &list, &error), error);
    pm_curve_list_clear(&list);
}

static int set_up(void **state)
{
    (void)state;
    pm_test_clean();
    assert_done(pm_curve_keys_generate(NULL, &sidecar_keys, &error), error);
    assert_done(pm_curve_keys_generate(sidecar_keys.public_key, &worker_keys, &error), error);
    assert_done(pm_curve_keys_generate(sidecar_keys.public_key, &stranger_keys, &error), error);
    assert_done(pm_curve_keys_write(pm_test_path("sidecar.key"), &sidecar_keys, &error), error);
    assert_done(pm_curve_keys_write(pm_test_path("w1.key"), &worker_keys, &error), error);
    assert_done(pm_curve_keys_write(pm_test_path("stranger.key"), &stranger_keys, &error), error);
    allow(&worker_keys);
    sidecar_keys_directory = pm_test_directory();
    sidecar_start();
    return 0;
}

static int tear_down(void **state)
{
    sidecar_tear_down(state);
    sidecar_keys_directory = NULL;
    return 0;
}

static struct pm_queue_client *open_with(const char *key_file, int64_t timeout_ms)
{
    const struct pm_queue_client_config config = {.url = sidecar_url,
                                                  .role = "worker",
                                                  .name = "w",
                                                  .timeout_ms = timeout_ms,
                                                  .key_file = key_file};
    struct pm_queue_client *client;
    assert_done(pm_queue_client_create(&config, &client, &error), error);
    return client;
}

/* A job's whole life. */
static void work_once(struct pm_queue_client *client, const char *key)
{
    struct pm_job job;
    struct pm_job_results results;
    int64_t id = client_put(client, key);
    assert_true(client_lease(client, PATIENCE_MS, &job));
    assert_int_equal(job.job_id, id);
    assert_done(pm_queue_client_progress(client, id, job.token, "{\"done\":1}", &error), error);
    client_finish(client, &job, "yes", 3);
    pm_job_clear(&job);
    assert_done(pm_queue_client_results(client, "r", key, 10, &results, &error), error);
    assert_int_equal(results.count, 1);
    assert_memory_equal(results.items[0].body, "yes", 3);
    pm_job_results_clear(&results);
    assert_done(pm_queue_client_collect(client, &id, 1, &error), error);
}

static void who_is_in_the_list_may_work(void **state)
{
    (void)state;
    struct pm_queue_client *client = open_with(pm_test_path("w1.key"), PATIENCE_MS);
    work_once(client, "a");
    sidecar_kill();
    sidecar_start();
    work_once(client, "b");
    pm_queue_client_destroy(client);
}

/* What comes encrypted is longer than what is read of it: a connection that brings ever more than
 * is read would be closed. */
static void what_is_read_is_never_too_much(void **state)
{
    (void)state;
    struct pm_queue_client *client = open_with(pm_test_path("w1.key"), PATIENCE_MS);
    char *body = calloc(1, PM_JOB_BODY_MAX);
    assert_non_null(body);
    for (int i = 0; i < 3; i++) {
        client_put_record(client, "k", body, PM_JOB_BODY_MAX);
    }
    free(body);
    for (int i = 0; i < 1500; i++) {
        char state_now[PM_RECORD_STATE_SIZE];
        assert_done(pm_queue_client_record_state(client, "r", "k", state_now, &error), error);
    }
    sidecar_expect_all_read(client);
    pm_queue_client_destroy(client);
}

static void expect_turned_away(const char *key_file)
{
    char *status;
    struct pm_queue_client *client = open_with(key_file, 1500);
    assert_refused(pm_queue_client_status(client, &status, &error), error, PM_ERROR_UNAVAILABLE,
                   "does not let this client in");
    pm_queue_client_destroy(client);
}

static void nobody_else_is_heard(void **state)
{
    (void)state;
    expect_turned_away(pm_test_path("stranger.key"));
    struct pm_queue_client *plain = open_with(NULL, 1500); /* no keys at all */
    char *status;
    assert_false(pm_queue_client_status(plain, &status, &error));
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    pm_queue_client_destroy(plain);
    struct pm_queue_client *client = open_with(pm_test_path("w1.key"), PATIENCE_MS);
    assert_true(status_number(client, "counters.refused") > 0);
    assert_in_range(status_number(client, "clients"), 1, 2); /* this one, and the sidecar's view */
    pm_queue_client_destroy(client);
    char *log = sidecar_log();
    assert_non_null(strstr(log, "SIDECAR-KEY-REFUSED"));
    free(log);
}

/* Another sidecar's clients, and impostors in a sidecar's place, cannot be talked to. */
static void a_client_speaks_only_to_its_own_sidecar(void **state)
{
    (void)state;
    struct pm_curve_keys other;
    uint8_t wrong[PM_CURVE_KEY_SIZE];
    memcpy(wrong, stranger_keys.public_key, sizeof wrong);
    assert_done(pm_curve_keys_generate(wrong, &other, &error), error);
    assert_done(pm_curve_keys_write(pm_test_path("other.key"), &other, &error), error);
    allow(&other);
    char *status;
    struct pm_queue_client *client = open_with(pm_test_path("other.key"), 1500);
    assert_false(pm_queue_client_status(client, &status, &error));
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    pm_queue_client_destroy(client);
}

/* Without a restart, and over the connection that is open. */
static void a_revoked_key_is_heard_no_more(void **state)
{
    (void)state;
    char *status;
    struct pm_queue_client *client = open_with(pm_test_path("w1.key"), 2000);
    work_once(client, "a");
    allow(NULL);
    bool answered = true;
    for (int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
         answered && pm_clock_monotonic_ms() < end_ms;) {
        answered = pm_queue_client_status(client, &status, &error);
        if (answered) {
            free(status);
        }
    }
    assert_false(answered);
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    allow(&worker_keys);
    assert_done(pm_queue_client_status(client, &status, &error), error);
    free(status);
    pm_queue_client_destroy(client);
}

static bool is_logged(const char *words)
{
    char *log = sidecar_log();
    bool found = strstr(log, words) != NULL;
    free(log);
    return found;
}

/* Its time, size and place are the same before and after: what changed is who may read it. */
static void a_list_that_could_not_be_read_is_read_again(void **state)
{
    (void)state;
    char *status;
    struct pm_queue_client *client = open_with(pm_test_path("w1.key"), 500);
    work_once(client, "a");
    assert_int_equal(chmod(pm_test_path("authorized"), 0620), 0);
    assert_int_equal(utimensat(AT_FDCWD, pm_test_path("authorized"), NULL, 0), 0);
    for (int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
         !is_logged("SIDECAR-KEYS-UNREADABLE") && pm_clock_monotonic_ms() < end_ms;) {
        if (pm_queue_client_status(client, &status, &error)) {
            free(status);
        }
    }
    assert_true(is_logged("SIDECAR-KEYS-UNREADABLE"));
    assert_int_equal(chmod(pm_test_path("authorized"), 0600), 0);
    pm_queue_client_destroy(client);
    client = open_with(pm_test_path("w1.key"), PATIENCE_MS);
    assert_done(pm_queue_client_status(client, &status, &error), error);
    free(status);
    pm_queue_client_destroy(client);
}

static void refuse_to_start(const char *const *arguments, const char *words)
{
    char output[4096];
    assert_int_equal(sidecar_run(arguments, output, sizeof output), 1);
    if (strstr(output, words) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", words, output);
    }
}

static void keys_that_others_may_use_are_refused(void **state)
{
    (void)state;
    char store[512], directory[512];
    snprintf(store, sizeof store, "%s", pm_test_path("other.db"));
    snprintf(directory, sizeof directory, "%s", pm_test_directory());
    const char *const start[] = {"--host", "0.0.0.0", "--port",  "0", "--store",
                                 store,    "--keys",  directory, NULL};
    const char *const elsewhere[] = {"--host", "192.0.2.1", "--port",  "0", "--store",
                                     store,    "--keys",    directory, NULL};
    refuse_to_start(elsewhere, "--host takes a numeric address of this machine");
    assert_int_equal(chmod(pm_test_path("sidecar.key"), 0640), 0);
    refuse_to_start(start, "make it private: chmod 600");
    assert_int_equal(chmod(pm_test_path("sidecar.key"), 0600), 0);
    assert_int_equal(chmod(pm_test_path("authorized"), 0620), 0);
    refuse_to_start(start, "make it private: chmod 600");
    assert_int_equal(unlink(pm_test_path("sidecar.key")), 0);
    refuse_to_start(start, "sidecar.key");
    refuse_to_start((const char *[]){"--host", "0.0.0.0", "--port", "0", "--store", store, NULL},
                    "poolminer keys create");
}

static void a_client_insists_on_keys_off_this_machine(void **state)
{
    (void)state;
    struct pm_queue_client *client;
    struct pm_queue_client_config config = {
        .url = "tcp://192.0.2.1:8123", .role = "worker", .name = "w", .timeout_ms = 100};
    assert_refused(pm_queue_client_create(&config, &client, &error), error, PM_ERROR_INVALID,
                   "--key-file");
    config.url = "tcp://127.0.0.1.example.net:8123"; /* somebody else's, whatever it looks like */
    assert_refused(pm_queue_client_create(&config, &client, &error), error, PM_ERROR_INVALID,
                   "--key-file");
    config.key_file = pm_test_path("sidecar.key");
    assert_refused(pm_queue_client_create(&config, &client, &error), error, PM_ERROR_INVALID,
                   "a sidecar's own");
    config.key_file = pm_test_path("none.key");
    assert_refused(pm_queue_client_create(&config, &client, &error), error, PM_ERROR_NOT_FOUND,
                   "none.key");
}

static int end(void **state)
{
    (void)state;
    pm_test_remove_directory();
    return 0;
}

#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_KEYS(who_is_in_the_list_may_work),
        WITH_KEYS(what_is_read_is_never_too_much),
        WITH_KEYS(nobody_else_is_heard),
        WITH_KEYS(a_client_speaks_only_to_its_own_sidecar),
        WITH_KEYS(a_revoked_key_is_heard_no_more),
        WITH_KEYS(a_list_that_could_not_be_read_is_read_again),
        WITH_KEYS(keys_that_others_may_use_are_refused),
        WITH_KEYS(a_client_insists_on_keys_off_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
