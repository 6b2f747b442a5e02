#include "programs.h"

#include "cmocka_include.h"
#include "growing_file.h"
#include "run_program.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
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
    READY_MS = 30000,
    FILE_MAX = 16 << 20,
    ARGUMENTS_MAX = 40,
    SHOWN_BYTES = 3000,
    ORPHANS_MS = 10000, /* children of a killed supervisor stop by themselves */
    STARTED_MAX = 32
};

/* What was started and not reaped yet: a test that ends early leaves it to place_destroy. */
static pid_t started[STARTED_MAX];

static void remember(pid_t pid)
{
    for (int i = 0; i < STARTED_MAX; i++) {
        if (started[i] == 0) {
            started[i] = pid;
            return;
        }
    }
    fail_msg("more than %d programs at once", STARTED_MAX);
}

static void forget(pid_t pid)
{
    for (int i = 0; i < STARTED_MAX; i++) {
        started[i] = started[i] == pid ? 0 : started[i];
    }
}

void place_create(struct place *place)
{
    make_directory(place->path, sizeof place->path);
}

static bool none_is_left(void *context)
{
    return processes_in(context) == 0;
}

void place_destroy(struct place *place)
{
    for (int i = 0; i < STARTED_MAX; i++) {
        if (started[i] != 0) {
            kill_hard(started[i]);
        }
    }
    bool all_gone = wait_until(none_is_left, place, ORPHANS_MS);
    remove_directory(place->path);
    assert_true(all_gone);
}

const char *place_file(const struct place *place, const char *name)
{
    static char paths[8][192];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", place->path, name);
    return path;
}

/* What a preloaded library reads of this program. */
static const char *number_path(const struct place *place, const char *label, const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%s", label, what);
    return place_file(place, name);
}

static void set_number(const char *path, int64_t number)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, &number, sizeof number, 0), sizeof number);
    close(file);
}

void place_shift_clock(const struct place *place, const char *label, int64_t offset_ms)
{
    set_number(number_path(place, label, "clock"), offset_ms);
}

void place_fail_disk(const struct place *place, const char *label, int reason)
{
    set_number(number_path(place, label, "disk"), reason);
}

/* As VARIABLE=PATH, with a number in the file. */
static void name_number(const struct place *place, const char *label, const char *what,
                        const char *variable, char out[256])
{
    const char *path = number_path(place, label, what);
    if (access(path, F_OK) != 0) {
        set_number(path, 0);
    }
    snprintf(out, 256, "%s=%s", variable, path);
}

/* Sanitizers want to be loaded first; that these libraries come before them does no harm. */
static void add_preloads(const struct place *place, const char *label, const char **environment,
                         size_t count)
{
    static char preload[1024], clock[256], disk[256];
    if (place->clock == NULL) {
        return;
    }
    name_number(place, label, "clock", "POOLMINER_TEST_CLOCK", clock);
    name_number(place, label, "disk", "POOLMINER_TEST_DISK", disk);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s%s%s", place->clock,
             place->disk != NULL ? ":" : "", place->disk != NULL ? place->disk : "");
    environment[count++] = preload;
    environment[count++] = clock;
    environment[count++] = disk;
    environment[count++] = "ASAN_OPTIONS=verify_asan_link_order=0:detect_stack_use_after_return=0";
    environment[count] = NULL;
}

pid_t start_program(const struct place *place, const char *label, const char *program,
                    const char *const *arguments)
{
    char path[512], log_name[64], home[96], data[96], state[96], config[96];
    const char *all[ARGUMENTS_MAX] = {path};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i + 2 < ARGUMENTS_MAX);
        all[i + 1] = arguments[i];
    }
    snprintf(path, sizeof path, "%s%s", program[0] == '/' ? "" : PM_BIN_DIR "/", program);
    snprintf(log_name, sizeof log_name, "%s.log", label);
    snprintf(home, sizeof home, "HOME=%s", place->path);
    snprintf(data, sizeof data, "XDG_DATA_HOME=%s/data", place->path);
    snprintf(state, sizeof state, "XDG_STATE_HOME=%s/state", place->path);
    snprintf(config, sizeof config, "XDG_CONFIG_HOME=%s/config", place->path);
    /* Tests are not for when a laptop is plugged in only. */
    const char *environment[11] = {
        home, data, state, config, "POOLMINER_CONFIG=", "POOLMINER_PAUSE_ON_BATTERY=false"};
    add_preloads(place, label, environment, 6);
    const struct pm_process_config process = {.arguments = all,
                                              .environment = environment,
                                              .stdout_path = place_file(place, log_name),
                                              .stderr_path = place_file(place, log_name)};
    struct pm_error error = {0};
    pid_t pid = 0;
    if (!pm_process_start(&process, &pid, &error)) {
        fail_msg("%s", error.message);
    }
    remember(pid);
    return pid;
}

cJSON *read_json(const struct place *place, const char *name)
{
    char *text = NULL;
    size_t length = 0;
    cJSON *value = NULL;
    struct pm_error error = {0};
    if (!pm_file_read(place_file(place, name), FILE_MAX, &text, &length, NULL)) {
        return NULL;
    }
    bool done = pm_json_parse(text, length, FILE_MAX, &value, &error);
    free(text);
    if (!done) {
        fail_msg("%s: %s", name, error.message);
    }
    return value;
}

