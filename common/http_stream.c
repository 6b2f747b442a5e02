#include "common/http_stream.h"

#include <stdlib.h>

#include <poolminer/clock.h>

enum { BLOCK_SIZE = 32 * 1024 };

struct pm_http_stream_open {
    struct pm_http_stream_open *previous, *next;
    struct pm_http_streams *streams;
    struct pm_connections *connections;
    struct MHD_Connection *connection;
    struct pm_connection *known;
    struct pm_http_stream source;
    bool suspended;
};

void pm_http_streams_init(struct pm_http_streams *streams, int max)
{
    *streams = (struct pm_http_streams){.max = max};
    pthread_mutex_init(&streams->mutex, NULL);
}

void pm_http_streams_clear(struct pm_http_streams *streams)
{
    pthread_mutex_destroy(&streams->mutex);
}

bool pm_http_streams_room(struct pm_http_streams *streams)
{
    pthread_mutex_lock(&streams->mutex);
    bool room = streams->count < streams->max && !streams->ending;
    pthread_mutex_unlock(&streams->mutex);
    return room;
}

static unsigned count_wakes(struct pm_http_streams *streams)
{
    pthread_mutex_lock(&streams->mutex);
    unsigned wakes = streams->wakes;
    pthread_mutex_unlock(&streams->mutex);
    return wakes;
}

/* Nothing was read: the connection sleeps, unless the streams were woken since `wakes` were
 * counted, or end. */
static ssize_t rest(struct pm_http_stream_open *stream, unsigned wakes)
{
    struct pm_http_streams *streams = stream->streams;
    ssize_t result = 0;
    pthread_mutex_lock(&streams->mutex);
    if (streams->ending) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (streams->wakes == wakes) {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&streams->mutex);
    return result;
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t size)
{
    struct pm_http_stream_open *stream = context;
    (void)position;
    if (pm_connections_has_arrived(stream->known)) {
        pm_connections_begin(stream->connections, stream->known, pm_clock_monotonic_ms());
    }
    unsigned wakes = count_wakes(stream->streams);
    size_t count = stream->source.read(stream->source.context, out, size);
    return count > 0 ? (ssize_t)count : rest(stream, wakes);
}

static void close_stream(void *context)
{
    struct pm_http_stream_open *stream = context;
    struct pm_http_streams *streams = stream->streams;
    pthread_mutex_lock(&streams->mutex);
    if (stream->next != NULL) {
        stream->next->previous = stream->previous;
    }
    if (stream->previous != NULL) {
        stream->previous->next = stream->next;
    } else {
        streams->first = stream->next;
    }
    streams->count--;
    pthread_mutex_unlock(&streams->mutex);
    stream->source.close(stream->source.context);
    free(stream);
}

struct MHD_Response *pm_http_stream_open(struct pm_http_streams *streams,
                                         struct MHD_Connection *connection,
                                         struct pm_connections *connections,
                                         struct pm_connection *known,
                                         const struct pm_http_stream *source)
{
    struct pm_http_stream_open *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        source->close(source->context);
        return NULL;
    }
    *stream = (struct pm_http_stream_open){.streams = streams,
                                           .connections = connections,
                                           .connection = connection,
                                           .known = known,
                                           .source = *source};
    pthread_mutex_lock(&streams->mutex);
    stream->next = streams->first;
    if (stream->next != NULL) {
        stream->next->previous = stream;
    }
    streams->first = stream;
    streams->count++;
    pthread_mutex_unlock(&streams->mutex);
    struct MHD_Response *message = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_stream, stream, close_stream);
    if (message == NULL) {
        close_stream(stream);
    }
    return message;
}

static void wake(struct pm_http_streams *streams, bool ending)
{
    pthread_mutex_lock(&streams->mutex);
    streams->wakes++;
    streams->ending = streams->ending || ending;
    for (struct pm_http_stream_open *stream = streams->first; stream != NULL;
         stream = stream->next) {
        if (stream->suspended) {
            stream->suspended = false;
            MHD_resume_connection(stream->connection);
        }
    }
    pthread_mutex_unlock(&streams->mutex);
}

void pm_http_streams_wake(struct pm_http_streams *streams)
{
    wake(streams, false);
}

void pm_http_streams_end(struct pm_http_streams *streams)
{
    wake(streams, true);
}
