/* poolminer-sidecar: reads options, opens the store, runs the broker. */
#include "sidecar/broker.h"
#include "sidecar/page.h"
#include "sidecar/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <poolminer/log.h>
#include <poolminer/options.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>
#include <poolminer/threads.h>
#include <poolminer/user_path.h>

static const struct pm_option OPTIONS[] = {
    {.name = "host",
     .environment = "POOLMINER_SIDECAR_HOST",
     .type = PM_OPTION_TEXT,
     .default_value = "127.0.0.1",
     .argument = "ADDRESS",
     .help = "Listen on this address; one that other machines reach needs keys."},
    {.name = "port",
     .environment = "POOLMINER_SIDECAR_PORT",
     .type = PM_OPTION_INTEGER,
     .default_value = "8123",
     .minimum = 0,
     .maximum = 65535,
     .argument = "N",
     .help = "Listen on this port; 0 takes a free one."},
    {.name = "keys",
     .environment = "POOLMINER_SIDECAR_KEYS",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "DIRECTORY",
     .help = "Encrypt, and let in only whom `poolminer keys authorize` has written down here."},
    {.name = "store",
     .environment = "POOLMINER_SIDECAR_STORE",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "STORE",
     .help = "Keep jobs in this file, or this postgresql://... database; "
             "$XDG_STATE_HOME/poolminer/sidecar.db when not given."},
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
     .help =
         "Probe connections three times in this long; the jobs of a worker that is gone are back "
         "in the queue within twice this long."},
    {.name = "max-jobs",
     .type = PM_OPTION_INTEGER,
     .default_value = "2000000",
     .minimum = 1,
     .maximum = 100000000,
     .argument = "N",
     .help = "Refuse new jobs beyond this many."},
    {.name = "max-connections",
     .type = PM_OPTION_INTEGER,
     .default_value = "4096",
     .minimum = 1,
     .maximum = 100000,
     .argument = "N",
     .help = "Close new connections beyond this many; half of what files the system allows if that "
             "is fewer."},
    {.name = "max-store-mib",
     .type = PM_OPTION_INTEGER,
     .default_value = "4096",
     .minimum = 1,
     .maximum = 1048576,
     .argument = "MIB",
     .help = "Refuse new jobs beyond this many bytes."},
    {.name = "sync",
     .type = PM_OPTION_TEXT,
     .default_value = "full",
     .choices = "full|none",
     .argument = "WHEN",
     .help = "full: what is acknowledged survives a loss of power; none: faster, and it may not."},
    {.name = "ready-file",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "Write {\"port\":N,\"pid\":N} here once listening."},
    {.name = "http-port",
     .environment = "POOLMINER_SIDECAR_HTTP_PORT",
     .type = PM_OPTION_INTEGER,
     .default_value = "-1",
     .minimum = -1,
     .maximum = 65535,
     .argument = "N",
     .help = "Serve the page, and figures for other tools, on this port of 127.0.0.1; 0, or a port "
             "that is taken, means a free one; -1 serves none."},
    {.name = "http-token-file",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "Whoever wants to change something over HTTP needs the first line of this file; "
             "without it nothing can be changed there."},
    {.name = "http-ready-file",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "Write {\"port\":N,\"pid\":N} here, N being the page's port, once it is served."},
    {.name = "history",
     .environment = "POOLMINER_SIDECAR_HISTORY",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "Keep log lines and figures over time in this file; without it they end with the "
             "sidecar."},
    PM_PROGRAM_LOG_OPTIONS,
};

/* Every client is a descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* What people and tools see: a client of the broker, which runs without. */
struct face {
    struct pm_view *view;
    struct pm_page *page;
};

/* A page on another port is better than none; its port is in the log and in its ready file. */
static bool open_page(struct pm_page_config *config, struct pm_page **page, struct pm_error *error)
{
    if (pm_page_create(config, page, error)) {
        return true;
    }
    if (error->code != PM_ERROR_IO || config->port == 0) {
        return false;
    }
    pm_log(PM_LOG_WARN, "SIDECAR-PAGE-PORT", "%s; until then it is on a free one", error->message);
    config->port = 0;
    return pm_page_create(config, page, error);
}

