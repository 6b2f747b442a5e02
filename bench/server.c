#include "bench/server.h"

#include "bench/relay.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/process.h>
#include <poolminer/stop.h>
#include <poolminer/temporary.h>

enum { START_MS = 20000, STOP_MS = 5000, LOOK_MS = 5 };

/* Where the system looks for programs. NULL with the error set. */
static char *find_program(const char *name, struct pm_error *error)
{
    const char *path = getenv("PATH");
    char *found = NULL;
    for (const char *at = path; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ":");
        if (asprintf(&found, "%.*s/%s", (int)length, at, name) < 0) {
            break;
        }
        if (access(found, X_OK) == 0) {
            return found;
        }
        free(found);
        at += length + (at[length] == ':' ? 1 : 0);
    }
    pm_fail(error, PM_ERROR_NOT_FOUND,
            "%s is not installed; its rows are left out (apt install %s)", name, name);
    return NULL;
}

static bool is_ready_file(const char *path, pid_t pid, int *port)
{
    char *text;
    size_t length;
    cJSON *ready = NULL;
    int64_t number = 0, writer = 0;
    if (!pm_file_read(path, 1024, &text, &length, NULL)) {
        return false;
    }
    bool good = pm_json_parse(text, length, 1024, &ready, NULL) &&
                pm_json_integer(ready, "port", &number, NULL) &&
                pm_json_integer(ready, "pid", &writer, NULL) && writer == pid;
    cJSON_Delete(ready);
    free(text);
    *port = (int)number;
    return good;
}

static bool is_listening(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good =
        probe >= 0 && connect(probe, (const struct sockaddr *)&address, sizeof address) == 0;
    if (probe >= 0) {
        close(probe);
    }
    return good;
}

/* Waits for `ready`, NULL: for the port. */
static bool wait_until_ready(struct bench_server *server, const char *program, const char *ready,
                             struct pm_error *error)
{
    int status;
    for (int64_t end_ms = pm_clock_monotonic_ms() + START_MS; pm_clock_monotonic_ms() < end_ms;) {
        if (ready != NULL ? is_ready_file(ready, server->pid, &server->port)
                          : is_listening(server->port)) {
            return true;
        }
        if (pm_stop_requested()) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped while %s started", program);
        }
        if (pm_process_wait(server->pid, LOOK_MS, &status)) {
            server->pid = 0;
            return pm_fail(error, PM_ERROR_IO, "%s ended at once; it says why above", program);
        }
    }
    return pm_fail(error, PM_ERROR_UNAVAILABLE, "%s does not come up", program);
}

enum { ARGUMENTS_MAX = 24 };

/* One of our own programs, on any free port, with its store in the server's directory unless that
 * is a URL. `more`: further arguments, NULL at the end. */
static bool start_program(struct bench_server *server, const char *name, const char *store,
                          const char *const *more, struct pm_error *error)
{
    char *program = pm_process_sibling(name, error);
    char *path = pm_path_join(server->directory, store, "", error);
    char *ready = pm_path_join(server->directory, "ready", "", error);
    bool good = program != NULL && path != NULL && ready != NULL;
    if (good) {
        const char *arguments[ARGUMENTS_MAX] = {
            program,        "--port", "0",           "--store", strstr(store, "://") ? store : path,
            "--ready-file", ready,    "--log-level", "warn"};
        for (size_t i = 9; *more != NULL && i + 1 < ARGUMENTS_MAX; more++, i++) {
            arguments[i] = *more;
        }
        const struct pm_process_config config = {.arguments = arguments, .no_settings = true};
        good = pm_process_start(&config, &server->pid, error) &&
               wait_until_ready(server, program, ready, error);
    }
    free(program);
    free(path);
    free(ready);
    return good;
}

static bool start_sidecar(struct bench_server *server, const char *sync, struct pm_error *error)
{
    const char *more[] = {"--sync", sync, NULL};
    return start_program(server, "poolminer-sidecar", "queue.db", more, error);
}

