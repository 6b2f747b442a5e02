/* poolminer-sidecar: reads options, opens the store, runs the broker. */
#include "sidecar/broker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/log.h>
#include <poolminer/options.h>
#include <poolminer/stop.h>

static const struct pm_option OPTIONS[] = {
    {.name = "host",
     .type = PM_OPTION_TEXT,
     .default_value = "127.0.0.1",
     .argument = "ADDRESS",
     .help = "Listen on this loopback address."},
    {.name = "port",
     .type = PM_OPTION_INTEGER,
     .default_value = "8123",
     .minimum = 0,
     .maximum = 65535,
     .argument = "N",
     .help = "Listen on this port; 0 takes a free one."},
    {.name = "store",
     .environment = "POOLMINER_SIDECAR_STORE",
     .type = PM_OPTION_TEXT,
     .argument = "FILE",
     .help = "Keep jobs in this file; $XDG_STATE_HOME/poolminer/sidecar.db when not given."},
    {.name = "lease-ms",
     .type = PM_OPTION_INTEGER,
     .default_value = "20000",
     .minimum = 100,
     .maximum = 86400000,
     .argument = "MS",
     .help = "A job whose worker sends no progress for this long goes back to the queue."},
    {.name = "heartbeat-ms",
     .type = PM_OPTION_INTEGER,
     .default_value = "5000",
     .minimum = 100,
     .maximum = 3600000,
     .argument = "MS",
     .help = "Workers send progress this often; a worker whose connection is gone for about "
             "this long has lost its jobs."},
    {.name = "max-jobs",
     .type = PM_OPTION_INTEGER,
     .default_value = "2000000",
     .minimum = 1,
     .maximum = 100000000,
     .argument = "N",
     .help = "Refuse new jobs beyond this many."},
    {.name = "max-store-mib",
     .type = PM_OPTION_INTEGER,
     .default_value = "4096",
     .minimum = 1,
     .maximum = 1048576,
     .argument = "MIB",
     .help = "Refuse new jobs beyond this many bytes."},
    {.name = "ready-file",
     .type = PM_OPTION_TEXT,
     .argument = "FILE",
     .help = "Write {\"port\":N,\"pid\":N} here once listening."},
    {.name = "log-level",
     .environment = "POOLMINER_LOG_LEVEL",
     .type = PM_OPTION_TEXT,
     .default_value = "info",
     .argument = "LEVEL",
     .help = "debug, info, warn or error."},
    {.name = "log-format",
     .environment = "POOLMINER_LOG_FORMAT",
     .type = PM_OPTION_TEXT,
     .default_value = "text",
     .argument = "FORMAT",
     .help = "text or json."},
};

static bool start_log(const struct pm_options *options, struct pm_error *error)
{
    enum pm_log_level level;
    enum pm_log_format format;
    if (!pm_log_level_parse(pm_options_text(options, "log-level"), &level, error) ||
        !pm_log_format_parse(pm_options_text(options, "log-format"), &format, error)) {
        return false;
    }
    pm_log_init("sidecar", level, format);
    return true;
}

/* The store's path, its directory made; malloc'd. NULL with the error set. */
static char *store_path(const struct pm_options *options, struct pm_error *error)
{
    const char *given = pm_options_text(options, "store");
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    int length = -1;
    if (given != NULL) {
        length = asprintf(&path, "%s", given);
    } else if (state != NULL && state[0] == '/') {
        length = asprintf(&path, "%s/poolminer/sidecar.db", state);
    } else if (home != NULL && home[0] == '/') {
        length = asprintf(&path, "%s/.local/state/poolminer/sidecar.db", home);
    } else {
        pm_fail(error, PM_ERROR_INVALID, "no place for the store: set HOME, or name --store FILE");
        return NULL;
    }
    if (length < 0) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        *slash = '\0';
        bool made = pm_file_make_directories(path, 0700, error);
        *slash = '/';
        if (!made) {
            free(path);
            return NULL;
        }
    }
    return path;
}

static bool write_ready_file(const char *path, int port, struct pm_error *error)
{
    char text[64];
    int length = snprintf(text, sizeof text, "{\"port\":%d,\"pid\":%d}\n", port, (int)getpid());
    return path == NULL || pm_file_write_atomic(path, text, (size_t)length, 0644, true, error);
}

/* A file-size limit is to be an error of the store, not the end of the process. */
static void ignore_file_size_signal(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &action, NULL);
}

/* Every client is a descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool serve(const struct pm_options *options, struct pm_store *store, const char *path,
                  struct pm_error *error)
{
    const struct pm_broker_config config = {
        .host = pm_options_text(options, "host"),
        .port = (int)pm_options_integer(options, "port"),
        .lease_ms = pm_options_integer(options, "lease-ms"),
        .heartbeat_ms = pm_options_integer(options, "heartbeat-ms"),
        .max_jobs = pm_options_integer(options, "max-jobs"),
        .max_bytes = pm_options_integer(options, "max-store-mib") << 20,
    };
    struct pm_broker *broker;
    if (!pm_broker_create(&config, store, &broker, error)) {
        return false;
    }
    pm_log(PM_LOG_INFO, "SIDECAR-LISTENING", "tcp://%s:%d store=%s", config.host,
           pm_broker_port(broker), path);
    bool good =
        write_ready_file(pm_options_text(options, "ready-file"), pm_broker_port(broker), error) &&
        pm_broker_run(broker, pm_stop_flag(), error);
    pm_broker_destroy(broker);
    return good;
}

static bool run(const struct pm_options *options, struct pm_error *error)
{
    char *path = store_path(options, error);
    struct pm_store *store = NULL;
    bool good = path != NULL && pm_store_sqlite_open(path, true, &store, error);
    if (good) {
        good = serve(options, store, path, error);
        store->verbs->close(store);
    }
    free(path);
    return good;
}

int main(int argc, char *argv[])
{
    struct pm_error error = {0};
    struct pm_options *options = pm_options_create(OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0]);
    if (options == NULL) {
        fputs("poolminer-sidecar: out of memory\n", stderr);
        return 1;
    }
    umask(077);
    pm_stop_install();
    ignore_file_size_signal();
    raise_descriptor_limit();
    int status = 0;
    if (!pm_options_load_environment(options, &error) ||
        !pm_options_load_arguments(options, argc, argv, &error) || !start_log(options, &error)) {
        fprintf(stderr, "poolminer-sidecar: %s\n", error.message);
        status = 2;
    } else if (pm_options_help(options)) {
        pm_options_print_help(options, "poolminer-sidecar [OPTION]...",
                              "Keeps jobs in a durable queue between drivers and workers.");
    } else if (pm_options_version(options)) {
        puts("poolminer-sidecar " PM_VERSION);
    } else if (run(options, &error)) {
        pm_log(PM_LOG_INFO, "SIDECAR-STOPPED", "everything is in the store");
    } else {
        pm_log(PM_LOG_ERROR, "SIDECAR-FAILED", "%s", error.message);
        status = 1;
    }
    pm_options_destroy(options);
    return status;
}
