/* The benchmark's connections to a sidecar. Answers are looked through for the few numbers that are
 * needed, which a reader of JSON would do with more care and at the server's cost. */
#include "bench/wire.h"
#include "bench/zmtp.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 100, LANE_BITS = 20, NUMBER_MAX = 20 };

struct lane {
    int64_t job, token;
    enum bench_step step;
    uint64_t request;
};

struct sidecar_wire {
    struct bench_wire base;
    struct pollfd *items;
    struct bench_zmtp *links;
    struct lane *lanes;
    size_t count, window, next; /* where to look for an answer first */
    size_t runs;
    bool polled; /* items say who has answered */
    char *payload;
    size_t payload_size;
    int64_t shown[BENCH_RUNS_MAX][SHOWN_MAX]; /* by the last BENCH_RESULTS of each run */
    uint64_t puts;
};

static void sidecar_close(struct bench_wire *base)
{
    struct sidecar_wire *wire = (struct sidecar_wire *)base;
    for (size_t i = 0; i < wire->count; i++) {
        bench_zmtp_close(&wire->links[i]);
    }
    free(wire->items);
    free(wire->links);
    free(wire->lanes);
    free(wire->payload);
    free(wire);
}

/* ---- sending ---- */

static size_t write_collect(const struct sidecar_wire *wire, size_t run, char *out, size_t size)
{
    size_t length = (size_t)snprintf(out, size, "{\"jobs\":[");
    for (size_t i = 0; i < wire->base.runs[run].pending; i++) {
        length += (size_t)snprintf(out + length, size - length, "%s%" PRId64, i == 0 ? "" : ",",
                                   wire->shown[run][i]);
    }
    return length + (size_t)snprintf(out + length, size - length, "]}");
}

static size_t run_of(const struct sidecar_wire *wire, const struct lane *lane)
{
    return (size_t)(lane - wire->lanes) % wire->runs;
}

static const char *write_arguments(struct sidecar_wire *wire, const struct lane *lane, char *out,
                                   size_t size)
{
    const size_t run = run_of(wire, lane);
    switch (lane->step) {
    case BENCH_PUT:
        snprintf(out, size, "{\"run\":\"bench-%zu\",\"key\":\"%" PRIu64 "\",\"kind\":\"bench\"}",
                 run, ++wire->puts);
        return "put";
    case BENCH_LEASE:
        snprintf(out, size, "{\"run\":\"bench-%zu\",\"wait_ms\":%d}", run, BENCH_SILENCE_MS);
        return "lease";
    case BENCH_FINISH:
        snprintf(out, size, "{\"job\":%" PRId64 ",\"token\":%" PRId64 "}", lane->job, lane->token);
        return "finish";
    case BENCH_NEXT:
        snprintf(out, size,
                 "{\"job\":%" PRId64 ",\"token\":%" PRId64 ",\"next_run\":\"bench-%zu\"}",
                 lane->job, lane->token, run);
        return "finish";
    case BENCH_RESULTS:
        snprintf(out, size, "{\"run\":\"bench-%zu\",\"prefix\":\"\",\"after\":0,\"limit\":%d}", run,
                 SHOWN_MAX);
        return "results";
    default:
        write_collect(wire, run, out, size);
        return "collect";
    }
}

static bool sidecar_send(struct bench_wire *base, size_t index, enum bench_step step,
                         struct pm_error *error)
{
    struct sidecar_wire *wire = (struct sidecar_wire *)base;
    struct lane *lane = &wire->lanes[index];
    char arguments[64 + SHOWN_MAX * (NUMBER_MAX + 1)];
    uint8_t header[PM_WIRE_HEADER_MAX];
    lane->step = step;
    lane->request += (uint64_t)1 << LANE_BITS;
    const char *verb = write_arguments(wire, lane, arguments, sizeof arguments);
    const struct pm_wire_frame frames[3] = {
        {header, pm_wire_header_encode(header, lane->request, verb)},
        {arguments, strlen(arguments)},
        {wire->payload, wire->payload_size},
    };
    size_t count = step == BENCH_PUT || step == BENCH_FINISH || step == BENCH_NEXT ? 3 : 2;
    return bench_zmtp_send(&wire->links[index / wire->window], frames, count, error);
}

/* ---- receiving ---- */

/* Reads the number after the next `"NAME":` from *at on, and puts *at behind it. */
static bool next_number(const struct pm_wire_frame *arguments, size_t *at, const char *name,
                        int64_t *out)
{
    const char *begin = (const char *)arguments->data + *at;
    const char *found = memmem(begin, arguments->size - *at, name, strlen(name));
    if (found == NULL) {
        return false;
    }
    char digits[NUMBER_MAX + 1] = "";
    const char *end = (const char *)arguments->data + arguments->size;
    const char *from = found + strlen(name);
    memcpy(digits, from, (size_t)(end - from < NUMBER_MAX ? end - from : NUMBER_MAX));
    *out = strtoll(digits, NULL, 10);
    *at = (size_t)(from - (const char *)arguments->data);
    return true;
}

