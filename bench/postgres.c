#include "bench/postgres.h"

#include "bench/server.h"

#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/process.h>
#include <poolminer/stop.h>
#include <poolminer/temporary.h>

enum { INIT_MS = 120000, START_MS = 60000, STOP_MS = 10000, LOOK_MS = 50, ARGUMENTS_MAX = 32 };

/* The programs of the newest version that is installed. The caller frees. */
static char *find_programs(struct pm_error *error)
{
    glob_t found = {0};
    char *newest = NULL;
    double version = 0;
    if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            double of_this = atof(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"));
            if (of_this > version) {
                version = of_this;
                free(newest);
                newest = strdup(found.gl_pathv[i]);
            }
        }
    }
    globfree(&found);
    if (newest == NULL) {
        pm_fail(error, PM_ERROR_NOT_FOUND,
                "PostgreSQL is not installed; its rows are left out (apt install postgresql)");
        return NULL;
    }
    *strrchr(newest, '/') = '\0';
    return newest;
}

static size_t append(const char **arguments, size_t count, const char *const *more)
{
    for (; *more != NULL && count + 1 < ARGUMENTS_MAX; more++) {
        arguments[count++] = *more;
    }
    return count;
}

static bool start_as_owner(const char *const *command, const char *log, pid_t *pid,
                           struct pm_error *error)
{
    static const char *const owner[] = {"/usr/bin/setpriv", "--pdeathsig",    "INT",
                                        "--reuid",          "postgres",       "--regid",
                                        "postgres",         "--clear-groups", NULL};
    const char *arguments[ARGUMENTS_MAX] = {NULL};
    size_t count = geteuid() == 0 ? append(arguments, 0, owner) : 0;
    append(arguments, count, command);
    const struct pm_process_config config = {
        .arguments = arguments, .stdout_path = log, .stderr_path = log};
    return pm_process_start(&config, pid, error);
}

static bool give_to_owner(const char *directory, struct pm_error *error)
{
    if (geteuid() != 0) {
        return true;
    }
    const struct passwd *owner = getpwnam("postgres");
    return (owner != NULL && chown(directory, owner->pw_uid, owner->pw_gid) == 0) ||
           pm_fail(error, PM_ERROR_IO, "%s: cannot be given to the user postgres: %m", directory);
}

static bool make_data(const char *programs, const char *data, const char *log,
                      struct pm_error *error)
{
    char program[512];
    pid_t pid;
    int status = -1;
    snprintf(program, sizeof program, "%s/initdb", programs);
    const char *command[] = {program, "-D", data,   "-U",         "pool",      "-A",
                             "trust", "-E", "UTF8", "--locale=C", "--no-sync", NULL};
    if (!start_as_owner(command, log, &pid, error)) {
        return false;
    }
    if (!pm_process_wait(pid, INIT_MS, &status)) {
        pm_process_stop(pid, 0);
    }
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           pm_fail(error, PM_ERROR_IO, "initdb failed for the benchmark's PostgreSQL");
}

/* Ready as pg_isready sees it. */
static bool is_ready(const char *programs, const char *directory, const char *log)
{
    char program[512];
    pid_t pid;
    int status = -1;
    snprintf(program, sizeof program, "%s/pg_isready", programs);
    const char *command[] = {program, "-q", "-h", directory, NULL};
    return start_as_owner(command, log, &pid, NULL) && pm_process_wait(pid, START_MS, &status) &&
           WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool serve(struct bench_postgres *postgres, const char *programs, const char *data,
                  const char *log, struct pm_error *error)
{
    char program[512];
    int status;
    snprintf(program, sizeof program, "%s/postgres", programs);
    const char *command[] = {
        program, "-D", data, "-k", postgres->directory, "-c", "listen_addresses=", NULL};
    if (!start_as_owner(command, log, &postgres->pid, error)) {
        return false;
    }
    const int64_t end_ms = pm_clock_monotonic_ms() + START_MS;
    while (pm_clock_monotonic_ms() < end_ms && !pm_stop_requested()) {
        if (is_ready(programs, postgres->directory, log)) {
            return true;
        }
        if (pm_process_wait(postgres->pid, LOOK_MS, &status)) {
            postgres->pid = 0;
            break;
        }
    }
    return pm_fail(error, PM_ERROR_UNAVAILABLE, "the benchmark's PostgreSQL does not come up");
}

static bool start(struct bench_postgres *postgres, const char *programs, struct pm_error *error)
{
    char *data = pm_path_join(postgres->directory, "data", "", error);
    char *log = pm_path_join(postgres->directory, "log", "", error);
    bool good = data != NULL && log != NULL && give_to_owner(postgres->directory, error) &&
                make_data(programs, data, log, error) &&
                serve(postgres, programs, data, log, error);
    snprintf(postgres->url, sizeof postgres->url, "postgresql:///postgres?host=%s&user=pool",
             postgres->directory);
    free(data);
    free(log);
    return good;
}

bool bench_postgres_start(struct bench_postgres *out, struct pm_error *error)
{
    *out = (struct bench_postgres){0};
    char *programs = find_programs(error);
    bool good = programs != NULL && pm_temporary_make(&out->directory, error) &&
                start(out, programs, error);
    free(programs);
    if (!good) {
        bench_postgres_stop(out);
    }
    return good;
}

void bench_postgres_stop(struct bench_postgres *postgres)
{
    if (postgres->pid > 0) {
        kill(postgres->pid, SIGINT); /* at once, in order; SIGTERM waits for the clients */
        pm_process_stop(postgres->pid, STOP_MS);
    }
    if (postgres->directory != NULL) {
        pm_temporary_remove(postgres->directory);
        free(postgres->directory);
    }
    *postgres = (struct bench_postgres){0};
}

double bench_postgres_cpu_s(const struct bench_postgres *postgres)
{
    return bench_process_cpu_s(postgres->pid, true);
}
