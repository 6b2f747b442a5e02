#include "pool/pool_process.h"

#include "cmocka_include.h"
#include "growing_file.h"
#include "pool/test_store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/process.h>

enum {
    PATH_SIZE = 128,
    ARGUMENTS_MAX = 48,
    START_TIMEOUT_MS = 20000,
    READY_MAX = 256,
    LOG_SHOWN = 900
};

void pool_process_create(struct pool_process *process)
{
    snprintf(process->directory, sizeof process->directory, "/tmp/test_pool_XXXXXX");
    assert_non_null(mkdtemp(process->directory));
    process->pid = 0;
    process->name[0] = '\0';
    if (test_store_url() != NULL) {
        test_store_wipe();
    }
}

static void path_of(const struct pool_process *process, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", process->directory, name);
}

/* True once the ready file is there; the URL is made from it. */
static bool read_ready_file(struct pool_process *process, const char *path)
{
    char *text;
    size_t length;
    cJSON *json;
    int64_t port;
    if (!pm_file_read(path, READY_MAX, &text, &length, NULL)) {
        return false;
    }
    assert_true(pm_json_parse(text, length, READY_MAX, &json, NULL));
    assert_true(pm_json_integer(json, "port", &port, NULL));
    snprintf(process->url, sizeof process->url, "http://127.0.0.1:%d", (int)port);
    cJSON_Delete(json);
    free(text);
    return true;
}

/* Writes the paths of the files that tell how it goes. */
static void launch(struct pool_process *process, const char *const *options, char ready[PATH_SIZE],
                   char log[PATH_SIZE])
{
    char store[PATH_SIZE];
    path_of(process, "pool.db", store);
    path_of(process, "ready", ready);
    path_of(process, "log", log);
    unlink(ready);
    const char *url = test_store_url();
    const char *arguments[ARGUMENTS_MAX] = {
        POOL_PROGRAM,   "--port", "0", "--store", url != NULL ? url : store,
        "--ready-file", ready,    NULL};
    size_t count = 7;
    for (; options != NULL && *options != NULL; options++) {
        assert_true(count + 1 < ARGUMENTS_MAX);
        arguments[count++] = *options;
    }
    char name[sizeof process->name + 16];
    snprintf(name, sizeof name, "PGAPPNAME=%s", process->name);
    const struct pm_process_config config = {.arguments = arguments,
                                             .environment = (const char *[]){name, NULL},
                                             .stdout_path = log,
                                             .stderr_path = log};
    struct pm_error error = {0};
    if (!pm_process_start(&config, &process->pid, &error)) {
        fail_msg("%s", error.message);
    }
}

void pool_process_start(struct pool_process *process, const char *const *options)
{
    char ready[PATH_SIZE], log[PATH_SIZE];
    int status;
    launch(process, options, ready, log);
    int64_t until_ms = pm_clock_monotonic_ms() + START_TIMEOUT_MS;
    while (!read_ready_file(process, ready)) {
        if (pm_process_wait(process->pid, 5, &status)) {
            fail_msg("the pool ended with status %d, see %s", status, log);
        }
        assert_true(pm_clock_monotonic_ms() < until_ms);
    }
}

int pool_process_fail(struct pool_process *process, const char *const *options)
{
    char ready[PATH_SIZE], log[PATH_SIZE];
    int status;
    launch(process, options, ready, log);
    assert_true(pm_process_wait(process->pid, START_TIMEOUT_MS, &status));
    assert_int_not_equal(access(ready, F_OK), 0);
    process->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct output pool_process_admin(const struct pool_process *process, const char *const *words)
{
    char store[PATH_SIZE];
    const char *url = test_store_url();
    path_of(process, "pool.db", store);
    const char *arguments[ARGUMENTS_MAX] = {POOL_PROGRAM, "--store", url != NULL ? url : store,
                                            "admin"};
    for (size_t count = 4; *words != NULL; words++) {
        assert_true(count + 1 < ARGUMENTS_MAX);
        arguments[count++] = *words;
    }
    char home[PATH_SIZE]; /* its own, for several may run at once */
    make_directory(home, sizeof home);
    struct output output = run_at_home(home, arguments, START_TIMEOUT_MS);
    remove_directory(home);
    return output;
}

void pool_process_kill(struct pool_process *process)
{
    int status;
    kill(process->pid, SIGKILL);
    assert_true(pm_process_wait(process->pid, START_TIMEOUT_MS, &status));
    process->pid = 0;
}

/* What the pool said, and any sanitizer with it; the caller frees it. NULL: nothing yet. */
static char *read_log(const struct pool_process *process)
{
    char path[PATH_SIZE];
    struct pm_error ignored = {0};
    path_of(process, "log", path);
    return growing_file_read(path, &ignored);
}

int pool_process_stop(struct pool_process *process)
{
    int status = pm_process_stop(process->pid, START_TIMEOUT_MS);
    process->pid = 0;
    if (status != 0) {
        char *text = read_log(process);
        size_t length = text != NULL ? strlen(text) : 0;
        print_error("the pool ended with status %d; the end of its log:\n%s\n", status,
                    length > LOG_SHOWN ? text + length - LOG_SHOWN : text);
        free(text);
    }
    return status;
}

int pool_process_logged(const struct pool_process *process, const char *part)
{
    char *text = read_log(process);
    int count = 0;
    for (const char *at = text; at != NULL && (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    free(text);
    return count;
}

static void print_log(const struct pool_process *process)
{
    char *text = read_log(process);
    if (text != NULL) {
        print_error("%s", text);
    }
    free(text);
}

void pool_process_destroy(struct pool_process *process)
{
    static const char *const names[] = {"pool.db", "pool.db-wal", "pool.db-shm", "ready", "log"};
    char path[PATH_SIZE];
    if (process->pid && pool_process_stop(process) != 0) {
        print_log(process);
        fail_msg("the pool did not end well");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(process, names[i], path);
        unlink(path);
    }
    rmdir(process->directory);
}
