/* The program itself, with a scripted pool and the real sidecar: its options, its key, its end. */
#include "cmocka_include.h"
#include "loopback.h"
#include "own_clock.h"
#include "run_program.h"
#include "tests/driver/fake_pool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/hotkey.h>
#include <poolminer/process.h>

/* A throw-away key of the test vectors, in all its forms. */
static const char mnemonic[] =
    "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
static const char address[] = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
static const char *const secrets[] = {
    "bottom drive obey", "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e",
    "05d65584630d16cd4af6d0bec10f34bb504a5dcb62dba2122d49f5a663763d0a",
    "open sesame", /* the password of an encrypted one */
};

/* Any will do: the address is this process's alone. */
enum { SIDECAR_PORT = 8123 };

struct bench {
    char place[64];
    struct fake_pool pool;
    char sidecar_url[64];
    pid_t sidecar;
};

static const char *in_place(const struct bench *bench, const char *name)
{
    static char paths[8][256];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", bench->place, name);
    return path;
}

static int open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    make_directory(bench->place, sizeof bench->place);
    fake_pool_start(&bench->pool);
    bench->pool.leases_to_grant = 1;
    snprintf(bench->sidecar_url, sizeof bench->sidecar_url, "tcp://%s:%d", loopback_address(),
             SIDECAR_PORT);
    *state = bench;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *bench = *state;
    if (bench->sidecar != 0) {
        pm_process_stop(bench->sidecar, 5000);
    }
    fake_pool_stop(&bench->pool);
    remove_directory(bench->place);
    free(bench);
    return 0;
}

static pid_t start_with_input(const char *const *arguments, const char *input, const char *log)
{
    struct pm_error error = {0};
    pid_t pid = 0;
    const struct pm_process_config config = {
        .arguments = arguments, .input = input, .stdout_path = log, .stderr_path = log};
    if (!pm_process_start(&config, &pid, &error)) {
        fail_msg("%s", error.message);
    }
    return pid;
}

static pid_t start(const char *const *arguments, const char *log)
{
    return start_with_input(arguments, NULL, log);
}

static void start_sidecar(struct bench *bench)
{
    const char *const arguments[] = {PM_SIDECAR_PROGRAM,
                                     "--host",
                                     loopback_address(),
                                     "--port",
                                     strrchr(bench->sidecar_url, ':') + 1,
                                     "--store",
                                     in_place(bench, "sidecar.db"),
                                     NULL};
    bench->sidecar = start(arguments, in_place(bench, "sidecar.log"));
}

/* `input` is the password of an encrypted key. */
static pid_t start_driver_with(const struct bench *bench, const char *input)
{
    const char *const arguments[] = {PM_DRIVER_PROGRAM,
                                     "--pool-url",
                                     scripted_server_url(bench->pool.server),
                                     "--sidecar-url",
                                     bench->sidecar_url,
                                     "--hotkey-file",
                                     in_place(bench, "hotkey"),
                                     "--log-level",
                                     "debug",
                                     "--password-fd",
                                     "0",
                                     NULL};
    return start_with_input(arguments, input, in_place(bench, "driver.log"));
}

static pid_t start_driver(const struct bench *bench)
{
    return start_driver_with(bench, NULL);
}

/* All of a file (or "", when it is not there), zero bytes made blanks. */
static char *whole(const char *path)
{
    enum { ROOM = 4 * 1024 * 1024 };
    char *text = calloc(1, ROOM);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, ROOM - 1) : 0;
    if (file >= 0) {
        close(file);
    }
    for (ssize_t i = 0; i < length; i++) {
        if (text[i] == '\0') {
            text[i] = ' ';
        }
    }
    return text;
}

static bool file_has(const char *path, const char *text)
{
    char *content = whole(path);
    bool found = strstr(content, text) != NULL;
    free(content);
    return found;
}

static void await(const char *path, const char *text)
{
    for (int i = 0; i < 4800; i++) {
        if (file_has(path, text)) {
            return;
        }
        pm_clock_sleep_ms(50);
    }
    char *content = whole(path);
    print_error("%s\n", content);
    free(content);
    fail_msg("%s never had: %s", path, text);
}

