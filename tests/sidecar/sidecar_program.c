#include "sidecar/sidecar_program.h"

#include "growing_file.h"
#include "loopback.h"
#include "own_clock.h"
#include "process_memory.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/process.h>

pid_t sidecar_pid;
char sidecar_url[64];
const char *sidecar_keys_directory;
const char *sidecar_host;
int sidecar_port;
int sidecar_lease_ms = PROGRAM_LEASE_MS, sidecar_heartbeat_ms = PROGRAM_HEARTBEAT_MS;
bool sidecar_has_page;
int sidecar_page_port_asked;
int sidecar_max_connections;
static struct pm_error error;

/* What does happen happens within, however busy the machine is. */
enum { START_MAX_MS = 60000, DEATH_MAX_MS = 30000, ANSWER_MAX_MS = 60000 };

/* ---- the program ---- */

/* 0: not there yet, or of the program before. */
static int read_ready_file(const char *name)
{
    char *text;
    size_t length;
    int found = 0;
    if (pm_file_read(pm_test_path(name), 1024, &text, &length, NULL)) {
        cJSON *ready;
        int64_t number = 0, pid = 0;
        assert_done(pm_json_parse(text, length, 1024, &ready, &error), error);
        assert_done(pm_json_integer(ready, "port", &number, &error), error);
        assert_done(pm_json_integer(ready, "pid", &pid, &error), error);
        found = pid == sidecar_pid ? (int)number : 0;
        cJSON_Delete(ready);
        free(text);
    }
    return found;
}

static void add_page_arguments(const char **arguments)
{
    FILE *file = fopen(pm_test_path("token"), "w");
    assert_non_null(file);
    fputs(SIDECAR_TOKEN "\n", file);
    assert_int_equal(fclose(file), 0);
    static char token[4096], history[4096], ready[4096], port[16];
    snprintf(token, sizeof token, "%s", pm_test_path("token"));
    snprintf(history, sizeof history, "%s", pm_test_path("history.db"));
    snprintf(ready, sizeof ready, "%s", pm_test_path("page.ready"));
    snprintf(port, sizeof port, "%d", sidecar_page_port_asked);
    const char *const more[] = {"--http-port", port,    "--http-token-file", token,
                                "--history",   history, "--http-ready-file", ready};
    memcpy(arguments, more, sizeof more);
}

int sidecar_page_port(void)
{
    int port = read_ready_file("page.ready");
    assert_true(port > 0);
    return port;
}

void sidecar_start(void)
{
    if (sidecar_host == NULL) {
        sidecar_host = loopback_address();
    }
    char port_text[16], lease_text[16], heartbeat_text[16];
    snprintf(port_text, sizeof port_text, "%d", sidecar_port);
    snprintf(lease_text, sizeof lease_text, "%d", sidecar_lease_ms);
    snprintf(heartbeat_text, sizeof heartbeat_text, "%d", sidecar_heartbeat_ms);
    const char *arguments[28] = {PM_SIDECAR_PROGRAM,
                                 "--host",
                                 sidecar_host,
                                 "--port",
                                 port_text,
                                 "--store",
                                 pm_test_path("store.db"),
                                 "--ready-file",
                                 pm_test_path("ready"),
                                 "--lease-ms",
                                 lease_text,
                                 "--heartbeat-ms",
                                 heartbeat_text};
    size_t count = 13;
    char max_text[16];
    if (sidecar_max_connections > 0) {
        snprintf(max_text, sizeof max_text, "%d", sidecar_max_connections);
        arguments[count++] = "--max-connections";
        arguments[count++] = max_text;
    }
    if (sidecar_keys_directory != NULL) {
        arguments[count++] = "--keys";
        arguments[count++] = sidecar_keys_directory;
    }
    if (sidecar_has_page) {
        add_page_arguments(arguments + count);
    }
    const struct pm_process_config config = {.arguments = arguments,
                                             .stderr_path = pm_test_path("log")};
    assert_done(pm_process_start(&config, &sidecar_pid, &error), error);
    int64_t end_ms = pm_clock_monotonic_ms() + START_MAX_MS;
    int found, status;
    while ((found = read_ready_file("ready")) == 0 && pm_clock_monotonic_ms() < end_ms) {
        if (pm_process_wait(sidecar_pid, 2, &status)) {
            sidecar_pid = 0;
            fail_msg("the sidecar ended with status %d: %s", status, sidecar_log());
        }
    }
    assert_true(found > 0);
    sidecar_port = found;
    snprintf(sidecar_url, sizeof sidecar_url, "tcp://%s:%d", sidecar_host, sidecar_port);
}

void sidecar_kill(void)
{
    int status;
    if (sidecar_pid > 0) {
        kill(sidecar_pid, SIGKILL);
        assert_true(pm_process_wait(sidecar_pid, DEATH_MAX_MS, &status));
        sidecar_pid = 0;
    }
}

