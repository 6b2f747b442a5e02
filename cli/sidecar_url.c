#include "cli/sidecar_url.h"

#include "cli/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/file.h>
#include <poolminer/json.h>

enum { READY_MAX = 4096 };

/* `mine` with the sidecar's port at 0 takes a free one, and tells here which. */
static bool read_port(const struct pm_options *options, int64_t *port, struct pm_error *error)
{
    char *directory = NULL, *path = NULL, *text = NULL;
    cJSON *root = NULL;
    size_t length = 0;
    bool done = path_data_directory(options, &directory, error);
    if (done) {
        path = path_join(directory, "sidecar.ready", error);
    }
    done = path != NULL && pm_file_read(path, READY_MAX, &text, &length, error) &&
           pm_json_parse(text, length, READY_MAX, &root, error) &&
           pm_json_integer(root, "port", port, error);
    cJSON_Delete(root);
    free(text);
    free(path);
    free(directory);
    return done || pm_fail_context(error, "sidecar_port is 0, and no running `poolminer mine` has "
                                          "told its port");
}

bool sidecar_url_find(const struct pm_options *options, char url[SIDECAR_URL_SIZE],
                      struct pm_error *error)
{
    const char *given = pm_options_text(options, "sidecar-url");
    int64_t port = pm_options_integer(options, "sidecar-port");
    if (given != NULL) {
        return (size_t)snprintf(url, SIDECAR_URL_SIZE, "%s", given) < SIDECAR_URL_SIZE ||
               pm_fail(error, PM_ERROR_LIMIT, "--sidecar-url: longer than %d bytes",
                       SIDECAR_URL_SIZE - 1);
    }
    if (port == 0 && !read_port(options, &port, error)) {
        return false;
    }
    snprintf(url, SIDECAR_URL_SIZE, "tcp://127.0.0.1:%" PRId64, port);
    return true;
}