double number_in(const cJSON *object, const char *member, const char *name)
{
    const cJSON *inner = NULL;
    double value = 0;
    struct pm_error error = {0};
    if (!pm_json_object(object, member, &inner, &error) ||
        !pm_json_number(inner, name, &value, &error)) {
        fail_msg("%s", error.message);
    }
    return value;
}

int wait_ready(const struct place *place, const char *file)
{
    for (int64_t waited_ms = 0; waited_ms < READY_MS; waited_ms += 10) {
        int64_t port = 0;
        cJSON *ready = read_json(place, file);
        bool known = ready != NULL && pm_json_integer(ready, "port", &port, NULL);
        cJSON_Delete(ready);
        if (known) {
            unlink(place_file(place, file));
            return (int)port;
        }
        pm_clock_sleep_ms(10);
    }
    show_logs(place);
    fail_msg("%s did not appear", file);
    return 0;
}

int wait_end(const struct place *place, const char *label, pid_t pid, int64_t timeout_ms)
{
    int status = 0;
    if (!pm_process_wait(pid, timeout_ms, &status)) {
        show_logs(place);
        kill_hard(pid);
        fail_msg("%s did not end in %lld ms", label, (long long)timeout_ms);
    }
    forget(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void kill_hard(pid_t pid)
{
    int status = 0;
    kill(pid, SIGKILL);
    forget(pid);
    /* Workers run when nobody else wants to: on a busy machine even their end can wait. */
    assert_true(pm_process_wait(pid, 60000, &status));
}

bool wait_until(bool (*condition)(void *context), void *context, int64_t timeout_ms)
{
    int64_t until_ms = pm_clock_monotonic_ms() + timeout_ms;
    while (!condition(context)) {
        if (pm_clock_monotonic_ms() > until_ms) {
            return false;
        }
        pm_clock_sleep_ms(20);
    }
    return true;
}

/* Does `what` ("cmdline", "environ") of this process contain `part`? A zombie has neither. */
static bool mentions(const char *pid, const char *what, const char *part)
{
    char path[300], line[32768];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, what);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    for (size_t i = 0; i < length; i++) {
        if (line[i] == '\0') {
            line[i] = ' ';
        }
    }
    line[length] = '\0';
    return strstr(line, part) != NULL;
}

/* The third figure is the first behind the name, which may hold blanks and brackets. */
long process_figure(const char *process, int number)
{
    enum { THIRD = 3 };
    char path[300], line[1024] = "", *rest = NULL;
    snprintf(path, sizeof path, "/proc/%s/stat", process);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NO_FIGURE;
    }
    char *after = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    fclose(file);
    char *word = after != NULL ? strtok_r(after + 1, " ", &rest) : NULL;
    for (int at = THIRD; word != NULL && at < number; at++) {
        word = strtok_r(NULL, " ", &rest);
    }
    return word != NULL ? strtol(word, NULL, 10) : NO_FIGURE;
}

pid_t find_child(pid_t parent, const char *program)
{
    enum { PARENT = 4 };
    pid_t child = 0;
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
        if (isdigit((unsigned char)entry->d_name[0]) &&
            process_figure(entry->d_name, PARENT) == parent &&
            mentions(entry->d_name, "cmdline", program)) {
            child = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    closedir(processes);
    return child;
}

pid_t child_of(pid_t parent, const char *program)
{
    pid_t child = find_child(parent, program);
    assert_true(child > 0);
    return child;
}

int processes_in(const struct place *place)
{
    int count = 0;
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
        if (isdigit((unsigned char)entry->d_name[0]) &&
            (mentions(entry->d_name, "cmdline", place->path) ||
             mentions(entry->d_name, "environ", place->path))) {
            count++;
        }
    }
    closedir(processes);
    return count;
}

int times_in_log(const struct place *place, const char *name, const char *part)
{
    struct pm_error ignored = {0}; /* not there yet */
    char *text = growing_file_read(place_file(place, name), &ignored);
    int times = 0;
    for (const char *at = text; at != NULL && (at = strstr(at, part)) != NULL; at++) {
        times++;
    }
    free(text);
    return times;
}

bool log_says(const struct place *place, const char *name, const char *part)
{
    return times_in_log(place, name, part) > 0;
}

static void show_log(const struct place *place, const char *name)
{
    struct pm_error ignored = {0};
    char *text = growing_file_read(place_file(place, name), &ignored);
    if (text != NULL) {
        const size_t length = strlen(text);
        const size_t skipped = length > SHOWN_BYTES ? length - SHOWN_BYTES : 0;
        fprintf(stderr, "---- %s\n%s\n", name, text + skipped);
    }
    free(text);
}

void show_logs(const struct place *place)
{
    DIR *files = opendir(place->path);
    assert_non_null(files);
    for (struct dirent *entry = readdir(files); entry != NULL; entry = readdir(files)) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".log") == 0) {
            show_log(place, entry->d_name);
        }
    }
    closedir(files);
}