/* SIGTERM; asserts that the program ends well within two seconds. */
static void end(pid_t pid)
{
    int status = -1;
    assert_in_range(own_clock_end_ms(pid, SIGTERM, 60000), 0, 2000);
    assert_true(pm_process_wait(pid, 60000, &status));
    assert_int_equal(status, 0);
}

static void assert_no_secret(const char *path)
{
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (file_has(path, secrets[i])) {
            fail_msg("%s holds a secret", path);
        }
    }
}

/* Mines for a moment, then looks for the key wherever it could have gone. */
static void assert_key_goes_nowhere(struct bench *bench, const char *password)
{
    char proc[64];
    start_sidecar(bench);
    pid_t driver = start_driver_with(bench, password);
    await(in_place(bench, "driver.log"), "DRIVER-LEASE ");
    await(in_place(bench, "sidecar.db-wal"), "/lease-1/evolve/0");
    snprintf(proc, sizeof proc, "/proc/%d/cmdline", (int)driver);
    assert_true(file_has(proc, "--pool-url"));
    assert_no_secret(proc);
    snprintf(proc, sizeof proc, "/proc/%d/environ", (int)driver);
    assert_no_secret(proc);
    snprintf(proc, sizeof proc, "/proc/%d/limits", (int)driver);
    assert_true(file_has(proc, "Max core file size        1 ")); /* none is that small */
    end(driver);
    assert_true(file_has(in_place(bench, "driver.log"), address));
    static const char *const files[] = {"driver.log", "sidecar.log", "sidecar.db",
                                        "sidecar.db-wal"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_no_secret(in_place(bench, files[i]));
    }
}

static void the_key_goes_nowhere(void **state)
{
    struct bench *bench = *state;
    write_text(bench->place, "hotkey", mnemonic);
    assert_true(file_has(in_place(bench, "hotkey"), secrets[0])); /* it would be found */
    assert_key_goes_nowhere(bench, NULL);
}

static void an_encrypted_key_is_used_and_its_password_goes_nowhere(void **state)
{
    struct bench *bench = *state;
    struct pm_hotkey *hotkey = NULL;
    assert_true(pm_hotkey_from_mnemonic(mnemonic, NULL, &hotkey, NULL));
    assert_true(pm_hotkey_save_sealed(hotkey, "open sesame", in_place(bench, "hotkey"), NULL));
    pm_hotkey_destroy(hotkey);
    assert_no_secret(in_place(bench, "hotkey"));
    assert_key_goes_nowhere(bench, "open sesame\n");
}

static void what_is_wrong_with_a_key_is_told_without_it(void **state)
{
    static const char *const files[] = {
        "bottom drive obey lake curtain smoke basket hold race lonely fit fit",
        "bottom drive obey lake curtain smoke basket hold race lonely fit wal",
        "bottom drive obey lake curtain smoke basket hold race lonely fit walk//",
        "{\"secretPhrase\":\"bottom drive obey lake curtain smoke basket hold race lonely fit "
        "walk\","
        "\"ss58Address\":\"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\"}",
        "{\"secretSeed\":\"0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e\"",
        "{\"secretSeed\":\"0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e0\"}",
        ("{\"cryptoType\":7,\"secretSeed\":"
         "\"0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e\"}"),
        "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479ex",
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *key = write_text(bench->place, "hotkey", files[i]);
        const char *const arguments[] = {PM_DRIVER_PROGRAM, "--hotkey-file", key, NULL};
        struct output output = run_program(bench->place, arguments, NULL, 20000);
        assert_int_equal(output.status, 2);
        assert_non_null(strstr(output.err, "DRIVER-FAILED"));
        for (size_t j = 0; j < sizeof secrets / sizeof secrets[0]; j++) {
            assert_null(strstr(output.err, secrets[j]));
        }
        output_clear(&output);
    }
}

/* Root may lock whatever the limit: the capability has to go, too. The key is broken, so that it
 * ends at once. AddressSanitizer locks nothing and says that it did. */
