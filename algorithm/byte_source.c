#include "algorithm/byte_source.h"

#include "algorithm/decoder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_SIZE = 2 * PM_SOURCE_LINE_MAX };

struct pm_byte_source {
    struct pm_decoder decoder;
    uint64_t position, line_number;
    size_t first, count; /* what the buffer holds: buffer[first .. first + count) */
    bool ended;
    uint8_t buffer[BUFFER_SIZE];
};

static struct pm_byte_source *create(struct pm_error *error)
{
    struct pm_byte_source *source = malloc(sizeof *source);
    if (source == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no memory to read a dataset");
        return NULL;
    }
    source->position = 0;
    source->line_number = 0;
    source->first = 0;
    source->count = 0;
    source->ended = false;
    return source;
}

bool pm_byte_source_open(const char *path, struct pm_byte_source **out, struct pm_error *error)
{
    struct pm_byte_source *source = create(error);
    if (source == NULL) {
        return false;
    }
    if (!pm_decoder_open_file(&source->decoder, path, error)) {
        free(source);
        return false;
    }
    *out = source;
    return true;
}

bool pm_byte_source_open_memory(const char *name, const void *data, size_t size,
                                struct pm_byte_source **out, struct pm_error *error)
{
    struct pm_byte_source *source = create(error);
    if (source == NULL) {
        return false;
    }
    pm_decoder_open_memory(&source->decoder, name, data, size);
    *out = source;
    return true;
}

void pm_byte_source_close(struct pm_byte_source *source)
{
    if (source == NULL) {
        return;
    }
    pm_decoder_close(&source->decoder);
    free(source);
}

const char *pm_byte_source_name(const struct pm_byte_source *source)
{
    return source->decoder.name;
}

uint64_t pm_byte_source_position(const struct pm_byte_source *source)
{
    return source->position;
}

uint64_t pm_byte_source_line_number(const struct pm_byte_source *source)
{
    return source->line_number;
}

uint64_t pm_byte_source_size(const struct pm_byte_source *source)
{
    return source->decoder.gzip ? 0 : source->decoder.stored_size;
}

/* Adds to the buffer until it holds `wanted` bytes or the source has ended. */
static bool fill(struct pm_byte_source *source, size_t wanted, struct pm_error *error)
{
    if (source->first + wanted > BUFFER_SIZE) {
        memmove(source->buffer, source->buffer + source->first, source->count);
        source->first = 0;
    }
    while (source->count < wanted && !source->ended) {
        size_t end = source->first + source->count;
        size_t added = 0;
        if (!pm_decoder_read(&source->decoder, source->buffer + end, BUFFER_SIZE - end, &added,
                             error)) {
            return false;
        }
        source->count += added;
        source->ended = added == 0;
        if (source->position + source->count > PM_SOURCE_SIZE_MAX) {
            return pm_fail(error, PM_ERROR_LIMIT, "%s: more than %" PRIu64 " bytes of data",
                           source->decoder.name, PM_SOURCE_SIZE_MAX);
        }
    }
    return true;
}

static void take(struct pm_byte_source *source, size_t count)
{
    source->first += count;
    source->count -= count;
    source->position += count;
}

bool pm_byte_source_peek(struct pm_byte_source *source, size_t wanted, const uint8_t **bytes,
                         size_t *available, struct pm_error *error)
{
    if (!fill(source, wanted, error)) {
        return false;
    }
    *bytes = source->buffer + source->first;
    *available = source->count < wanted ? source->count : wanted;
    return true;
}

bool pm_byte_source_read(struct pm_byte_source *source, void *out, size_t wanted, size_t *count,
                         struct pm_error *error)
{
    uint8_t *to = out;
    *count = 0;
    while (*count < wanted) {
        if (!fill(source, 1, error)) {
            return false;
        }
        size_t piece = wanted - *count < source->count ? wanted - *count : source->count;
        if (piece == 0) {
            break;
        }
        memcpy(to + *count, source->buffer + source->first, piece);
        take(source, piece);
        *count += piece;
    }
    return true;
}

/* The length of the line that starts the buffer, up to its end or the source's. Fills as far as
 * needed. */
static bool measure_line(struct pm_byte_source *source, size_t *length, bool *terminated,
                         struct pm_error *error)
{
    const uint8_t *end = NULL;
    size_t searched = 0;
    do {
        if (!fill(source, searched + 1, error)) {
            return false;
        }
        if (source->count == searched) {
            break;
        }
        const uint8_t *start = source->buffer + source->first;
        end = memchr(start + searched, '\n', source->count - searched);
        searched = end != NULL ? (size_t)(end - start) : source->count;
    } while (end == NULL && searched <= PM_SOURCE_LINE_MAX);
    if (searched > PM_SOURCE_LINE_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "%s: line %" PRIu64 " is longer than %d bytes; this is no dataset",
                       source->decoder.name, source->line_number + 1, PM_SOURCE_LINE_MAX);
    }
    *length = searched;
    *terminated = end != NULL;
    return true;
}

bool pm_byte_source_line(struct pm_byte_source *source, const char **line, size_t *length,
                         struct pm_error *error)
{
    bool terminated = false;
    if (!measure_line(source, length, &terminated, error)) {
        return false;
    }
    if (*length == 0 && !terminated) {
        *line = NULL;
        return true;
    }
    *line = (const char *)source->buffer + source->first;
    take(source, *length + (terminated ? 1 : 0));
    source->line_number++;
    if (*length > 0 && (*line)[*length - 1] == '\r') {
        --*length;
    }
    return true;
}

bool pm_byte_source_sha256(struct pm_byte_source *source, char hex[PM_SHA256_HEX_SIZE],
                           struct pm_error *error)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    while (!source->ended) {
        take(source, source->count);
        if (!fill(source, 1, error)) {
            return false;
        }
    }
    pm_decoder_sha256(&source->decoder, hash);
    sodium_bin2hex(hex, PM_SHA256_HEX_SIZE, hash, sizeof hash);
    return true;
}
