/* The frames of a message, as a peer may send them. The input is cut into frames: a byte with the
 * length, then so many bytes; the last frame takes what is left. The first frame is read as a
 * routing id as well. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/wire.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES_MAX = 6 };

static size_t cut(const uint8_t *data, size_t size, struct pm_wire_frame *frames)
{
    size_t count = 0;
    while (size > 0 && count < FRAMES_MAX) {
        size_t length = data[0];
        data++;
        size--;
        if (length > size || count == FRAMES_MAX - 1) {
            length = size;
        }
        frames[count++] = (struct pm_wire_frame){data, length};
        data += length;
        size -= length;
    }
    return count;
}

/* What was read can be written, and reads the same. */
static void check_header(const struct pm_wire_message *message)
{
    uint8_t bytes[PM_WIRE_HEADER_MAX];
    char verb[PM_WIRE_VERB_MAX + 1];
    uint64_t id;
    struct pm_wire_frame frame = {bytes,
                                  pm_wire_header_encode(bytes, message->request_id, message->verb)};
    if (!pm_wire_header_decode(&frame, &id, verb, NULL) || id != message->request_id ||
        strcmp(verb, message->verb) != 0) {
        abort();
    }
}

static void check_identity(const struct pm_wire_frame *frame)
{
    struct pm_wire_identity identity;
    char text[PM_WIRE_ROUTING_ID_MAX + 1];
    if (pm_wire_identity_decode(frame->data, frame->size, &identity)) {
        size_t length =
            pm_wire_identity_encode(identity.role, identity.name, identity.session, text, NULL);
        if (length != frame->size || memcmp(text, frame->data, length) != 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_wire_frame frames[FRAMES_MAX];
    struct pm_wire_message message;
    struct pm_error error = {0};
    size_t count = cut(data, size, frames);
    if (pm_wire_decode(frames, count, PM_WIRE_ARGUMENTS_MAX, &message, &error)) {
        check_header(&message);
        pm_wire_message_clear(&message);
    } else if (error.code == PM_ERROR_NONE || error.message[0] == '\0') {
        abort();
    }
    if (count > 0) {
        check_identity(&frames[0]);
    }
    return 0;
}
