/* A buffered reader of dataset files: bytes, or lines, decompressed when they are gzip. Private to
 * algorithm/. */
#ifndef POOLMINER_BYTE_SOURCE_H
#define POOLMINER_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum {
    PM_SOURCE_LINE_MAX = 128 * 1024, /* bytes, without the line's end */
    PM_SOURCE_PEEK_MAX = 512,
    PM_SHA256_HEX_SIZE = 65,
};

/* What a source yields at most, decompressed: a small file can hold a lot. */
#define PM_SOURCE_SIZE_MAX (UINT64_C(8) << 30)

struct pm_byte_source;

bool pm_byte_source_open(const char *path, struct pm_byte_source **out, struct pm_error *error);
/* `data` and `name` must outlive the source. */
bool pm_byte_source_open_memory(const char *name, const void *data, size_t size,
                                struct pm_byte_source **out, struct pm_error *error);
void pm_byte_source_close(struct pm_byte_source *source);

/* The path, for errors; and how many decoded bytes were read, and lines. */
const char *pm_byte_source_name(const struct pm_byte_source *source);
uint64_t pm_byte_source_position(const struct pm_byte_source *source);
uint64_t pm_byte_source_line_number(const struct pm_byte_source *source);

/* The size of what it yields, if that is known beforehand: 0 for compressed data. Call after a
 * peek, which finds out. */
uint64_t pm_byte_source_size(const struct pm_byte_source *source);

/* The next bytes without taking them: min(wanted, what there is), wanted <= PM_SOURCE_PEEK_MAX.
 * They stay valid until the next call. */
bool pm_byte_source_peek(struct pm_byte_source *source, size_t wanted, const uint8_t **bytes,
                         size_t *available, struct pm_error *error);

/* Takes `wanted` bytes; *count is less only where the source ends. */
bool pm_byte_source_read(struct pm_byte_source *source, void *out, size_t wanted, size_t *count,
                         struct pm_error *error);

/* Takes a line; its end (LF or CR LF) is not part of it. *line is NULL at the source's end, valid
 * until the next call otherwise, and not terminated. Longer lines are an error. */
bool pm_byte_source_line(struct pm_byte_source *source, const char **line, size_t *length,
                         struct pm_error *error);

/* SHA-256 of the stored (compressed) bytes; reads to the end first. Call once, at last. */
bool pm_byte_source_sha256(struct pm_byte_source *source, char hex[PM_SHA256_HEX_SIZE],
                           struct pm_error *error);

#endif
