#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/wire.h>

static const char MAGIC[3] = {'P', 'M', '1'};
enum { MAGIC_SIZE = 3, HEADER_FIXED = MAGIC_SIZE + 8, SESSION_DIGITS = 16 };

size_t pm_wire_header_encode(uint8_t out[PM_WIRE_HEADER_MAX], uint64_t request_id, const char *verb)
{
    memcpy(out, MAGIC, MAGIC_SIZE);
    for (int i = 0; i < 8; i++) {
        out[MAGIC_SIZE + i] = (uint8_t)(request_id >> (56 - 8 * i));
    }
    size_t length = strnlen(verb, PM_WIRE_VERB_MAX);
    memcpy(out + HEADER_FIXED, verb, length);
    return HEADER_FIXED + length;
}

bool pm_wire_header_decode(const struct pm_wire_frame *frame, uint64_t *request_id,
                           char verb[PM_WIRE_VERB_MAX + 1], struct pm_error *error)
{
    const uint8_t *bytes = frame->data;
    if (frame->size < MAGIC_SIZE || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0) {
        return pm_fail(error, PM_ERROR_PROTOCOL,
                       "the message does not begin with PM1: the peer speaks another protocol, or "
                       "another version of this one");
    }
    if (frame->size <= HEADER_FIXED || frame->size > PM_WIRE_HEADER_MAX) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the header has %zu bytes, expected PM1, 8 bytes and a verb of 1 to %d",
                       frame->size, PM_WIRE_VERB_MAX);
    }
    uint64_t id = 0;
    for (int i = 0; i < 8; i++) {
        id = id << 8 | bytes[MAGIC_SIZE + i];
    }
    size_t length = frame->size - HEADER_FIXED;
    for (size_t i = 0; i < length; i++) {
        char c = (char)bytes[HEADER_FIXED + i];
        if (!((c >= 'a' && c <= 'z') || c == '-')) {
            return pm_fail(error, PM_ERROR_INVALID, "the header's verb may hold only a-z and -");
        }
        verb[i] = c;
    }
    verb[length] = '\0';
    *request_id = id;
    return true;
}

bool pm_wire_decode(const struct pm_wire_frame *frames, size_t count, size_t max_arguments,
                    struct pm_wire_message *out, struct pm_error *error)
{
    *out = (struct pm_wire_message){0};
    if (count < 1) {
        return pm_fail(error, PM_ERROR_INVALID, "the message has no frames");
    }
    if (!pm_wire_header_decode(&frames[0], &out->request_id, out->verb, error)) {
        return false;
    }
    if (count < 2) {
        return pm_fail(error, PM_ERROR_INVALID, "the message has no arguments frame");
    }
    cJSON *arguments = NULL;
    if (!pm_json_parse(frames[1].data, frames[1].size, max_arguments, &arguments, error)) {
        return pm_fail_context(error, "the arguments of %s", out->verb);
    }
    if (!cJSON_IsObject(arguments)) {
        cJSON_Delete(arguments);
        return pm_fail(error, PM_ERROR_INVALID, "the arguments of %s: expected a JSON object",
                       out->verb);
    }
    out->arguments = arguments;
    out->bodies = frames + 2;
    out->body_count = count - 2;
    return true;
}

void pm_wire_message_clear(struct pm_wire_message *message)
{
    cJSON_Delete(message->arguments);
    *message = (struct pm_wire_message){0};
}

static bool role_known(const char *role)
{
    return strcmp(role, "driver") == 0 || strcmp(role, "worker") == 0 || strcmp(role, "admin") == 0;
}

static bool name_valid(const char *name)
{
    size_t length =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return length >= 1 && length <= PM_WIRE_NAME_MAX && name[length] == '\0';
}

