/* One request of the HTTP server, from its first header to its answer: libmicrohttpd's callbacks
 * with the limits on size and time. */
#ifndef COMMON_HTTP_EXCHANGE_H
#define COMMON_HTTP_EXCHANGE_H

#include "common/http_connections.h"
#include "common/http_stream.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/http_server.h>

/* What all requests of a server share. */
struct pm_http_exchanges {
    struct pm_http_server_config config;
    struct pm_connections *connections;
    struct pm_http_streams streams;
    atomic_int active;      /* requests begun and not yet answered in full */
    atomic_int handled;     /* of which the handler, or who answers for it, has one in hand */
    atomic_bool closing;    /* what begins is refused, what has begun goes on */
    atomic_bool ending;     /* the handler gets no more */
    atomic_size_t buffered; /* bytes of bodies that are coming in */
    uint32_t life;          /* random, the first half of the ids that requests are given ... */
    atomic_uint requests;   /* ... and the other half */
};

/* MHD_AccessHandlerCallback and MHD_RequestCompletedCallback; `context` is a struct
 * pm_http_exchanges, and each connection's socket context its struct pm_connection. */
enum MHD_Result pm_http_exchange_access(void *context, struct MHD_Connection *connection,
                                        const char *path, const char *method, const char *version,
                                        const char *data, size_t *size, void **state);
void pm_http_exchange_completed(void *context, struct MHD_Connection *connection, void **state,
                                enum MHD_RequestTerminationCode code);

#endif
