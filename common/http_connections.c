#include "common/http_connections.h"

#include <linux/sockios.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { HASTE = 6 };

struct pm_connection {
    struct pm_connection *previous, *next;
    int socket;
    bool busy;        /* with a request whose headers are there */
    bool cut;         /* shut down already */
    int64_t since_ms; /* when it became busy, or ready for a request */
};

struct pm_connections {
    pthread_mutex_t mutex;
    size_t capacity, count;
    int64_t request_ms;
    struct pm_connection *first;
};

struct pm_connections *pm_connections_create(size_t capacity, int64_t request_ms)
{
    struct pm_connections *connections = calloc(1, sizeof *connections);
    if (connections != NULL) {
        pthread_mutex_init(&connections->mutex, NULL);
        connections->capacity = capacity;
        connections->request_ms = request_ms;
    }
    return connections;
}

void pm_connections_destroy(struct pm_connections *connections)
{
    if (connections != NULL) {
        pthread_mutex_destroy(&connections->mutex);
    }
    free(connections);
}

struct pm_connection *pm_connections_add(struct pm_connections *connections, int socket,
                                         int64_t now_ms)
{
    struct pm_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        return NULL;
    }
    connection->socket = socket;
    connection->since_ms = now_ms;
    pthread_mutex_lock(&connections->mutex);
    connection->next = connections->first;
    if (connection->next != NULL) {
        connection->next->previous = connection;
    }
    connections->first = connection;
    connections->count++;
    pthread_mutex_unlock(&connections->mutex);
    return connection;
}

static void set_busy(struct pm_connections *connections, struct pm_connection *connection,
                     bool busy, int64_t now_ms)
{
    pthread_mutex_lock(&connections->mutex);
    connection->busy = busy;
    connection->since_ms = now_ms;
    pthread_mutex_unlock(&connections->mutex);
}

void pm_connections_begin(struct pm_connections *connections, struct pm_connection *connection,
                          int64_t now_ms)
{
    set_busy(connections, connection, true, now_ms);
}

void pm_connections_end(struct pm_connections *connections, struct pm_connection *connection,
                        int64_t now_ms)
{
    set_busy(connections, connection, false, now_ms);
}

bool pm_connections_has_arrived(const struct pm_connection *connection)
{
    int bytes = 0;
    return ioctl(connection->socket, SIOCOUTQ, &bytes) != 0 || bytes == 0;
}

void pm_connections_remove(struct pm_connections *connections, struct pm_connection *connection)
{
    pthread_mutex_lock(&connections->mutex);
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        connections->first = connection->next;
    }
    connections->count--;
    pthread_mutex_unlock(&connections->mutex);
    free(connection);
}

size_t pm_connections_cut(struct pm_connections *connections, int64_t now_ms)
{
    size_t cut = 0;
    pthread_mutex_lock(&connections->mutex);
    bool crowded = connections->count > connections->capacity / 4 * 3;
    int64_t waiting_ms = crowded ? connections->request_ms / HASTE : connections->request_ms;
    for (struct pm_connection *at = connections->first; at != NULL; at = at->next) {
        int64_t patience_ms = at->busy ? 2 * connections->request_ms : waiting_ms;
        if (!at->cut && now_ms - at->since_ms > patience_ms) {
            at->cut = true;
            shutdown(at->socket, SHUT_RDWR);
            cut++;
        }
    }
    pthread_mutex_unlock(&connections->mutex);
    return cut;
}