static bool show_page(const struct pm_options *options, struct face *face, struct pm_error *error)
{
    struct pm_page_config config = {
        .port = (int)pm_options_integer(options, "http-port"),
        .token_file = pm_options_text(options, "http-token-file"),
        .view = face->view,
    };
    struct pm_error reason = {0};
    if (!open_page(&config, &face->page, &reason)) {
        if (reason.code == PM_ERROR_INVALID || reason.code == PM_ERROR_NOT_FOUND) {
            return pm_fail(error, reason.code, "%s", reason.message); /* a mistake in the options */
        }
        pm_log(PM_LOG_ERROR, "SIDECAR-PAGE-FAILED", "%s; the queue goes on without it",
               reason.message);
        return true;
    }
    pm_log(PM_LOG_INFO, "SIDECAR-PAGE", "http://127.0.0.1:%d/", pm_page_port(face->page));
    return pm_program_ready(pm_options_text(options, "http-ready-file"), pm_page_port(face->page),
                            error);
}

static bool show(const struct pm_options *options, struct pm_broker *broker, struct face *face,
                 struct pm_error *error)
{
    bool has_page = pm_options_integer(options, "http-port") >= 0;
    const struct pm_view_config config = {.context = pm_broker_context(broker),
                                          .url = PM_BROKER_INPROC_URL,
                                          .history = pm_options_text(options, "history"),
                                          .stop = pm_stop_flag()};
    if (!pm_view_create(&config, &face->view, error)) {
        return false;
    }
    pm_broker_set_view(broker, face->view);
    return !has_page || show_page(options, face, error);
}

static bool run_broker(const struct pm_options *options, struct pm_broker *broker,
                       struct pm_error *error)
{
    struct face face = {0};
    bool good =
        show(options, broker, &face, error) &&
        pm_program_ready(pm_options_text(options, "ready-file"), pm_broker_port(broker), error) &&
        pm_broker_run(broker, pm_stop_flag(), error);
    pm_page_destroy(face.page);
    pm_view_destroy(face.view);
    return good;
}

static bool serve(const struct pm_options *options, struct pm_store *store, const char *path,
                  struct pm_error *error)
{
    const struct pm_broker_config config = {
        .host = pm_options_text(options, "host"),
        .port = (int)pm_options_integer(options, "port"),
        .keys = pm_options_text(options, "keys"),
        .lease_ms = pm_options_integer(options, "lease-ms"),
        .heartbeat_ms = pm_options_integer(options, "heartbeat-ms"),
        .max_jobs = pm_options_integer(options, "max-jobs"),
        .max_bytes = pm_options_integer(options, "max-store-mib") << 20,
        .max_connections = (size_t)pm_options_integer(options, "max-connections"),
    };
    struct pm_broker *broker;
    if (!pm_broker_create(&config, store, &broker, error)) {
        return false;
    }
    pm_log(PM_LOG_INFO, "SIDECAR-LISTENING", "tcp://%s:%d store=%s%s", config.host,
           pm_broker_port(broker), path, config.keys != NULL ? " encrypted" : "");
    bool good = run_broker(options, broker, error);
    pm_broker_destroy(broker);
    return good;
}

static void close_store(struct pm_store *store)
{
    if (store != NULL) {
        store->verbs->close(store);
    }
}

static bool run(const struct pm_options *options, struct pm_error *error)
{
    struct pm_store *store = NULL;
    const bool durable = strcmp(pm_options_text(options, "sync"), "full") == 0;
    const char *given = pm_options_text(options, "store");
    if (given != NULL && pm_store_is_postgres(given)) {
        /* The URL may hold a password, and is not shown. */
        bool good = pm_store_postgres_open(given, durable, &store, error) &&
                    serve(options, store, "postgresql", error);
        close_store(store);
        return good;
    }
    char *path = pm_user_store(given, "sidecar.db", error);
    bool good = path != NULL && pm_store_sqlite_open(path, durable, &store, error) &&
                serve(options, store, path, error);
    close_store(store);
    free(path);
    return good;
}

static int run_with(struct pm_options *options, int argc, char *argv[])
{
    static const struct pm_program program = {
        .name = "poolminer-sidecar",
        .log_name = "sidecar",
        .usage = "poolminer-sidecar [OPTION]...",
        .purpose = "Keeps jobs in a durable queue between drivers and workers.",
    };
    struct pm_error error = {0};
    int status;
    if (!pm_program_start(&program, options, argc, argv, &status)) {
        return status;
    }
    umask(077);
    pm_threads_keep_heap();
    raise_descriptor_limit();
    if (!run(options, &error)) {
        pm_log(PM_LOG_ERROR, "SIDECAR-FAILED", "%s", error.message);
        return EXIT_FAILURE;
    }
    pm_log(PM_LOG_INFO, "SIDECAR-STOPPED", "everything is in the store");
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    struct pm_options *options = pm_options_create(OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0]);
    if (options == NULL) {
        fputs("poolminer-sidecar: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    int status = run_with(options, argc, argv);
    pm_options_destroy(options);
    return pm_program_leave("poolminer-sidecar", status);
}
