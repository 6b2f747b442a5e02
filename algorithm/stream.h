/* Streams: a state as bytes, and back. Every function works both ways, so that writing and reading
 * cannot drift apart: a stream that writes appends the value, one that reads puts the next value
 * of its bytes in its place, if it is within the limits. All return false when that fails, and then
 * the stream's error is set: PM_ERROR_REFUSED for bytes that cannot be such a state,
 * PM_ERROR_MEMORY. Numbers are little-endian. */
#ifndef ALGORITHM_STREAM_H
#define ALGORITHM_STREAM_H

#include "algorithm/candidate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/profile.h>

struct pm_stream {
    bool reading;
    struct pm_error *error; /* may be NULL */
    uint8_t *bytes;         /* written so far; the caller frees */
    size_t size, capacity;
    const uint8_t *source; /* to read from */
    size_t source_size, at;
    /* What candidates are made of. */
    const struct pm_profile *profile;
    int input_dim;
    size_t seed_count;
    struct pm_functional_cache *cache; /* learns how those that are read were scored; or NULL */
    /* The lineages of the candidates so far, each once, an ancestor before its descendants. */
    struct pm_lineage **lineages;
    size_t lineage_count, lineage_capacity;
};

/* Forgets the lineages; the bytes are the caller's. */
void pm_stream_clear(struct pm_stream *stream);

/* Says that the bytes are not what they should be. Returns false. */
bool pm_stream_refuse(struct pm_stream *stream, const char *what);

bool pm_stream_bytes(struct pm_stream *stream, void *bytes, size_t size);
/* Of 1 to 8 bytes; `least` <= value <= `most`. */
bool pm_stream_u64(struct pm_stream *stream, uint64_t *value, int width, uint64_t most);
bool pm_stream_size(struct pm_stream *stream, size_t *value, size_t most);
bool pm_stream_int(struct pm_stream *stream, int *value, int least, int most);
bool pm_stream_bool(struct pm_stream *stream, bool *value);
/* Any number, the infinite ones included. */
bool pm_stream_double(struct pm_stream *stream, double *value);

/* A candidate with its programs, fitness and lineage. One that is read belongs to the caller. */
bool pm_stream_candidate(struct pm_stream *stream, struct pm_candidate *candidate);
/* At most `most` of them and their number. Read ones replace none: *count is 0 before. When it
 * fails, *count are there. */
bool pm_stream_candidates(struct pm_stream *stream, struct pm_candidate *candidates, size_t *count,
                          size_t most);

#endif