int sidecar_stop(void)
{
    int status;
    const int64_t took_ms = own_clock_end_ms(sidecar_pid, SIGTERM, DEATH_MAX_MS);
    assert_true(pm_process_wait(sidecar_pid, DEATH_MAX_MS, &status));
    sidecar_pid = 0;
    assert_in_range(took_ms, 0, 2000);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int set_up(int lease_ms, int heartbeat_ms)
{
    pm_test_clean();
    sidecar_port = 0;
    sidecar_lease_ms = lease_ms;
    sidecar_heartbeat_ms = heartbeat_ms;
    sidecar_start();
    return 0;
}

int sidecar_set_up(void **state)
{
    (void)state;
    return set_up(PROGRAM_LEASE_MS, PROGRAM_HEARTBEAT_MS);
}

int sidecar_set_up_calm(void **state)
{
    (void)state;
    return set_up(PROGRAM_LEASE_MS, PROGRAM_CALM_HEARTBEAT_MS);
}

int sidecar_set_up_long(void **state)
{
    (void)state;
    return set_up(PROGRAM_LONG_LEASE_MS, PROGRAM_LONG_HEARTBEAT_MS);
}

int sidecar_tear_down(void **state)
{
    (void)state;
    sidecar_kill();
    return 0;
}

int sidecar_run(const char *const *arguments, char *output, size_t size)
{
    const char *all[16] = {PM_SIDECAR_PROGRAM};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_in_range(i, 0, 13);
        all[i + 1] = arguments[i];
    }
    const struct pm_process_config config = {.arguments = all,
                                             .stdout_path = pm_test_path("output"),
                                             .stderr_path = pm_test_path("output")};
    pid_t pid;
    int status;
    char *text;
    size_t length;
    unlink(pm_test_path("output"));
    assert_done(pm_process_start(&config, &pid, &error), error);
    if (!pm_process_wait(pid, START_MAX_MS, &status)) {
        pm_process_stop(pid, 0);
        fail_msg("the program did not end by itself");
    }
    assert_done(pm_file_read(pm_test_path("output"), 1 << 20, &text, &length, &error), error);
    snprintf(output, size, "%s", text);
    free(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *sidecar_log(void)
{
    char *text = growing_file_read(pm_test_path("log"), &error);
    if (text == NULL) {
        fail_msg("%s", error.message);
    }
    return text;
}

/* ---- memory ---- */

void sidecar_expect_resident_below(long mib)
{
    expect_memory_below(sidecar_pid, "VmRSS:", mib);
}

void sidecar_expect_peak_below(long mib)
{
    expect_memory_below(sidecar_pid, "VmHWM:", mib);
}

/* ---- clients ---- */

struct pm_queue_client *client_open(const char *role, const char *name)
{
    const struct pm_queue_client_config config = {
        .url = sidecar_url, .role = role, .name = name, .timeout_ms = ANSWER_MAX_MS};
    struct pm_queue_client *client;
    assert_done(pm_queue_client_create(&config, &client, &error), error);
    return client;
}

int64_t client_put(struct pm_queue_client *client, const char *key)
{
    const struct pm_job_put put = {
        .run_id = "r", .key = key, .kind = "evaluate", .body = "body", .body_size = 4};
    int64_t id;
    bool existed;
    assert_done(pm_queue_client_put(client, &put, &id, &existed, &error), error);
    return id;
}

bool client_lease(struct pm_queue_client *client, int64_t wait_ms, struct pm_job *job)
{
    bool found;
    assert_done(pm_queue_client_lease(client, "", wait_ms, job, &found, &error), error);
    return found;
}

void client_finish(struct pm_queue_client *client, const struct pm_job *job, const void *result,
                   size_t size)
{
    const struct pm_job_finish finish = {
        .job_id = job->job_id, .token = job->token, .body = result, .body_size = size};
    assert_done(pm_queue_client_finish(client, &finish, &error), error);
}

void client_put_record(struct pm_queue_client *client, const char *key, const void *body,
                       size_t size)
{
    const struct pm_record_put put = {
        .run_id = "r", .key = key, .state = "open", .body = body, .body_size = size};
    assert_done(pm_queue_client_record_put(client, &put, &error), error);
}

int64_t status_number(struct pm_queue_client *client, const char *path)
{
    char *text, names[128];
    cJSON *status;
    snprintf(names, sizeof names, "%s", path);
    assert_done(pm_queue_client_status(client, &text, &error), error);
    assert_done(pm_json_parse(text, strlen(text), 1 << 20, &status, &error), error);
    const cJSON *item = status;
    char *rest = names;
    for (const char *name = strtok_r(names, ".", &rest); name != NULL;
         name = strtok_r(NULL, ".", &rest)) {
        item = cJSON_GetObjectItemCaseSensitive(item, name);
    }
    assert_non_null(item);
    int64_t number = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : (int64_t)item->valuedouble;
    cJSON_Delete(status);
    free(text);
    return number;
}

/* Handshakes and heartbeats are never read; a little is allowed for them. */
void sidecar_expect_all_read(struct pm_queue_client *client)
{
    enum { LITTLE_BYTES = 2000 };
    const int64_t begun_s = status_number(client, "uptime_s");
    while (status_number(client, "uptime_s") < begun_s + 3) { /* it looks once a second */
        pm_clock_sleep_ms(50);
    }
    assert_in_range(status_number(client, "unread_bytes"), 0, LITTLE_BYTES);
    assert_int_equal(status_number(client, "connections"), 1);
}

/* ---- children ---- */

pid_t child_worker(const char *name, void (*body)(struct pm_queue_client *client))
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const struct pm_queue_client_config config = {
            .url = sidecar_url, .role = "worker", .name = name, .timeout_ms = ANSWER_MAX_MS};
        struct pm_queue_client *client;
        if (!pm_queue_client_create(&config, &client, NULL)) {
            _exit(1);
        }
        body(client);
        if (write(told[1], "x", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    char byte;
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    return pid;
}

void child_end(pid_t pid)
{
    int status;
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}
