#include "cli/supervise.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/log.h>
#include <poolminer/process.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>

enum {
    BACKOFF_FIRST_MS = 250,
    BACKOFF_LAST_MS = 60000,
    STABLE_MS = 10000, /* a child that ran this long counts as having started well */
    QUICK_ENDS_MAX = 5,
    KILLED_MS = 1000, /* for the kernel to take a killed process away */
    READY_FILE_MAX = 4096,
    REAP_EVERY_MS = 10,
};

struct child {
    char *name, *log_path;
    char **arguments;
    const char *input;
    enum stop_stage stage;
    bool restarts, may_end;

    bool running, over; /* over: ended, and stays so */
    pid_t pid;
    int64_t started_ms, restart_at_ms, backoff_ms;
    int quick_ends, ends;
};

struct supervisor {
    struct child children[SUPERVISOR_CHILDREN_MAX];
    size_t count;
};

struct supervisor *supervisor_create(void)
{
    return calloc(1, sizeof(struct supervisor));
}

static void clear_child(struct child *child)
{
    for (char **argument = child->arguments; argument != NULL && *argument != NULL; argument++) {
        free(*argument);
    }
    free(child->arguments);
    free(child->name);
    free(child->log_path);
    *child = (struct child){0};
}

void supervisor_destroy(struct supervisor *supervisor)
{
    if (supervisor == NULL) {
        return;
    }
    supervisor_stop(supervisor, SUPERVISOR_CALM_STOP_MS);
    for (size_t i = 0; i < supervisor->count; i++) {
        clear_child(&supervisor->children[i]);
    }
    free(supervisor);
}

static bool copy_config(const struct child_config *config, struct child *child)
{
    size_t count = 0;
    while (config->arguments[count] != NULL) {
        count++;
    }
    child->name = strdup(config->name);
    child->log_path = config->log_path != NULL ? strdup(config->log_path) : NULL;
    child->arguments = calloc(count + 1, sizeof *child->arguments);
    bool done = child->name != NULL && child->arguments != NULL &&
                (child->log_path != NULL || config->log_path == NULL);
    for (size_t i = 0; done && i < count; i++) {
        child->arguments[i] = strdup(config->arguments[i]);
        done = child->arguments[i] != NULL;
    }
    child->input = config->input;
    child->stage = config->stage;
    child->restarts = config->restarts;
    child->may_end = config->may_end;
    child->backoff_ms = BACKOFF_FIRST_MS;
    return done;
}

static bool start_child(struct child *child, struct pm_error *error)
{
    const struct pm_process_config config = {.arguments = (const char *const *)child->arguments,
                                             .input = child->input,
                                             .no_settings = true,
                                             .stderr_path = child->log_path,
                                             .stdout_path = child->log_path};
    if (!pm_process_start(&config, &child->pid, error)) {
        return pm_fail_context(error, "%s", child->name);
    }
    child->running = true;
    child->started_ms = pm_clock_monotonic_ms();
    pm_log(PM_LOG_DEBUG, "CHILD-START", "%s pid=%d", child->name, (int)child->pid);
    return true;
}

bool supervisor_start(struct supervisor *supervisor, const struct child_config *config,
                      size_t *index, struct pm_error *error)
{
    if (supervisor->count == SUPERVISOR_CHILDREN_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: more than %d programs", config->name,
                       SUPERVISOR_CHILDREN_MAX);
    }
    struct child *child = &supervisor->children[supervisor->count];
    if (!copy_config(config, child)) {
        clear_child(child);
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", config->name);
    }
    if (!start_child(child, error)) {
        clear_child(child);
        return false;
    }
    if (index != NULL) {
        *index = supervisor->count;
    }
    supervisor->count++;
    return true;
}

/* "ended with status 1", "was killed by signal 9". */
static void describe_end(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status)) {
        snprintf(out, size, "was killed by signal %d", WTERMSIG(status));
    } else {
        snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
    }
}

/* A mistake in the options, or one found out at the first start, is not mended by another try. A
 * signal is no mistake of the child's. */
static bool ended_for_good(const struct child *child, int status)
{
    bool at_first = child->ends == 1 && child->quick_ends == 1;
    return WIFEXITED(status) && (WEXITSTATUS(status) == PM_EXIT_USAGE ||
                                 (WEXITSTATUS(status) != EXIT_SUCCESS && at_first));
}

/* The child has ended: over, an error, or to be started again. */
static bool handle_end(struct child *child, int status, struct pm_error *error)
{
    char end[64];
    int64_t now_ms = pm_clock_monotonic_ms();
    child->running = false;
    if (child->may_end && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        child->over = true;
        return true;
    }
    describe_end(status, end, sizeof end);
    bool stable = now_ms - child->started_ms >= STABLE_MS;
    child->ends++;
    child->quick_ends = stable ? 0 : child->quick_ends + 1;
    child->backoff_ms = stable ? BACKOFF_FIRST_MS : child->backoff_ms;
    bool too_often = child->restarts && child->quick_ends == QUICK_ENDS_MAX;
    if (!child->restarts || too_often || ended_for_good(child, status)) {
        child->over = true;
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "the %s %s%s; its own message says why",
                       child->name, end,
                       too_often ? " five times in a row soon after its start" : "");
    }
    child->restart_at_ms = now_ms + child->backoff_ms;
    pm_log(PM_LOG_WARN, "CHILD-RESTART", "the %s %s; started again in %.1f s", child->name, end,
           (double)child->backoff_ms / 1000);
    child->backoff_ms *= 2;
    if (child->backoff_ms > BACKOFF_LAST_MS) {
        child->backoff_ms = BACKOFF_LAST_MS;
    }
    return true;
}

