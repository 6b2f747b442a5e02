/* Messages of one direction of a ZeroMQ connection, read as its bytes go by (ZMTP 3, NULL
 * mechanism). */
#ifndef TESTS_END_TO_END_ZMTP_READER_H
#define TESTS_END_TO_END_ZMTP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/wire.h>

enum { ZMTP_FRAMES_MAX = 2 + PM_WIRE_BODIES_MAX };

struct zmtp_reader {
    uint8_t *bytes; /* not taken apart yet; frames point into it */
    size_t size, capacity;
    bool greeted, broken;
    char routing_id[PM_WIRE_ROUTING_ID_MAX + 1]; /* of who sends, as soon as he said it */
    size_t begins[ZMTP_FRAMES_MAX], sizes[ZMTP_FRAMES_MAX], count; /* of the message so far */
    size_t read;                                                   /* bytes that are frames */
};

/* What came next. */
void zmtp_reader_add(struct zmtp_reader *reader, const uint8_t *bytes, size_t size);
/* The next whole message: its number of frames, 0 when there is none yet. They are good until the
 * next call. */
size_t zmtp_reader_next(struct zmtp_reader *reader, struct pm_wire_frame frames[ZMTP_FRAMES_MAX]);
void zmtp_reader_clear(struct zmtp_reader *reader);

#endif
