/* Answers of the HTTP server that go on: a connection whose stream has nothing to say is suspended,
 * so that it takes no processor's time, until the server is woken. Safe from several threads. */
#ifndef COMMON_HTTP_STREAM_H
#define COMMON_HTTP_STREAM_H

#include "common/http_connections.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

#include <poolminer/http_server.h>

struct pm_http_stream_open;

struct pm_http_streams {
    pthread_mutex_t mutex;
    struct pm_http_stream_open *first;
    int count, max;
    unsigned wakes; /* how often it was woken: a stream that was being read meanwhile reads again */
    bool ending;
};

void pm_http_streams_init(struct pm_http_streams *streams, int max);
/* When no stream is open any more. */
void pm_http_streams_clear(struct pm_http_streams *streams);

/* May one more be opened? */
bool pm_http_streams_room(struct pm_http_streams *streams);

/* The message whose body is what the stream says; `known` is the connection's place in
 * `connections`. Every time it is asked for more and what was said before has arrived, the
 * connection counts as just begun: one that takes nothing, or is behind for as long, is cut like
 * any other. Takes the stream, also when it returns NULL (no memory). */
struct MHD_Response *pm_http_stream_open(struct pm_http_streams *streams,
                                         struct MHD_Connection *connection,
                                         struct pm_connections *connections,
                                         struct pm_connection *known,
                                         const struct pm_http_stream *source);

void pm_http_streams_wake(struct pm_http_streams *streams);
/* All of them come to their end. */
void pm_http_streams_end(struct pm_http_streams *streams);

#endif
