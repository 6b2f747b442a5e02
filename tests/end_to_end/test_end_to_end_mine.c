/* poolminer mine: from a settings file to submissions, and what becomes of its programs at the end.
 */
#include "cmocka_include.h"
#include "own_clock.h"
#include "programs.h"
#include "run_program.h"

#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>

struct setting {
    struct place place;
    pid_t pool;
    char config[96];
};

static int set_up(void **state)
{
    static struct setting setting;
    char text[512];
    place_create(&setting.place);
    setting.pool = START(&setting.place, "pool", "poolminer-pool", "--port", "0", "--store",
                         place_file(&setting.place, "pool.db"), "--ready-file",
                         place_file(&setting.place, "pool.ready"), "--epoch-s", "5");
    int port = wait_ready(&setting.place, "pool.ready");
    snprintf(
        text, sizeof text,
        "{\"pool_endpoint\": \"http://127.0.0.1:%d\", \"sidecar_port\": 0,\n"
        " \"data_dir\": \"%s/miner\", \"generations\": 3, \"evolve_max_seconds\": 2, \"nice\": 0}",
        port, setting.place.path);
    snprintf(setting.config, sizeof setting.config, "%s",
             write_text(setting.place.path, "gui_config.json", text));
    *state = &setting;
    return 0;
}

static int tear_down(void **state)
{
    struct setting *setting = *state;
    place_destroy(&setting->place);
    return 0;
}

static pid_t start_mine(const struct setting *setting)
{
    return START(&setting->place, "mine", "poolminer", "mine", "--config", setting->config);
}

/* Pool and mine, sidecar, worker, driver. */
static bool all_are_up(void *context)
{
    const struct setting *setting = context;
    return processes_in(&setting->place) == 5 &&
           access(place_file(&setting->place, "miner/hotkey"), F_OK) == 0;
}

/* The port is not in the settings: `queue` asks the running miner for it. */
static bool a_job_is_computed(void *context)
{
    const struct setting *setting = context;
    const char *const arguments[] = {PM_BIN_DIR "/poolminer", "queue", "--config", setting->config,
                                     NULL};
    struct output output = run_at_home(setting->place.path, arguments, 30000);
    bool computed = output.status == 0 && strstr(output.out, " 0 leased") == NULL;
    output_clear(&output);
    return computed;
}

static bool only_the_pool_is_up(void *context)
{
    const struct setting *setting = context;
    return processes_in(&setting->place) == 1;
}

/* The line that comes once a minute, and at the end, where nobody watches: whole, on a line of its
 * own, and nothing is drawn that a terminal would overwrite. */