static void memory_that_cannot_be_locked_is_told(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    struct bench *bench = *state;
    char command[256];
    const char *key = write_text(bench->place, "hotkey", "no key");
    for (int limited = 0; limited < 2; limited++) {
        snprintf(command, sizeof command, "%s exec %s \"$0\" --hotkey-file \"$1\"",
                 limited ? "ulimit -l 0;" : "",
                 limited && getuid() == 0 ? "setpriv --bounding-set -ipc_lock" : "");
        const char *const arguments[] = {"/bin/sh", "-c", command, PM_DRIVER_PROGRAM, key, NULL};
        struct output output = run_program(bench->place, arguments, NULL, 20000);
        assert_int_equal(output.status, 2);
        const char *told = strstr(output.err, "DRIVER-KEY-UNLOCKED memory cannot be locked");
        assert_int_equal(told != NULL, limited);
        assert_int_equal(strstr(output.err, "raise the limit (ulimit -l 64") != NULL, limited);
        output_clear(&output);
    }
}

static void after_kill_9_the_lease_is_found_again(void **state)
{
    struct bench *bench = *state;
    int status = 0;
    start_sidecar(bench);
    pid_t driver = start_driver(bench);
    await(in_place(bench, "driver.log"), "DRIVER-LEASE ");
    await(in_place(bench, "sidecar.db-wal"), "/lease-1/evolve/0");
    kill(driver, SIGKILL);
    assert_true(pm_process_wait(driver, 5000, &status));
    driver = start_driver(bench);
    await(in_place(bench, "driver.log"), "DRIVER-LEASE-RESUMED lease=lease-1");
    end(driver);
    assert_int_equal(bench->pool.lease_calls, 1);
}

static void without_a_sidecar_it_waits_and_ends_when_asked(void **state)
{
    struct bench *bench = *state;
    pid_t driver = start_driver(bench);
    await(in_place(bench, "driver.log"), "DRIVER-SIDECAR-AWAY");
    end(driver);
    assert_int_equal(bench->pool.lease_calls, 0); /* no lease without a place to keep it */
}

static void a_missing_key_is_made_once_and_private(void **state)
{
    struct bench *bench = *state;
    char data_home[128];
    snprintf(data_home, sizeof data_home, "XDG_DATA_HOME=%s/data", bench->place);
    const char *const environment[] = {data_home, NULL};
    const char *const arguments[] = {PM_DRIVER_PROGRAM,
                                     "--pool-url",
                                     scripted_server_url(bench->pool.server),
                                     "--sidecar-url",
                                     bench->sidecar_url,
                                     "--duration-s",
                                     "1",
                                     "--grace-s",
                                     "0",
                                     NULL};
    struct stat status;
    struct output output = run_program(bench->place, arguments, environment, 20000);
    assert_int_equal(output.status, 0);
    assert_non_null(strstr(output.err, "DRIVER-HOTKEY-NEW"));
    output_clear(&output);
    const char *path = in_place(bench, "data/poolminer/hotkey");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    char *made = whole(path);
    output = run_program(bench->place, arguments, environment, 20000);
    assert_int_equal(output.status, 0);
    assert_null(strstr(output.err, "DRIVER-HOTKEY-NEW"));
    output_clear(&output);
    char *kept = whole(path);
    assert_string_equal(made, kept);
    free(made);
    free(kept);
}

/* Ends with a sentence that has this in it. */
static void assert_no_key_is_made(const struct bench *bench, const char *path, int status,
                                  const char *says)
{
    const char *const arguments[] = {PM_DRIVER_PROGRAM, "--pool-url", "http://127.0.0.1:1",
                                     "--hotkey-file",   path,         NULL};
    struct output output = run_program(bench->place, arguments, NULL, 20000);
    assert_int_equal(output.status, status);
    assert_null(strstr(output.err, "DRIVER-HOTKEY-NEW"));
    if (strstr(output.err, says) == NULL) {
        fail_msg("expected \"%s\" in: %s", says, output.err);
    }
    output_clear(&output);
}