size_t pm_wire_identity_encode(const char *role, const char *name, uint64_t session,
                               char out[PM_WIRE_ROUTING_ID_MAX + 1], struct pm_error *error)
{
    if (role == NULL || !role_known(role)) {
        pm_fail(error, PM_ERROR_INVALID, "a client's role is driver, worker or admin, not %s",
                role == NULL ? "nothing" : role);
        return 0;
    }
    if (name == NULL || !name_valid(name)) {
        pm_fail(error, PM_ERROR_INVALID,
                "a client's name is 1 to %d letters, digits, dots, dashes and underscores, not %s",
                PM_WIRE_NAME_MAX, name == NULL ? "nothing" : name);
        return 0;
    }
    int length =
        snprintf(out, PM_WIRE_ROUTING_ID_MAX + 1, "%s:%s:%016" PRIx64, role, name, session);
    return (size_t)length;
}

static bool session_decode(const char *text, uint64_t *session)
{
    uint64_t value = 0;
    for (int i = 0; i < SESSION_DIGITS; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);
        if (digit == NULL) {
            return false;
        }
        value = value << 4 | (uint64_t)(digit - digits);
    }
    *session = value;
    return text[SESSION_DIGITS] == '\0';
}

bool pm_wire_identity_decode(const void *data, size_t size, struct pm_wire_identity *out)
{
    char text[PM_WIRE_ROUTING_ID_MAX + 1];
    if (size > PM_WIRE_ROUTING_ID_MAX) {
        return false;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    char *name = strchr(text, ':');
    char *session = name == NULL ? NULL : strchr(name + 1, ':');
    if (session == NULL || strlen(text) != size) {
        return false;
    }
    *name++ = '\0';
    *session++ = '\0';
    if (!role_known(text) || !name_valid(name) || !session_decode(session, &out->session)) {
        return false;
    }
    snprintf(out->role, sizeof out->role, "%.*s", (int)sizeof out->role - 1, text);
    snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof out->name - 1, name);
    return true;
}

bool pm_wire_is_loopback(const char *host, size_t length)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (length >= sizeof text) {
        return false;
    }
    memcpy(text, host, length);
    text[length] = '\0';
    return strcmp(text, "localhost") == 0 ||
           (inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

bool pm_wire_receive(void *socket, zmq_msg_t *parts, size_t capacity, size_t *count,
                     struct pm_error *error)
{
    *count = 0;
    for (bool more = true; more;) {
        bool kept = *count < capacity;
        zmq_msg_t dropped;
        zmq_msg_t *part = kept ? &parts[*count] : &dropped;
        zmq_msg_init(part);
        int received;
        do {
            received = zmq_msg_recv(part, socket, ZMQ_DONTWAIT);
        } while (received < 0 && errno == EINTR);
        if (received < 0) {
            int failure = errno;
            zmq_msg_close(part);
            pm_wire_close(parts, kept ? *count : capacity);
            *count = 0;
            return failure == EAGAIN ||
                   pm_fail(error, PM_ERROR_IO, "receiving a message: %s", zmq_strerror(failure));
        }
        more = zmq_msg_more(part) != 0;
        if (!kept) {
            zmq_msg_close(part);
        }
        (*count)++;
    }
    return true;
}

void pm_wire_close(zmq_msg_t *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        zmq_msg_close(&parts[i]);
    }
}

enum pm_wire_sent pm_wire_why_unsent(void)
{
    switch (errno) {
    case EAGAIN:
        return PM_WIRE_FULL;
    case EHOSTUNREACH:
        return PM_WIRE_NOBODY;
    default:
        return PM_WIRE_FAILED;
    }
}

enum pm_wire_sent pm_wire_send_part(void *socket, const struct pm_wire_frame *frame, bool more)
{
    int sent;
    do {
        sent = zmq_send(socket, frame->data, frame->size, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? pm_wire_why_unsent() : PM_WIRE_SENT;
}

enum pm_wire_sent pm_wire_send(void *socket, const struct pm_wire_frame *frames, size_t count)
{
    enum pm_wire_sent sent = PM_WIRE_SENT;
    for (size_t i = 0; sent == PM_WIRE_SENT && i < count; i++) {
        sent = pm_wire_send_part(socket, &frames[i], i + 1 < count);
    }
    return sent;
}
