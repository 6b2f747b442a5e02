/* poolminer mine as a service: what systemd is told, and the log in a file. */
#include "cmocka_include.h"
#include "programs.h"
#include "run_program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct setting {
    struct place place;
    pid_t mine;
    int manager;     /* stands for systemd: a socket on which a service tells how it is */
    char told[8192]; /* all of it, a line each */
    const char *file, *words;
};

static int listen_as_manager(struct setting *setting)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s",
             place_file(&setting->place, "notify"));
    const int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(manager, (const struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    return manager;
}

static int set_up(void **state)
{
    static struct setting setting;
    char text[512];
    place_create(&setting.place);
    START(&setting.place, "pool", "poolminer-pool", "--port", "0", "--store",
          place_file(&setting.place, "pool.db"), "--ready-file",
          place_file(&setting.place, "pool.ready"), "--epoch-s", "5");
    snprintf(
        text, sizeof text,
        "{\"pool_endpoint\": \"http://127.0.0.1:%d\", \"sidecar_port\": 0, \"http_port\": -1,\n"
        " \"data_dir\": \"%s/miner\", \"generations\": 100000,\n"
        " \"log_file\": \"%s/logs/mine.log\", \"log_file_mib\": 1}",
        wait_ready(&setting.place, "pool.ready"), setting.place.path, setting.place.path);
    char config[96];
    snprintf(config, sizeof config, "%s", write_text(setting.place.path, "gui_config.json", text));
    setting.manager = listen_as_manager(&setting);
    setting.mine = START(&setting.place, "mine", "poolminer", "mine", "--config", config);
    *state = &setting;
    return 0;
}

static int tear_down(void **state)
{
    struct setting *setting = *state;
    close(setting->manager);
    place_destroy(&setting->place);
    return 0;
}

static bool manager_is_told(void *context)
{
    struct setting *setting = context;
    char *end = setting->told + strlen(setting->told);
    const ssize_t count =
        recv(setting->manager, end, sizeof setting->told - (size_t)(end - setting->told) - 2, 0);
    if (count > 0) {
        end[count] = '\n';
        end[count + 1] = '\0';
    }
    return strstr(setting->told, setting->words) != NULL;
}

static bool file_says(void *context)
{
    const struct setting *setting = context;
    return log_says(&setting->place, setting->file, setting->words);
}

static void await(struct setting *setting, bool (*condition)(void *), const char *file,
                  const char *words)
{
    setting->file = file;
    setting->words = words;
    if (!wait_until(condition, setting, 60000)) {
        show_logs(&setting->place);
        fail_msg("never said: %s\ntold: %s", words, setting->told);
    }
}

/* Whether the queue tells how far the worker is: of that the bar in the line a minute is made. */
static bool queue_tells_progress(void *context)
{
    const struct setting *setting = context;
    const char *const arguments[] = {PM_BIN_DIR "/poolminer",
                                     "queue",
                                     "--json",
                                     "--config",
                                     place_file(&setting->place, "gui_config.json"),
                                     NULL};
    struct output output = run_at_home(setting->place.path, arguments, 20000);
    const bool tells = strstr(output.out, "\"kind\":\"evolve\"") != NULL &&
                       strstr(output.out, "\"progress\":{") != NULL &&
                       strstr(output.out, "\"best\":") != NULL;
    output_clear(&output);
    return tells;
}

static void the_manager_is_told_and_the_log_is_one_file(void **state)
{
    struct setting *setting = *state;
    await(setting, manager_is_told, NULL, "READY=1\n");
    static const char *const lines[] = {" sidecar SIDECAR-", " worker WORKER-PLAN ",
                                        " driver DRIVER-START ", " worker WORKER-JOB-START "};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        await(setting, file_says, "logs/mine.log", lines[i]);
    }
    assert_true(wait_until(queue_tells_progress, setting, 60000));
    assert_false(log_says(&setting->place, "mine.log", "WORKER-PLAN")); /* standard error */
    assert_true(log_says(&setting->place, "mine.log", "Mining for http://127.0.0.1:"));

    assert_int_equal(rename(place_file(&setting->place, "logs/mine.log"),
                            place_file(&setting->place, "logs/mine.log-old")),
                     0);
    kill(setting->mine, SIGTERM);
    await(setting, manager_is_told, NULL, "STOPPING=1\n");
    assert_int_equal(wait_end(&setting->place, "mine", setting->mine, 10000), 0);
    await(setting, file_says, "logs/mine.log", " driver DRIVER-END ");
    await(setting, file_says, "logs/mine.log", " poolminer MINE-STOPPED ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_manager_is_told_and_the_log_is_one_file, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