static void a_key_that_cannot_be_written_is_said(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(symlink(in_place(bench, "nowhere"), in_place(bench, "dangling")), 0);
    assert_no_key_is_made(bench, in_place(bench, "dangling"), 1,
                          "dangling: exists already and is not overwritten");
    assert_no_key_is_made(bench, "/proc/hotkey", 1, "/proc/hotkey: cannot be written");
    assert_no_key_is_made(bench, "", 2, "--hotkey-file: expected a path, not \"\"");
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    struct bench *bench = *state;
    const char *path = write_text(bench->place, "hotkey", mnemonic);
    const char *const arguments[] = {PM_DRIVER_PROGRAM, "--hotkey-file", path, NULL};
    assert_int_equal(chmod(path, 0644), 0);
    struct output output = run_program(bench->place, arguments, NULL, 20000);
    assert_int_equal(output.status, 1);
    assert_non_null(strstr(output.err, "chmod 600"));
    output_clear(&output);
}

static void one_driver_mines_with_a_key(void **state)
{
    struct bench *bench = *state;
    char process[32];
    const char *key = write_text(bench->place, "hotkey", mnemonic);
    const char *const arguments[] = {PM_DRIVER_PROGRAM,
                                     "--pool-url",
                                     scripted_server_url(bench->pool.server),
                                     "--sidecar-url",
                                     bench->sidecar_url,
                                     "--hotkey-file",
                                     key,
                                     NULL};
    pid_t first = start_driver(bench);
    await(in_place(bench, "driver.log"), "DRIVER-START");
    struct output second = run_program(bench->place, arguments, NULL, 20000);
    assert_int_equal(second.status, 1);
    snprintf(process, sizeof process, "(process %d)", (int)first);
    assert_non_null(strstr(second.err, "another driver"));
    assert_non_null(strstr(second.err, process));
    output_clear(&second);
    end(first); /* and the key is free again, also after a kill (see above) */
    assert_int_equal(unlink(in_place(bench, "driver.log")), 0);
    first = start_driver(bench);
    await(in_place(bench, "driver.log"), "DRIVER-START");
    end(first);
}

static void help_version_and_mistakes(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *option, *value;
        int status;
        const char *says;
    } rows[] = {
        {"--help", NULL, 0, "--hotkey-file"},
        {"--version", NULL, 0, "poolminer-driver"},
        {"--no-such-option", NULL, 2, "no-such-option"},
        {"--generations", "0", 2, "generations"},
        {"--profile", "wild", 2, "full|baseline"},
        {"--run-id", "a b", 2, "run-id"},
        {"--log-level", "loud", 2, "debug|info|warn|error"},
        {"stray", NULL, 2, "unexpected argument"},
        {"--pool-url", "ftp://example.org", 2, "http"},
    };
    const char *key = write_text(bench->place, "hotkey", mnemonic);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const arguments[] = {PM_DRIVER_PROGRAM, "--hotkey-file", key,
                                         rows[i].option,    rows[i].value,   NULL};
        struct output output = run_program(bench->place, arguments, NULL, 20000);
        assert_int_equal(output.status, rows[i].status);
        const char *where = rows[i].status == 0 ? output.out : output.err;
        if (strstr(where, rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].option, where);
        }
        output_clear(&output);
    }
}

static void help_comes_whatever_the_environment_says(void **state)
{
    struct bench *bench = *state;
    static const char *const environment[] = {"POOLMINER_LOG_LEVEL=loud", NULL};
    static const char *const options[] = {"--help", "--version"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *const arguments[] = {PM_DRIVER_PROGRAM, options[i], NULL};
        struct output output = run_program(bench->place, arguments, environment, 20000);
        assert_int_equal(output.status, 0);
        assert_non_null(strstr(output.out, "poolminer-driver"));
        output_clear(&output);
    }
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_key_goes_nowhere),
        TEST(an_encrypted_key_is_used_and_its_password_goes_nowhere),
        TEST(what_is_wrong_with_a_key_is_told_without_it),
        TEST(memory_that_cannot_be_locked_is_told),
        TEST(after_kill_9_the_lease_is_found_again),
        TEST(without_a_sidecar_it_waits_and_ends_when_asked),
        TEST(a_missing_key_is_made_once_and_private),
        TEST(a_key_that_cannot_be_written_is_said),
        TEST(a_key_that_others_may_read_is_refused),
        TEST(one_driver_mines_with_a_key),
        TEST(help_version_and_mistakes),
        TEST(help_comes_whatever_the_environment_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