static void read_shown(struct sidecar_wire *wire, size_t run, const struct pm_wire_frame *arguments)
{
    size_t count = 0, at = 0;
    while (count < SHOWN_MAX && next_number(arguments, &at, "\"job\":", &wire->shown[run][count])) {
        count++;
    }
    wire->base.runs[run].pending = count;
}

static bool read_answer(struct sidecar_wire *wire, struct lane *lane, const char *verb,
                        const struct pm_wire_frame *arguments, struct pm_error *error)
{
    size_t at = 0;
    struct bench_wire_run *run = &wire->base.runs[run_of(wire, lane)];
    if (strcmp(verb, "ok") != 0) {
        return pm_fail(error, PM_ERROR_REFUSED, "the sidecar: %.*s", (int)arguments->size,
                       (const char *)arguments->data);
    }
    switch (lane->step) {
    case BENCH_NEXT:
        at = strlen("{\"job\":"); /* the one that is finished */
        /* fall through */
    case BENCH_LEASE:
        return (next_number(arguments, &at, "\"job\":", &lane->job) &&
                next_number(arguments, &at, "\"token\":", &lane->token)) ||
               pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar had no job to lease");
    case BENCH_RESULTS:
        read_shown(wire, run_of(wire, lane), arguments);
        return true;
    case BENCH_COLLECT:
        run->collected += run->pending;
        run->pending = 0;
        return true;
    default:
        return true;
    }
}

/* The next answer on this connection that a lane waits for; *got is false when there is none. */
static bool take_answer(struct sidecar_wire *wire, size_t link, bool *got, size_t *index,
                        struct pm_error *error)
{
    struct pm_wire_frame frames[BENCH_ZMTP_FRAMES_MAX];
    char verb[PM_WIRE_VERB_MAX + 1];
    uint64_t request;
    size_t count = 0;
    do {
        if (!bench_zmtp_next(&wire->links[link], frames, &count, error)) {
            return false;
        }
        if (count < 2) {
            *got = false;
            return true;
        }
        if (!pm_wire_header_decode(&frames[0], &request, verb, error)) {
            return false;
        }
        *index = (size_t)(request & (((uint64_t)1 << LANE_BITS) - 1));
    } while (*index / wire->window != link || wire->lanes[*index].request != request); /* a ping */
    *got = true;
    return read_answer(wire, &wire->lanes[*index], verb, &frames[1], error);
}

static bool poll_links(struct sidecar_wire *wire, struct pm_error *error)
{
    if (poll(wire->items, wire->count, BENCH_SILENCE_MS) <= 0) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "the sidecar does not answer");
    }
    wire->next = 0;
    wire->polled = true;
    for (size_t i = 0; i < wire->count; i++) {
        if (wire->items[i].revents != 0 && !bench_zmtp_read(&wire->links[i], error)) {
            return false;
        }
    }
    return true;
}

static bool sidecar_receive(struct bench_wire *base, size_t *index, struct pm_error *error)
{
    struct sidecar_wire *wire = (struct sidecar_wire *)base;
    for (;;) {
        if (!wire->polled && !poll_links(wire, error)) {
            return false;
        }
        while (wire->next < wire->count) {
            bool got = false;
            if (wire->items[wire->next].revents != 0 &&
                !take_answer(wire, wire->next, &got, index, error)) {
                return false;
            }
            if (got) {
                return true;
            }
            wire->next++;
        }
        wire->polled = false;
    }
}

/* ---- opening ---- */

static bool open_link(struct sidecar_wire *wire, size_t index, int port, struct pm_error *error)
{
    char identity[PM_WIRE_ROUTING_ID_MAX + 1], name[32];
    snprintf(name, sizeof name, "bench-%zu", index);
    if (pm_wire_identity_encode("worker", name, index, identity, error) == 0 ||
        !bench_zmtp_open(&wire->links[index], port, identity, error)) {
        return false;
    }
    wire->items[index] = (struct pollfd){.fd = wire->links[index].descriptor, .events = POLLIN};
    return true;
}

struct bench_wire *bench_wire_sidecar(const struct bench_wire_config *config,
                                      struct pm_error *error)
{
    static const struct bench_wire_verbs verbs = {sidecar_close, sidecar_send, sidecar_receive};
    struct sidecar_wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
        return NULL;
    }
    const size_t lanes = config->links * config->window;
    wire->base = (struct bench_wire){.verbs = &verbs, .keeps_results = true, .finish_leases = true};
    wire->window = config->window;
    wire->runs = config->runs;
    wire->payload_size = config->payload;
    wire->items = calloc(config->links, sizeof *wire->items);
    wire->links = calloc(config->links, sizeof *wire->links);
    wire->lanes = calloc(lanes, sizeof *wire->lanes);
    wire->payload = calloc(1, config->payload + 1);
    bool good = wire->items != NULL && wire->links != NULL && wire->lanes != NULL &&
                wire->payload != NULL && lanes < (size_t)1 << LANE_BITS;
    if (!good) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
    }
    for (size_t i = 0; good && i < lanes; i++) {
        wire->lanes[i].request = i;
    }
    for (size_t i = 0; good && i < config->links; i++) {
        wire->count = i + 1;
        good = open_link(wire, i, config->port, error);
    }
    if (!good) {
        sidecar_close(&wire->base);
        return NULL;
    }
    return &wire->base;
}
