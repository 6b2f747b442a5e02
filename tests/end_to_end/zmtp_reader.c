#include "zmtp_reader.h"

#include <stdlib.h>
#include <string.h>

enum {
    GREETING_BYTES = 64,
    MORE = 1, /* flags of a frame */
    LONG = 2,
    COMMAND = 4,
};

/* Of a thread of its own, where cmocka's assertions have no place to go to. */
void zmtp_reader_add(struct zmtp_reader *reader, const uint8_t *bytes, size_t size)
{
    if (reader->broken || size == 0) {
        return;
    }
    if (reader->size + size > reader->capacity) {
        const size_t capacity = 2 * (reader->size + size);
        uint8_t *grown = realloc(reader->bytes, capacity);
        if (grown == NULL) {
            abort();
        }
        reader->bytes = grown;
        reader->capacity = capacity;
    }
    memcpy(reader->bytes + reader->size, bytes, size);
    reader->size += size;
}

static void drop(struct zmtp_reader *reader, size_t count)
{
    memmove(reader->bytes, reader->bytes + count, reader->size - count);
    reader->size -= count;
}

static uint64_t read_number(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

/* READY: after its name, properties: a name and a value, with their lengths before them. */
static void read_command(struct zmtp_reader *reader, const uint8_t *bytes, size_t size)
{
    static const char READY[] = "\5READY", NAME[] = "Identity";
    size_t at = sizeof READY - 1;
    if (size < at || memcmp(bytes, READY, at) != 0) {
        return;
    }
    while (at < size && at + 1 + bytes[at] + 4 <= size) {
        const uint8_t *name = bytes + at + 1;
        const size_t name_size = bytes[at];
        const size_t value_size = (size_t)read_number(name + name_size, 4);
        at += 1 + name_size + 4;
        if (name_size == sizeof NAME - 1 && memcmp(name, NAME, name_size) == 0 &&
            value_size <= PM_WIRE_ROUTING_ID_MAX && at + value_size <= size) {
            memcpy(reader->routing_id, bytes + at, value_size);
            reader->routing_id[value_size] = '\0';
        }
        at += value_size;
    }
}

/* The frame at `read`, when all of it is here: false otherwise. *last: a message ends with it. */
static bool read_frame(struct zmtp_reader *reader, bool *last)
{
    const uint8_t *at = reader->bytes + reader->read;
    const size_t here = reader->size - reader->read;
    const size_t head = here > 0 && (at[0] & LONG) != 0 ? 9 : 2;
    const uint64_t size = here >= head ? read_number(at + 1, head - 1) : 0;
    if (here < head || here - head < size) {
        return false;
    }
    const bool is_command = (at[0] & COMMAND) != 0;
    if (is_command) {
        read_command(reader, at + head, (size_t)size);
    } else if (reader->count == ZMTP_FRAMES_MAX) {
        reader->broken = true;
        return false;
    } else {
        reader->begins[reader->count] = reader->read + head;
        reader->sizes[reader->count++] = (size_t)size;
    }
    reader->read += head + (size_t)size;
    *last = !is_command && (at[0] & MORE) == 0;
    return true;
}

size_t zmtp_reader_next(struct zmtp_reader *reader, struct pm_wire_frame frames[ZMTP_FRAMES_MAX])
{
    bool last = false;
    if (!reader->greeted && reader->size >= GREETING_BYTES) {
        drop(reader, GREETING_BYTES);
        reader->greeted = true;
    }
    if (reader->count == 0 && reader->read > 0) { /* the last message's */
        drop(reader, reader->read);
        reader->read = 0;
    }
    while (!last) {
        if (!reader->greeted || reader->broken || !read_frame(reader, &last)) {
            return 0;
        }
    }
    const size_t count = reader->count;
    for (size_t i = 0; i < count; i++) {
        frames[i] = (struct pm_wire_frame){reader->bytes + reader->begins[i], reader->sizes[i]};
    }
    reader->count = 0;
    return count;
}

void zmtp_reader_clear(struct zmtp_reader *reader)
{
    free(reader->bytes);
    *reader = (struct zmtp_reader){0};
}
