/* One request of the HTTP server, from its first header to its answer: libmicrohttpd's callbacks
 * with the limits on size and time. */
#ifndef POOL_HTTP_EXCHANGE_H
#define POOL_HTTP_EXCHANGE_H

#include "pool/connections.h"
#include "pool/http.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* What all requests of a server share. */
struct pm_http_exchanges {
    struct pm_pool_http_config config;
    struct pm_connections *connections;
    atomic_int active;      /* requests begun and not yet answered in full */
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
