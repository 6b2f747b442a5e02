#include "algorithm/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW_BITS_GZIP = 15 + 16 /* the largest window; +16: gzip's header and checksum */ };

static bool fail_errno(struct pm_error *error, const char *path, const char *what)
{
    int number = errno;
    return pm_fail(error, number == ENOENT ? PM_ERROR_NOT_FOUND : PM_ERROR_IO, "%s: %s: %s", path,
                   what, strerror(number));
}

static void start(struct pm_decoder *decoder, const char *name)
{
    decoder->name = name;
    decoder->file = -1;
    decoder->memory = NULL;
    decoder->memory_size = 0;
    decoder->stored_size = 0;
    decoder->input_position = 0;
    decoder->started = false;
    decoder->gzip = false;
    decoder->input_ended = false;
    decoder->inside_member = false;
    decoder->stream = (z_stream){0};
    crypto_hash_sha256_init(&decoder->hash);
}

bool pm_decoder_open_file(struct pm_decoder *decoder, const char *path, struct pm_error *error)
{
    struct stat status;
    /* O_NONBLOCK: opening a pipe without a writer must not hang before it can be refused. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return fail_errno(error, path, "cannot be opened");
    }
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(file);
        return pm_fail(error, PM_ERROR_INVALID, "%s: not a regular file", path);
    }
    start(decoder, path);
    decoder->file = file;
    decoder->stored_size = (uint64_t)status.st_size;
    return true;
}

void pm_decoder_open_memory(struct pm_decoder *decoder, const char *name, const void *memory,
                            size_t size)
{
    start(decoder, name);
    decoder->memory = memory;
    decoder->memory_size = size;
    decoder->stored_size = size;
}

void pm_decoder_close(struct pm_decoder *decoder)
{
    if (decoder->file >= 0) {
        close(decoder->file);
    }
    if (decoder->gzip) {
        inflateEnd(&decoder->stream);
    }
}

/* ---- input ---- */

static bool read_input(struct pm_decoder *decoder, size_t *count, struct pm_error *error)
{
    if (decoder->file < 0) {
        size_t left = decoder->memory_size - (size_t)decoder->input_position;
        *count = left < sizeof decoder->input ? left : sizeof decoder->input;
        if (*count > 0) {
            memcpy(decoder->input, decoder->memory + decoder->input_position, *count);
        }
        return true;
    }
    ssize_t result;
    do {
        result = read(decoder->file, decoder->input, sizeof decoder->input);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        return fail_errno(error, decoder->name, "cannot be read");
    }
    *count = (size_t)result;
    return true;
}

/* Makes input available unless it has ended. */
static bool fill_input(struct pm_decoder *decoder, struct pm_error *error)
{
    size_t count = 0;
    if (decoder->stream.avail_in > 0 || decoder->input_ended) {
        return true;
    }
    if (!read_input(decoder, &count, error)) {
        return false;
    }
    decoder->input_position += count;
    decoder->input_ended = count == 0;
    decoder->stream.next_in = decoder->input;
    decoder->stream.avail_in = (unsigned)count;
    crypto_hash_sha256_update(&decoder->hash, decoder->input, count);
    return true;
}

static uint64_t position(const struct pm_decoder *decoder)
{
    return decoder->input_position - decoder->stream.avail_in;
}

/* The first bytes tell whether it is gzip. */
static bool begin(struct pm_decoder *decoder, struct pm_error *error)
{
    if (!fill_input(decoder, error)) {
        return false;
    }
    decoder->started = true;
    if (decoder->stream.avail_in < 2 || decoder->input[0] != 0x1f || decoder->input[1] != 0x8b) {
        return true;
    }
    if (inflateInit2(&decoder->stream, WINDOW_BITS_GZIP) != Z_OK) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory to decompress it", decoder->name);
    }
    decoder->gzip = true;
    decoder->inside_member = true;
    return true;
}

/* ---- output ---- */

static void copy_plain(struct pm_decoder *decoder, uint8_t *out, size_t capacity, size_t *count)
{
    size_t available = decoder->stream.avail_in;
    *count = available < capacity ? available : capacity;
    if (*count == 0) {
        return;
    }
    memcpy(out, decoder->stream.next_in, *count);
    decoder->stream.next_in += *count;
    decoder->stream.avail_in -= (unsigned)*count;
}

/* A gzip file is one member or several, one after the other. */
static bool next_member(struct pm_decoder *decoder, struct pm_error *error)
{
    if (inflateReset(&decoder->stream) != Z_OK) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory to decompress it", decoder->name);
    }
    decoder->inside_member = true;
    return true;
}

static bool inflate_some(struct pm_decoder *decoder, struct pm_error *error)
{
    int result = inflate(&decoder->stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
        decoder->inside_member = false;
        return true;
    }
    if (result == Z_MEM_ERROR) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory to decompress it", decoder->name);
    }
    if (result != Z_OK) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: the gzip data is corrupt at byte %" PRIu64 " (%s); get the file again",
                       decoder->name, position(decoder),
                       decoder->stream.msg != NULL ? decoder->stream.msg : "no gzip data");
    }
    return true;
}

static bool read_gzip(struct pm_decoder *decoder, uint8_t *out, size_t capacity, size_t *count,
                      struct pm_error *error)
{
    unsigned room = capacity < PM_DECODER_INPUT_SIZE ? (unsigned)capacity : PM_DECODER_INPUT_SIZE;
    decoder->stream.next_out = out;
    decoder->stream.avail_out = room;
    while (decoder->stream.avail_out == room) {
        if (!fill_input(decoder, error)) {
            return false;
        }
        bool ended = decoder->stream.avail_in == 0;
        if (ended && decoder->inside_member) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "%s: the gzip data stops short at byte %" PRIu64 "; get the file again",
                           decoder->name, position(decoder));
        }
        if (ended) {
            break;
        }
        if (!decoder->inside_member && !next_member(decoder, error)) {
            return false;
        }
        if (!inflate_some(decoder, error)) {
            return false;
        }
    }
    *count = room - decoder->stream.avail_out;
    return true;
}

bool pm_decoder_read(struct pm_decoder *decoder, uint8_t *out, size_t capacity, size_t *count,
                     struct pm_error *error)
{
    *count = 0;
    if (!decoder->started && !begin(decoder, error)) {
        return false;
    }
    if (decoder->gzip) {
        return read_gzip(decoder, out, capacity, count, error);
    }
    if (!fill_input(decoder, error)) {
        return false;
    }
    copy_plain(decoder, out, capacity, count);
    return true;
}

void pm_decoder_sha256(struct pm_decoder *decoder, uint8_t out[crypto_hash_sha256_BYTES])
{
    crypto_hash_sha256_final(&decoder->hash, out);
}
