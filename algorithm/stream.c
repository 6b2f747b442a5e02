#include "algorithm/stream.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool pm_stream_refuse(struct pm_stream *stream, const char *what)
{
    return pm_fail(stream->error, PM_ERROR_REFUSED, "the checkpoint cannot be used: %s", what);
}

static bool reserve(struct pm_stream *stream, size_t more)
{
    if (stream->capacity - stream->size >= more) {
        return true;
    }
    const size_t capacity = 2 * stream->capacity + more + 4096;
    uint8_t *grown = realloc(stream->bytes, capacity);
    if (grown == NULL) {
        return pm_fail(stream->error, PM_ERROR_MEMORY, "writing a checkpoint: out of memory");
    }
    stream->bytes = grown;
    stream->capacity = capacity;
    return true;
}

bool pm_stream_bytes(struct pm_stream *stream, void *bytes, size_t size)
{
    if (stream->reading) {
        if (stream->source_size - stream->at < size) {
            return pm_stream_refuse(stream, "it ends too early");
        }
        memcpy(bytes, stream->source + stream->at, size);
        stream->at += size;
        return true;
    }
    if (!reserve(stream, size)) {
        return false;
    }
    memcpy(stream->bytes + stream->size, bytes, size);
    stream->size += size;
    return true;
}

bool pm_stream_u64(struct pm_stream *stream, uint64_t *value, int width, uint64_t most)
{
    uint8_t bytes[8] = {0};
    assert(width >= 1 && width <= 8);
    if (!stream->reading) {
        for (int i = 0; i < width; i++) {
            bytes[i] = (uint8_t)(*value >> 8 * i);
        }
    }
    if (!pm_stream_bytes(stream, bytes, (size_t)width)) {
        return false;
    }
    if (stream->reading) {
        *value = 0;
        for (int i = 0; i < width; i++) {
            *value |= (uint64_t)bytes[i] << 8 * i;
        }
    }
    return *value <= most || pm_stream_refuse(stream, "a number is too large");
}

bool pm_stream_size(struct pm_stream *stream, size_t *value, size_t most)
{
    uint64_t number = *value;
    const bool done = pm_stream_u64(stream, &number, 4, most);
    *value = done ? (size_t)number : *value;
    return done;
}

bool pm_stream_int(struct pm_stream *stream, int *value, int least, int most)
{
    uint64_t number = (uint64_t)(*value - least);
    const bool done = pm_stream_u64(stream, &number, 4, (uint64_t)(most - least));
    *value = done ? least + (int)number : *value;
    return done;
}

bool pm_stream_bool(struct pm_stream *stream, bool *value)
{
    uint64_t number = *value ? 1 : 0;
    const bool done = pm_stream_u64(stream, &number, 1, 1);
    *value = done ? number != 0 : *value;
    return done;
}

bool pm_stream_double(struct pm_stream *stream, double *value)
{
    uint64_t bits;
    memcpy(&bits, value, sizeof bits);
    if (!pm_stream_u64(stream, &bits, 8, UINT64_MAX)) {
        return false;
    }
    double number;
    memcpy(&number, &bits, sizeof number);
    if (isnan(number)) {
        return pm_stream_refuse(stream, "a score is no number");
    }
    *value = number;
    return true;
}
