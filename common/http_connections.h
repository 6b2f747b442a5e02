/* The HTTP server's open connections and how long each has taken: one that is too slow is cut, be
 * it by silence or by a byte now and then. Safe from several threads. */
#ifndef COMMON_HTTP_CONNECTIONS_H
#define COMMON_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_connection;
struct pm_connections;

/* A request has to be there `request_ms` after the connection was ready for it, or a sixth of that
 * while more than three quarters of `capacity` connections are open; and its answer has to be
 * taken twice `request_ms` after it came. NULL when memory is out. */
struct pm_connections *pm_connections_create(size_t capacity, int64_t request_ms);
/* When no connection is open any more. */
void pm_connections_destroy(struct pm_connections *connections);

/* A connection was opened on `socket`; NULL when memory is out. Times are monotonic. */
struct pm_connection *pm_connections_add(struct pm_connections *connections, int socket,
                                         int64_t now_ms);
/* Its request's headers are there; its answer has been sent and it may send another request. */
void pm_connections_begin(struct pm_connections *connections, struct pm_connection *connection,
                          int64_t now_ms);
void pm_connections_end(struct pm_connections *connections, struct pm_connection *connection,
                        int64_t now_ms);
/* Has all that was sent arrived at the other side? Who takes nothing fills the room for it there,
 * and then it has not. */
bool pm_connections_has_arrived(const struct pm_connection *connection);
/* To be called before its socket is closed, whose number may then be somebody else's. */
void pm_connections_remove(struct pm_connections *connections, struct pm_connection *connection);

/* Shuts the sockets down that have taken too long, so that their owner closes them. Returns how
 * many. */
size_t pm_connections_cut(struct pm_connections *connections, int64_t now_ms);

#endif
