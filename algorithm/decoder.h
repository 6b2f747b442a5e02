/* Bytes of a file or of memory, decompressed when they are gzip. Private to algorithm/. */
#ifndef POOLMINER_DECODER_H
#define POOLMINER_DECODER_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include <poolminer/error.h>

enum { PM_DECODER_INPUT_SIZE = 64 * 1024 };

struct pm_decoder {
    const char *name; /* for errors; belongs to the caller */
    int file;         /* descriptor, or -1: `memory` */
    const uint8_t *memory;
    size_t memory_size;
    uint64_t stored_size;    /* bytes of file or memory when it was opened */
    uint64_t input_position; /* bytes taken from file or memory */
    bool started, gzip, input_ended, inside_member;
    z_stream stream; /* its next_in and avail_in hold input for plain files too */
    crypto_hash_sha256_state hash;
    uint8_t input[PM_DECODER_INPUT_SIZE];
};

/* Opens a regular file; a decoder that failed to open needs no closing. */
bool pm_decoder_open_file(struct pm_decoder *decoder, const char *path, struct pm_error *error);
/* `memory` must outlive the decoder. */
void pm_decoder_open_memory(struct pm_decoder *decoder, const char *name, const void *memory,
                            size_t size);
void pm_decoder_close(struct pm_decoder *decoder);

/* Up to `capacity` decoded bytes; *count is 0 only at the end, which is the end of the input.
 * Errors name the byte of the input where compressed data is corrupt or stops short. */
bool pm_decoder_read(struct pm_decoder *decoder, uint8_t *out, size_t capacity, size_t *count,
                     struct pm_error *error);

/* SHA-256 of the input as it is stored, once its end was reached. Call once. */
void pm_decoder_sha256(struct pm_decoder *decoder, uint8_t out[crypto_hash_sha256_BYTES]);

#endif