static bool start_beanstalkd(struct bench_server *server, struct pm_error *error)
{
    char *program = find_program("beanstalkd", error);
    char port[16];
    server->port = pm_process_free_port();
    snprintf(port, sizeof port, "%d", server->port);
    const char *arguments[] = {program,           "-l",  "127.0.0.1", "-p",      port, "-b",
                               server->directory, "-f0", "-z",        "1048576", NULL};
    const struct pm_process_config config = {.arguments = arguments};
    bool good = program != NULL && pm_process_start(&config, &server->pid, error) &&
                wait_until_ready(server, program, NULL, error);
    free(program);
    return good;
}

static bool start_server(enum bench_server_kind kind, struct bench_server *server,
                         struct pm_error *error)
{
    switch (kind) {
    case BENCH_BEANSTALKD:
        return start_beanstalkd(server, error);
    case BENCH_RELAY:
        return bench_relay_start(&server->pid, &server->port, error);
    default:
        return start_sidecar(server, kind == BENCH_SIDECAR ? "full" : "none", error);
    }
}

bool bench_server_start(enum bench_server_kind kind, struct bench_server *server,
                        struct pm_error *error)
{
    *server = (struct bench_server){0};
    if (!pm_temporary_make(&server->directory, error)) {
        return false;
    }
    bool good = start_server(kind, server, error);
    if (!good) {
        bench_server_stop(server);
    }
    return good;
}

bool bench_server_start_pool(const char *store, struct bench_server *server, struct pm_error *error)
{
    /* Every key may call as often as it can, and all come from one address. */
    const char *more[] = {"--requests-per-minute", "0", "--connections-per-address", "0", NULL};
    *server = (struct bench_server){0};
    bool good = pm_temporary_make(&server->directory, error) &&
                start_program(server, "poolminer-pool", store, more, error);
    if (!good) {
        bench_server_stop(server);
    }
    return good;
}

void bench_server_stop(struct bench_server *server)
{
    if (server->pid > 0) {
        pm_process_stop(server->pid, STOP_MS);
    }
    if (server->directory != NULL) {
        pm_temporary_remove(server->directory);
        free(server->directory);
    }
    *server = (struct bench_server){0};
}

/* A file of /proc, whose size is not known before it is read. */
static bool read_process_file(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    fclose(file);
    return length > 0;
}

double bench_server_resident_mib(const struct bench_server *server)
{
    char text[4096];
    const char *line =
        read_process_file(server->pid, "status", text, sizeof text) ? strstr(text, "VmRSS:") : NULL;
    return line == NULL ? NAN : (double)strtoll(line + strlen("VmRSS:"), NULL, 10) / 1024;
}

/* What /proc/PID/stat has after the name, which ends with the last ')'; proc(5) numbers these from
 * 3 on. */
enum { STAT_PARENT = 4, STAT_UTIME = 14, STAT_CSTIME = 17, STAT_FIELDS = 18 };

static bool read_stat(pid_t pid, long long fields[STAT_FIELDS])
{
    char text[1024];
    const char *at = read_process_file(pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    at = at != NULL ? strchr(at + 2, ' ') : NULL; /* the state is a letter */
    for (int i = STAT_PARENT; at != NULL && i < STAT_FIELDS; i++) {
        fields[i] = strtoll(at, NULL, 10);
        at = strchr(at + 1, ' ');
    }
    return at != NULL;
}

static double ticks_of(const long long fields[STAT_FIELDS], int last)
{
    double ticks = 0;
    for (int i = STAT_UTIME; i <= last; i++) {
        ticks += (double)fields[i];
    }
    return ticks;
}

/* Of the processes that `pid` has started and that still run. */
static double children_ticks(pid_t pid)
{
    long long fields[STAT_FIELDS];
    double ticks = 0;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
        pid_t child = (pid_t)atol(entry->d_name);
        if (child > 0 && read_stat(child, fields) && fields[STAT_PARENT] == pid) {
            ticks += ticks_of(fields, STAT_CSTIME);
        }
    }
    if (processes != NULL) {
        closedir(processes);
    }
    return ticks;
}

double bench_process_cpu_s(pid_t pid, bool children)
{
    long long fields[STAT_FIELDS];
    if (!read_stat(pid, fields)) {
        return NAN;
    }
    double ticks = ticks_of(fields, children ? STAT_CSTIME : STAT_UTIME + 1);
    ticks += children ? children_ticks(pid) : 0;
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

double bench_server_cpu_s(const struct bench_server *server)
{
    return bench_process_cpu_s(server->pid, false);
}
