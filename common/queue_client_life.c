/* The sidecar's client from its configuration to its end. */
#include "common/queue_client_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A name that only looks like an address of this machine is somebody else's. */
static bool is_this_machine(const char *url)
{
    const char *host = url + strlen("tcp://");
    return pm_wire_is_loopback(host, strcspn(host, ":"));
}

static bool are_this_machine(const struct pm_queue_client *client, struct pm_error *error)
{
    for (size_t i = 0; i < client->url_count; i++) {
        if (!is_this_machine(client->urls[i])) {
            return pm_fail(
                error, PM_ERROR_INVALID,
                "the sidecar at %s is on another machine and is only spoken to encrypted: "
                "name the file that `poolminer keys authorize` made there with --key-file",
                client->urls[i]);
        }
    }
    return true;
}

static bool read_keys(struct pm_queue_client *client, const struct pm_queue_client_config *config,
                      struct pm_error *error)
{
    if (config->key_file == NULL) {
        return are_this_machine(client, error);
    }
    client->keys = calloc(1, sizeof *client->keys);
    if (client->keys == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a key");
    }
    if (!pm_curve_keys_read(config->key_file, client->keys, error)) {
        return false;
    }
    return client->keys->is_client ||
           pm_fail(error, PM_ERROR_INVALID,
                   "the key file %s is a sidecar's own: name one that `poolminer keys authorize` "
                   "made",
                   config->key_file);
}

/* "tcp://HOST:PORT": ZeroMQ would cut a port of six digits down to one that fits. */
static bool is_url(const char *url)
{
    const char *colon = url == NULL ? NULL : strrchr(url, ':');
    if (colon == NULL || strncmp(url, "tcp://", 6) != 0) {
        return false;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    long port = digits >= 1 && digits <= 5 ? strtol(colon + 1, NULL, 10) : 0;
    return colon[1 + digits] == '\0' && port >= 1 && port <= 65535;
}

static bool add_url(struct pm_queue_client *client, const char *url, struct pm_error *error)
{
    if (!client->shares_context && !is_url(url)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the sidecar's URL must look like tcp://127.0.0.1:8123, not %s",
                       url == NULL ? "nothing" : url);
    }
    if (client->url_count == PM_QUEUE_URLS_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "give at most %d URLs of sidecars",
                       PM_QUEUE_URLS_MAX);
    }
    client->urls[client->url_count] = strdup(url);
    return client->urls[client->url_count++] != NULL ||
           pm_fail(error, PM_ERROR_MEMORY, "out of memory for the sidecar's client");
}

static bool add_urls(struct pm_queue_client *client, const struct pm_queue_client_config *config,
                     struct pm_error *error)
{
    bool done = add_url(client, config->url, error);
    for (size_t i = 0; done && config->more_urls != NULL && config->more_urls[i] != NULL; i++) {
        done = add_url(client, config->more_urls[i], error);
    }
    return done;
}

/* Tells a malformed URL now; the first is left open. */
static bool try_urls(struct pm_queue_client *client, struct pm_error *error)
{
    for (size_t i = client->url_count; i-- > 0;) {
        pm_queue_socket_close(client);
        client->current = i;
        if (!pm_queue_socket_open(client, error)) {
            return false;
        }
    }
    return true;
}

static bool client_start(struct pm_queue_client *client,
                         const struct pm_queue_client_config *config, struct pm_error *error)
{
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return pm_fail(error, PM_ERROR_IO, "reading random numbers: %s", strerror(errno));
    }
    client->last_request_id = random[1] >> 1; /* far from wrapping to 0, which means "none" */
    if (pm_wire_identity_encode(config->role, config->name, random[0], client->identity, error) ==
        0) {
        return false;
    }
    client->shares_context = config->context != NULL;
    client->timeout_ms = config->timeout_ms;
    client->logs_moves = config->logs_moves;
    if (!add_urls(client, config, error) ||
        (!client->shares_context && !read_keys(client, config, error))) {
        return false;
    }
    client->context = client->shares_context ? config->context : zmq_ctx_new();
    if (client->context == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the sidecar's client");
    }
    return try_urls(client, error);
}

bool pm_queue_client_create(const struct pm_queue_client_config *config,
                            struct pm_queue_client **out, struct pm_error *error)
{
    if (config->timeout_ms <= 0) {
        return pm_fail(error, PM_ERROR_INVALID, "the sidecar client's timeout must be above 0 ms");
    }
    struct pm_queue_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the sidecar's client");
    }
    if (!client_start(client, config, error)) {
        pm_queue_client_destroy(client);
        return false;
    }
    *out = client;
    return true;
}

void pm_queue_client_destroy(struct pm_queue_client *client)
{
    if (client == NULL) {
        return;
    }
    pm_queue_socket_close(client);
    if (client->context != NULL && !client->shares_context) {
        zmq_ctx_term(client->context);
    }
    if (client->keys != NULL) {
        pm_curve_keys_wipe(client->keys);
        free(client->keys);
    }
    for (size_t i = 0; i < client->url_count; i++) {
        free(client->urls[i]);
    }
    free(client);
}

void pm_queue_client_set_stop_flag(struct pm_queue_client *client, const atomic_bool *stop)
{
    client->stop = stop;
}

void pm_queue_client_set_timeout(struct pm_queue_client *client, int64_t timeout_ms)
{
    client->timeout_ms = timeout_ms;
}