bool supervisor_poll(struct supervisor *supervisor, struct pm_error *error)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        int status = 0;
        if (child->over) {
            continue;
        }
        if (child->running) {
            if (pm_process_wait(child->pid, 0, &status) && !handle_end(child, status, error)) {
                return false;
            }
        } else if (pm_clock_monotonic_ms() >= child->restart_at_ms) {
            if (!start_child(child, error)) {
                return false;
            }
        }
    }
    return true;
}

bool supervisor_ended(const struct supervisor *supervisor, size_t index)
{
    return supervisor->children[index].over;
}

bool supervisor_child(const struct supervisor *supervisor, size_t index, struct child_state *out)
{
    if (supervisor == NULL || index >= supervisor->count) {
        return false;
    }
    const struct child *child = &supervisor->children[index];
    *out = (struct child_state){child->name, child->running, child->ends};
    return true;
}

/* False while the file is not there; a file that is there is whole, for it is written at once. */
static bool read_ready(const char *path, int *port)
{
    char *text = NULL;
    size_t length = 0;
    if (!pm_file_read(path, READY_FILE_MAX, &text, &length, NULL)) {
        return false;
    }
    cJSON *root = NULL;
    int64_t value = 0;
    bool done = pm_json_parse(text, length, READY_FILE_MAX, &root, NULL) &&
                pm_json_integer(root, "port", &value, NULL) && value > 0 && value <= 65535;
    cJSON_Delete(root);
    free(text);
    *port = (int)value;
    return done;
}

bool supervisor_wait_ready(struct supervisor *supervisor, size_t index, const char *ready_path,
                           int64_t timeout_ms, int *port, struct pm_error *error)
{
    const char *name = supervisor->children[index].name;
    int64_t deadline_ms = pm_clock_monotonic_ms() + timeout_ms;
    while (!read_ready(ready_path, port)) {
        if (!supervisor_poll(supervisor, error)) {
            return false;
        }
        if (pm_stop_requested()) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "asked to stop while the %s started", name);
        }
        if (pm_clock_monotonic_ms() > deadline_ms) {
            return pm_fail(error, PM_ERROR_UNAVAILABLE, "the %s was not ready after %lld s", name,
                           (long long)(timeout_ms / 1000));
        }
        pm_clock_sleep_ms(20);
    }
    return true;
}

static bool is_to_stop(const struct child *child, enum stop_stage stage)
{
    return child->running && child->stage == stage;
}

/* Reaps what has ended; true when nothing of the stage is left. */
static bool reap_stage(struct supervisor *supervisor, enum stop_stage stage)
{
    bool all = true;
    int status = 0;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        if (is_to_stop(child, stage)) {
            child->running = !pm_process_wait(child->pid, 0, &status);
            all = all && !child->running;
        }
    }
    return all;
}

/* The part of `within_ms` that a stage has. The first to stop, workers and drivers, get most of it:
 * they have something to tell the others before they end. */
static int64_t stage_ms(enum stop_stage stage, int64_t within_ms)
{
    const int64_t first_ms = within_ms / 9 * 7;
    return stage == STOP_FIRST ? first_ms : within_ms - first_ms;
}

/* Waits until nothing of the stage is left; false when its time is over. */
static bool await_stage(struct supervisor *supervisor, enum stop_stage stage, int64_t within_ms)
{
    const int64_t begun_ms = pm_clock_monotonic_ms();
    while (!reap_stage(supervisor, stage)) {
        const bool hurries = pm_stop_requested() && within_ms > SUPERVISOR_STOP_MS;
        const int64_t waits_ms = stage_ms(stage, hurries ? SUPERVISOR_STOP_MS : within_ms);
        if (pm_clock_monotonic_ms() - begun_ms >= waits_ms) {
            return false;
        }
        pm_clock_sleep_ms(REAP_EVERY_MS);
    }
    return true;
}

static void await_killed(struct supervisor *supervisor, enum stop_stage stage)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + KILLED_MS;
    while (!reap_stage(supervisor, stage) && pm_clock_monotonic_ms() < until_ms) {
        pm_clock_sleep_ms(REAP_EVERY_MS);
    }
}

static void stop_stage(struct supervisor *supervisor, enum stop_stage stage, int64_t within_ms)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        if (is_to_stop(&supervisor->children[i], stage)) {
            kill(supervisor->children[i].pid, SIGTERM);
        }
    }
    if (await_stage(supervisor, stage, within_ms)) {
        return;
    }
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        if (is_to_stop(child, stage)) {
            pm_log(PM_LOG_WARN, "CHILD-KILL", "the %s did not stop in time and is killed",
                   child->name);
            kill(child->pid, SIGKILL);
        }
    }
    await_killed(supervisor, stage);
}

void supervisor_stop(struct supervisor *supervisor, int64_t within_ms)
{
    for (int stage = STOP_FIRST; stage < STOP_STAGES; stage++) {
        stop_stage(supervisor, (enum stop_stage)stage, within_ms);
    }
    for (size_t i = 0; i < supervisor->count; i++) {
        supervisor->children[i].running = false;
        supervisor->children[i].over = true;
    }
}
