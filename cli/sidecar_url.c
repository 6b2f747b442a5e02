#include "cli/sidecar_url.h"

#include "cli/occupancy.h"
#include "cli/paths.h"
#include "cli/queue_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>

enum { READY_MAX = 4096 };

/* `mine` with the sidecar's port at 0 takes a free one, and tells here which. */
static bool read_port(const char *directory, int64_t *port, struct pm_error *error)
{
    char *path = path_join(directory, "sidecar.ready", error), *text = NULL;
    cJSON *root = NULL;
    size_t length = 0;
    const bool done = path != NULL && pm_file_read(path, READY_MAX, &text, &length, error) &&
                      pm_json_parse(text, length, READY_MAX, &root, error) &&
                      pm_json_integer(root, "port", port, error);
    cJSON_Delete(root);
    free(text);
    free(path);
    return done;
}

/* Who started `mine` with a port of its own need not say it again to each verb: where a miner runs
 * with the files here, its port is the one; unless this command line names another. */
static bool find_port(const struct pm_options *options, int64_t *port, struct pm_error *error)
{
    char *directory = NULL;
    int64_t running = 0;
    *port = pm_options_integer(options, "sidecar-port");
    if (*port != 0 && strcmp(pm_options_source(options, "sidecar-port"), "command line") == 0) {
        return true;
    }
    struct pm_error *unknown = *port == 0 ? error : NULL;
    if (!path_data_directory(options, &directory, unknown)) {
        return *port != 0;
    }
    const bool told = read_port(directory, &running, unknown);
    if (told && (*port == 0 || occupancy_is_held(directory))) {
        *port = running;
    }
    free(directory);
    return *port != 0 ||
           pm_fail_context(error, "sidecar_port is 0, and no running `poolminer mine` has told its "
                                  "port");
}

bool sidecar_url_find(const struct pm_options *options, char url[SIDECAR_URL_SIZE],
                      struct pm_error *error)
{
    const char *given = pm_options_repeat(options, "sidecar-url", 0);
    int64_t port = 0;
    if (given != NULL) {
        return (size_t)snprintf(url, SIDECAR_URL_SIZE, "%s", given) < SIDECAR_URL_SIZE ||
               pm_fail(error, PM_ERROR_LIMIT, "--sidecar-url: longer than %d bytes",
                       SIDECAR_URL_SIZE - 1);
    }
    if (!find_port(options, &port, error)) {
        return false;
    }
    snprintf(url, SIDECAR_URL_SIZE, "tcp://127.0.0.1:%" PRId64, port);
    return true;
}

bool sidecar_connect(const struct pm_options *options, struct pm_queue_client **out,
                     struct pm_error *error)
{
    char url[SIDECAR_URL_SIZE];
    const char *const *given = pm_options_list(options, "sidecar-url");
    return sidecar_url_find(options, url, error) &&
           queue_status_connect(url, given[0] != NULL ? given + 1 : NULL,
                                pm_options_text(options, "key-file"), out, error);
}