static void assert_plain_lines(const struct place *place)
{
    static const char pattern[] =
        "^[0-9]{2}:[0-9]{2}:[0-9]{2}  evaluated [0-9,]+ \\([^)]+\\), evolved [0-9,]+ "
        "\\((none judged yet|[0-9]+ over the threshold, best score [0-9]\\.[0-9]{4})\\), "
        "reputation [0-9]+\\.[0-9]{2}, paid [0-9,]+ RAO( \\([.0-9]+ TAO\\))?; [0-9]+ "
        "computing, [0-9]+ waiting";
    char *text = NULL;
    size_t length = 0;
    regex_t line;
    assert_true(pm_file_read(place_file(place, "mine.log"), 1 << 20, &text, &length, NULL));
    assert_int_equal(regcomp(&line, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
    if (regexec(&line, text, 0, NULL, 0) != 0 || strpbrk(text, "\r\x1b") != NULL) {
        fail_msg("no line of figures, or something drawn, in\n%s", text);
    }
    regfree(&line);
    free(text);
}

/* No work is done for anybody else: the pool's books have one miner, who is `address`. */
static void assert_only_miner(const struct place *place, const char *address)
{
    char store[128], line[96];
    snprintf(store, sizeof store, "%s", place_file(place, "pool.db"));
    snprintf(line, sizeof line, "\n%s,", address);
    const char *const arguments[] = {
        PM_BIN_DIR "/poolminer-pool", "admin", "export", "miners", "csv", "--store", store, NULL};
    struct output output = run_at_home(place->path, arguments, 30000);
    const char *end = strrchr(output.out, '\n');
    const char *row = strstr(output.out, line);
    if (output.status != 0 || row == NULL || strchr(row + 1, '\n') != end ||
        row != strchr(output.out, '\n')) {
        fail_msg("not %s alone: %s\n%s", address, output.out, output.err);
    }
    output_clear(&output);
}

static void it_mines_from_the_settings_file(void **state)
{
    struct setting *setting = *state;
    const struct place *place = &setting->place;
    pid_t mine =
        START(place, "mine", "poolminer", "mine", "--config", setting->config, "--duration-s", "8");
    int status = wait_end(place, "mine", mine, 60000);
    cJSON *summary = read_json(place, "miner/summary.json");
    if (status != 0 || summary == NULL ||
        number_in(summary, "driver", "submissions_accepted") < 1) {
        show_logs(place);
        fail_msg("status %d, or no submission was accepted", status);
    }
    assert_true(number_in(summary, "driver", "submissions_refused") == 0);
    assert_true(number_in(summary, "stats", "evaluations_submitted") > 0);
    const cJSON *driver = cJSON_GetObjectItemCaseSensitive(summary, "driver");
    assert_only_miner(place, cJSON_GetObjectItemCaseSensitive(driver, "address")->valuestring);
    cJSON_Delete(summary);
    assert_plain_lines(place);
    struct stat file;
    assert_int_equal(stat(place_file(place, "miner/hotkey"), &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(stat(place_file(place, "miner"), &file), 0);
    assert_int_equal(file.st_mode & 0777, 0700);
}

/* Variables of other programs that run here too; mine's own decisions hold for its children, and
 * what mine takes from the environment reaches them. */
static void others_settings_do_not_reach_its_programs(void **state)
{
    struct setting *setting = *state;
    const struct place *place = &setting->place;
    const char *const program = PM_BIN_DIR "/poolminer";
    const char *const arguments[] = {program,        "mine", "--config", setting->config,
                                     "--duration-s", "8",    NULL};
    char home[96], data[96];
    snprintf(home, sizeof home, "HOME=%s", place->path);
    snprintf(data, sizeof data, "XDG_DATA_HOME=%s/data", place->path);
    const char *const hostile[] = {home,
                                   data,
                                   "POOLMINER_CONFIG=",
                                   "POOLMINER_KEY_FILE=/nowhere/worker.key",
                                   "POOLMINER_SIDECAR_KEYS=/nowhere/keys",
                                   "POOLMINER_SIDECAR_URL=tcp://127.0.0.1:1",
                                   "POOLMINER_SIDECAR_HOST=nowhere.invalid",
                                   "POOLMINER_SIDECAR_STORE=/nowhere/store",
                                   "POOLMINER_WORKER_NAME=no good name",
                                   "POOLMINER_NO_WORK_WAIT_S=many",
                                   "POOLMINER_RUN_ID=from-the-environment",
                                   "POOLMINER_LOG_LEVEL=info",
                                   NULL};
    struct output output = run_program(place->path, arguments, hostile, 60000);
    cJSON *summary = read_json(place, "miner/summary.json");
    if (output.status != 0 || summary == NULL ||
        number_in(summary, "driver", "submissions_accepted") < 1 ||
        strstr(output.err, "WORKER-START") == NULL ||
        strstr(output.err, " run=from-the-environment ") == NULL) {
        fail_msg("status %d\n%s\n%s", output.status, output.out, output.err);
    }
    cJSON_Delete(summary);
    output_clear(&output);
}

static int64_t stop_mine(struct setting *setting, int signal_number)
{
    const pid_t mine = start_mine(setting);
    assert_true(wait_until(all_are_up, setting, 30000));
    assert_true(wait_until(a_job_is_computed, setting, 30000));
    const int64_t took_ms = own_clock_end_ms(mine, signal_number, 60000);
    assert_int_equal(wait_end(&setting->place, "mine", mine, 1000), 0);
    assert_int_equal(processes_in(&setting->place), 1);
    return took_ms;
}

static void a_signal_stops_everything_in_two_seconds(void **state)
{
    struct setting *setting = *state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int64_t took_ms = INT64_MAX;
        for (int k = 0; k < 3 && took_ms > 2000; k++) { /* what it waits for may have had to wait */
            took_ms = stop_mine(setting, signals[i]);
        }
        assert_in_range(took_ms, 0, 2000);
    }
}

/* An orphan would go on mining, or hold the port. */
static void children_do_not_outlive_a_kill(void **state)
{
    struct setting *setting = *state;
    pid_t mine = start_mine(setting);
    assert_true(wait_until(all_are_up, setting, 30000));
    kill_hard(mine);
    assert_true(wait_until(only_the_pool_is_up, setting, 3000));
}

struct victim {
    pid_t mine, pid;
    const char *program;
};

static bool another_runs(void *context)
{
    const struct victim *victim = context;
    pid_t now = find_child(victim->mine, victim->program);
    return now > 0 && now != victim->pid;
}

/* The supervisor brings back what was killed. */
static void killed_programs_come_back(void **state)
{
    static const char *const programs[] = {"poolminer-sidecar", "poolminer-worker",
                                           "poolminer-driver"};
    struct setting *setting = *state;
    pid_t mine = start_mine(setting);
    assert_true(wait_until(all_are_up, setting, 30000));
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct victim victim = {mine, child_of(mine, programs[i]), programs[i]};
        kill(victim.pid, SIGKILL);
        assert_true(wait_until(another_runs, &victim, 30000));
    }
    kill(mine, SIGTERM);
    assert_int_equal(wait_end(&setting->place, "mine", mine, 10000), 0);
}

/* A line on standard input, then the program's end. */
static struct output run_with_input(const struct setting *setting, const char *input,
                                    const char *arguments)
{
    char command[512];
    snprintf(command, sizeof command, "printf '%%s\\n' '%s' | %s/poolminer %s", input, PM_BIN_DIR,
             arguments);
    return run_at_home(setting->place.path, (const char *const[]){"/bin/sh", "-c", command, NULL},
                       120000);
}

static void it_mines_with_an_encrypted_hotkey_of_a_wallet(void **state)
{
    const struct setting *setting = *state;
    char arguments[256];
    struct output made = run_with_input(setting, "open sesame",
                                        "wallet create --wallet.name w --encrypt --password-fd 0");
    assert_int_equal(made.status, 0);
    made.out[strcspn(made.out, "\n")] = '\0'; /* the address comes first */
    snprintf(arguments, sizeof arguments,
             "mine --config %s --wallet.name w --password-fd 0 --duration-s 3", setting->config);
    expect_output(run_with_input(setting, "open sesame", arguments), 0, "wallets/w/hotkeys/default",
                  "");
    cJSON *summary = read_json(&setting->place, "miner/summary.json");
    assert_non_null(summary);
    const cJSON *driver = cJSON_GetObjectItem(summary, "driver");
    assert_string_equal(cJSON_GetObjectItem(driver, "address")->valuestring, made.out);
    assert_true(number_in(summary, "driver", "leases") >= 1);
    cJSON_Delete(summary);
    output_clear(&made);
    struct output wrong = run_with_input(setting, "closed sesame", arguments);
    assert_int_equal(wrong.status, 1);
    assert_non_null(strstr(wrong.err, "wrong password"));
    output_clear(&wrong);
}

static void a_taken_port_is_said(void **state)
{
    struct setting *setting = *state;
    const struct place *place = &setting->place;
    char port[16];
    START(place, "sidecar", "poolminer-sidecar", "--port", "0", "--store",
          place_file(place, "other.db"), "--ready-file", place_file(place, "sidecar.ready"));
    snprintf(port, sizeof port, "%d", wait_ready(place, "sidecar.ready"));
    pid_t mine = START(place, "mine", "poolminer", "mine", "--config", setting->config,
                       "--sidecar-port", port);
    assert_int_equal(wait_end(place, "mine", mine, 30000), 1);
    assert_true(log_says(place, "mine.log", port));
    assert_true(log_says(place, "mine.log", "--sidecar-port"));
    assert_false(log_says(place, "mine.log", "CHILD-RESTART"));
}

static bool the_key_is_named(void *context)
{
    const struct setting *setting = context;
    return log_says(&setting->place, "mine.log", "miner/hotkey, made on this first use");
}

static void a_second_mine_is_told_of_the_first(void **state)
{
    struct setting *setting = *state;
    const struct place *place = &setting->place;
    pid_t mine = start_mine(setting);
    assert_true(wait_until(the_key_is_named, setting, 30000));
    pid_t second = START(place, "second", "poolminer", "mine", "--config", setting->config);
    assert_int_equal(wait_end(place, "second", second, 10000), 1);
    assert_true(log_says(place, "second.log", "another `poolminer mine` runs"));
    assert_true(log_says(place, "second.log", "--data-dir"));
    kill(mine, SIGTERM);
    assert_int_equal(wait_end(place, "mine", mine, 10000), 0);
}

static bool the_pool_is_missed(void *context)
{
    const struct setting *setting = context;
    return log_says(&setting->place, "mine.log", "Does a pool run there?");
}

static void a_missing_pool_is_asked_for(void **state)
{
    struct setting *setting = *state;
    const struct place *place = &setting->place;
    pid_t mine = START(place, "mine", "poolminer", "mine", "--config", setting->config,
                       "--pool-url", "http://127.0.0.1:1");
    assert_true(wait_until(the_pool_is_missed, setting, 30000));
    assert_true(log_says(place, "mine.log", "pool_endpoint in gui_config.json"));
    kill(mine, SIGTERM);
    assert_int_equal(wait_end(place, "mine", mine, 10000), 0);
}

/* Whether the program was started with this option and value, one after the other. */
static bool is_told(pid_t pid, const char *option, const char *value)
{
    char path[64], line[4096], wanted[64];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t length = fread(line, 1, sizeof line, file);
    fclose(file);
    const int size = snprintf(wanted, sizeof wanted, "%s%c%s", option, '\0', value) + 1;
    return memmem(line, length, wanted, (size_t)size) != NULL;
}

/* Several workers search from the seeds of one lease, each in its own way. */
static void a_lease_is_evolved_once_for_each_worker(void **state)
{
    struct setting *setting = *state;
    const struct place *place = &setting->place;
    pid_t mine = START(place, "mine", "poolminer", "mine", "--config", setting->config, "--workers",
                       "3", "--pool-url", "http://127.0.0.1:1");
    assert_true(wait_until(the_pool_is_missed, setting, 30000));
    assert_true(is_told(child_of(mine, "poolminer-worker"), "--workers", "3"));
    assert_true(is_told(child_of(mine, "poolminer-driver"), "--evolve-jobs", "3"));
    kill(mine, SIGTERM);
    assert_int_equal(wait_end(&setting->place, "mine", mine, 10000), 0);
}

/* There is no such key, and another start would not make one. */
static void a_key_that_cannot_be_made_ends_it_at_once(void **state)
{
    struct setting *setting = *state;
    const struct place *place = &setting->place;
    char hotkey[128];
    snprintf(hotkey, sizeof hotkey, "%s", place_file(place, "dangling"));
    assert_int_equal(symlink(place_file(place, "nowhere"), hotkey), 0);
    pid_t mine = START(place, "mine", "poolminer", "mine", "--config", setting->config,
                       "--hotkey-file", hotkey);
    assert_int_equal(wait_end(place, "mine", mine, 30000), 1);
    assert_true(log_says(place, "mine.log", "dangling: exists already and is not overwritten"));
    assert_true(log_says(place, "mine.log", "the driver ended with status 1"));
    assert_false(log_says(place, "mine.log", "CHILD-RESTART"));
    assert_false(log_says(place, "mine.log", "Your key is"));
}

/* Whoever closes standard output does not want to watch; an orderly end is one all the same. */
static void nobody_has_to_watch(void **state)
{
    struct setting *setting = *state;
    char line[512];
    snprintf(line, sizeof line, "exec %s/poolminer mine --config %s --duration-s 1 >&-", PM_BIN_DIR,
             setting->config);
    const char *const arguments[] = {"/bin/sh", "-c", line, NULL};
    expect_output(run_at_home(setting->place.path, arguments, 60000), 0, "", "MINE-STOPPED");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_mines_from_the_settings_file),
        TEST(others_settings_do_not_reach_its_programs),
        TEST(a_signal_stops_everything_in_two_seconds),
        TEST(children_do_not_outlive_a_kill),
        TEST(killed_programs_come_back),
        TEST(it_mines_with_an_encrypted_hotkey_of_a_wallet),
        TEST(a_taken_port_is_said),
        TEST(a_second_mine_is_told_of_the_first),
        TEST(a_missing_pool_is_asked_for),
        TEST(a_lease_is_evolved_once_for_each_worker),
        TEST(nobody_has_to_watch),
        TEST(a_key_that_cannot_be_made_ends_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
