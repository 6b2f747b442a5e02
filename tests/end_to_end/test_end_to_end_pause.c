/* A miner that mines is a good guest: it stands back, it pauses and resumes when told to. */
#include "cmocka_include.h"
#include "programs.h"
#include "run_program.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <poolminer/clock.h>

struct setting {
    struct place place;
    char config[96];
    pid_t mine;
    const char *words;
};

static int set_up(void **state)
{
    static struct setting setting;
    char text[512];
    place_create(&setting.place);
    START(&setting.place, "pool", "poolminer-pool", "--port", "0", "--store",
          place_file(&setting.place, "pool.db"), "--ready-file",
          place_file(&setting.place, "pool.ready"), "--epoch-s", "5");
    int port = wait_ready(&setting.place, "pool.ready");
    snprintf(text, sizeof text,
             "{\"pool_endpoint\": \"http://127.0.0.1:%d\", \"sidecar_port\": 0,\n"
             " \"data_dir\": \"%s/miner\", \"generations\": 100000,\n"
             " \"cpu_limit\": 50, \"pause_above_temp\": 149}",
             port, setting.place.path);
    snprintf(setting.config, sizeof setting.config, "%s",
             write_text(setting.place.path, "gui_config.json", text));
    setting.mine = START(&setting.place, "mine", "poolminer", "mine", "--config", setting.config,
                         "--log-level", "info");
    *state = &setting;
    return 0;
}

static int tear_down(void **state)
{
    struct setting *setting = *state;
    place_destroy(&setting->place);
    return 0;
}

static bool it_is_said(void *context)
{
    const struct setting *setting = context;
    return log_says(&setting->place, "mine.log", setting->words);
}

static void await_words(struct setting *setting, const char *words)
{
    setting->words = words;
    if (!wait_until(it_is_said, setting, 30000)) {
        show_logs(&setting->place);
        fail_msg("never said: %s", words);
    }
}

static void run_verb(const struct setting *setting, const char *verb, const char *option,
                     const char *says)
{
    const char *const arguments[] = {PM_BIN_DIR "/poolminer", verb,   "--config",
                                     setting->config,         option, NULL};
    expect_output(run_at_home(setting->place.path, arguments, 30000), 0, says, "");
}

enum { NICE = 19, POLICY = 41 }; /* among a thread's figures */

static bool is_called(const char *thread, const char *wanted)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%s/comm", thread);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        const bool read = fgets(name, sizeof name, file) != NULL;
        fclose(file);
        return read && strncmp(name, wanted, strlen(wanted)) == 0;
    }
    return false;
}

/* How many of the worker's threads with this name do not stand back; all have to. */
static int on_time(pid_t worker, const char *name)
{
    char path[64], thread[48];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)worker);
    DIR *threads = opendir(path);
    assert_non_null(threads);
    for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads)) {
        snprintf(thread, sizeof thread, "%d/task/%.16s", (int)worker, entry->d_name);
        if (is_called(thread, name)) {
            count++;
            assert_int_equal(process_figure(thread, NICE), getpriority(PRIO_PROCESS, 0));
            assert_int_equal(process_figure(thread, POLICY), sched_getscheduler(0));
        }
    }
    closedir(threads);
    return count;
}

/* Whoever only computes when nobody else wants to still answers the sidecar in time, and keeps its
 * lease. */
static void computing_stands_back_but_nothing_else(void **state)
{
    struct setting *setting = *state;
    await_words(setting, "WORKER-JOB-START");
    const pid_t worker = child_of(setting->mine, "poolminer-worker");
    const int64_t until_ms = pm_clock_monotonic_ms() + 30000;
    char main_thread[16];
    snprintf(main_thread, sizeof main_thread, "%d", (int)worker);
    assert_int_equal(process_figure(main_thread, NICE), 19);
    assert_true(on_time(worker, "ZMQbg/IO") >= 3); /* the jobs', the heartbeats', the reports' */
    while (on_time(worker, "heartbeat") == 0) {    /* it is there as long as a job is */
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(5);
    }
}

static void a_person_pauses_and_resumes(void **state)
{
    struct setting *setting = *state;
    await_words(setting, " of their time (50 %)");
    await_words(setting, "; pauses above 149 C until below 139 C, when `poolminer pause` says so");
    await_words(setting, "kind=evolve");
    run_verb(setting, "pause", NULL, "Paused: ");
    await_words(setting, "WORKER-PAUSED a person paused it");
    await_words(setting, "  resting: a person paused it; `poolminer resume` goes on\n");

    const char *const arguments[] = {PM_BIN_DIR "/poolminer", "queue", "--json", "--config",
                                     setting->config,         NULL};
    struct output output = run_at_home(setting->place.path, arguments, 30000);
    assert_non_null(strstr(output.out, "\"wish\":\"pause\""));
    assert_non_null(strstr(output.out, "\"leased\":1"));
    output_clear(&output);

    run_verb(setting, "resume", "--anyway", "whatever the rules");
    await_words(setting, "WORKER-RESUMED");
    await_words(setting, "  computing goes on\n");
    run_verb(setting, "resume", NULL, "Mining goes on.");

    /* A pause holds over a restart, and then no work is asked for. */
    run_verb(setting, "pause", NULL, "Paused: ");
    kill(setting->mine, SIGTERM);
    assert_int_equal(wait_end(&setting->place, "mine", setting->mine, 10000), 0);
    START(&setting->place, "again", "poolminer", "mine", "--config", setting->config, "--log-level",
          "info");
    const int64_t until_ms = pm_clock_monotonic_ms() + 30000;
    while (!log_says(&setting->place, "again.log", "WORKER-PAUSED")) {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(50);
    }
    assert_false(log_says(&setting->place, "again.log", "WORKER-JOB-START"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(computing_stands_back_but_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_person_pauses_and_resumes, set_up, tear_down),
    };
    unsetenv("POOLMINER_NICE"); /* other tests' workers do not stand back, this one's does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
