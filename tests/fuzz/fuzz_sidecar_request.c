/* Requests to the sidecar, carried out against a store in memory: the input is a row of messages,
 * separated by NUL bytes:
 *
 *   VERB JSON         a request; after a line break its body
 *   @ID VERB JSON     the same from the client with this routing id, whatever it is
 *   +NUMBER           so many milliseconds pass: leases run out, who waits is told
 *   !JSON             the page's order to the supervisor
 *
 * Sockets are left out, all else is what the broker does. One store serves all inputs: each is one
 * transaction, rolled back. Inputs that speak to the view, which asks this store what it shows,
 * share one as well, for a while: making and ending one takes its threads far longer than an input.
 */
#include "sidecar/requests.h"
#include "tests/fuzz/view_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES_MAX = 24, EVENTS_MAX = 64, STEP_MS = 100, VIEW_INPUTS_MAX = 500, VIEW_LOOKS = 16 };

static const char WORKER[] = "worker:fuzz:0123456789abcdef";
static const char *const view_verbs[] = {"tell", "supervise", "state"};

static struct pm_reply_out *reply_create(void)
{
    struct pm_reply_out *reply = calloc(1, sizeof *reply);
    if (reply == NULL) {
        abort();
    }
    return reply;
}

/* A client can read it. */
static void check_reply(const struct pm_reply_out *reply)
{
    cJSON *arguments = NULL;
    if (reply->arguments == NULL || reply->body_count > PM_WIRE_BODIES_MAX ||
        !pm_json_parse(reply->arguments, strlen(reply->arguments), PM_WIRE_REPLY_ARGUMENTS_MAX,
                       &arguments, NULL) ||
        !cJSON_IsObject(arguments)) {
        abort();
    }
    cJSON_Delete(arguments);
}

static void drop(struct pm_reply_out *reply)
{
    pm_reply_out_clear(reply);
    free(reply);
}

/* ---- who waits for work ---- */

static void serve_parked(struct pm_desk *desk)
{
    struct pm_peer *next;
    if (!desk->queue->work_arrived) {
        return;
    }
    desk->queue->work_arrived = false;
    for (struct pm_peer *peer = desk->roster->parked_first; peer != NULL; peer = next) {
        struct pm_reply_out *reply = reply_create();
        bool found;
        next = pm_roster_next_parked(peer);
        if (!pm_request_serve_parked(desk, peer, reply, &found, NULL)) {
            abort();
        }
        if (found) {
            check_reply(reply);
            peer->last_lease_request = peer->parked_request;
            pm_roster_unpark(desk->roster, peer);
        }
        drop(reply);
    }
}

static void send_away_overdue(struct pm_desk *desk)
{
    struct pm_peer *next;
    for (struct pm_peer *peer = desk->roster->parked_first; peer != NULL; peer = next) {
        next = pm_roster_next_parked(peer);
        if (peer->parked_until_ms <= desk->now.steady_ms) {
            struct pm_reply_out *reply = reply_create();
            if (!pm_request_nothing_found(peer, reply, NULL)) {
                abort();
            }
            check_reply(reply);
            drop(reply);
            pm_roster_unpark(desk->roster, peer);
        }
    }
}

static void pass_time(struct pm_desk *desk, long duration_ms)
{
    struct pm_queue_event events[EVENTS_MAX];
    size_t count;
    desk->now.steady_ms += duration_ms;
    desk->now.unix_ms += duration_ms;
    if (!pm_queue_tick(desk->queue, desk->now, events, EVENTS_MAX, &count, NULL)) {
        abort();
    }
    serve_parked(desk);
    send_away_overdue(desk);
}

/* ---- the view ---- */

static struct pm_view *kept_view;
static int view_inputs; /* that have spoken to it */

static void take_view(struct pm_desk *desk)
{
    const struct pm_view_config config = view_server_config();
    if (kept_view == NULL && !pm_view_create(&config, &kept_view, NULL)) {
        abort();
    }
    desk->view = kept_view;
}

static void order(struct pm_view *view, const char *text, size_t length)
{
    cJSON *json = NULL;
    int64_t number;
    if (pm_json_parse(text, length, PM_VIEW_ORDER_MAX, &json, NULL)) {
        pm_view_order(view, json, &number, NULL);
    }
    cJSON_Delete(json);
}

/* The view's threads are waited for now and then only. */
static bool is_time_to_look(void)
{
    return view_inputs % VIEW_LOOKS == 0;
}

/* What the page reads of it. */
static void read_view(struct pm_view *view)
{
    cJSON_Delete(pm_view_settings(view, NULL));
    if (is_time_to_look()) {
        cJSON_Delete(pm_view_results(view, 0, PM_VIEW_RESULTS_MAX, NULL));
    }
    if (++view_inputs == VIEW_INPUTS_MAX) {
        pm_view_destroy(kept_view);
        kept_view = NULL;
        view_inputs = 0;
    }
}

static void prepare_view(struct pm_desk *desk, const char *verb)
{
    for (size_t i = 0; i < sizeof view_verbs / sizeof *view_verbs; i++) {
        if (strcmp(verb, view_verbs[i]) == 0) {
            take_view(desk);
        }
    }
    if (strcmp(verb, "state") == 0 && is_time_to_look()) {
        view_server_renew(desk->view);
    }
}

/* ---- messages ---- */

/* Reads "VERB JSON\nBODY"; false when it is no message. */
static bool read_message(char *text, size_t length, uint64_t id, struct pm_wire_frame frames[3],
                         uint8_t header[PM_WIRE_HEADER_MAX], struct pm_wire_message *out)
{
    char *space = memchr(text, ' ', length);
    if (space == NULL || space == text || space - text > PM_WIRE_VERB_MAX) {
        return false;
    }
    *space = '\0';
    size_t left = length - (size_t)(space + 1 - text);
    char *line = memchr(space + 1, '\n', left);
    size_t arguments = line == NULL ? left : (size_t)(line - space - 1);
    frames[0] = (struct pm_wire_frame){header, pm_wire_header_encode(header, id, text)};
    frames[1] = (struct pm_wire_frame){space + 1, arguments};
    frames[2] = (struct pm_wire_frame){line == NULL ? NULL : line + 1,
                                       line == NULL ? 0 : left - arguments - 1};
    return pm_wire_decode(frames, line == NULL ? 2 : 3, PM_WIRE_ARGUMENTS_MAX, out, NULL);
}

static void carry_out(struct pm_desk *desk, const char *routing_id, size_t routing_id_size,
                      const struct pm_wire_message *message)
{
    struct pm_error error = {0};
    struct pm_reply_out *reply = reply_create();
    bool parked;
    prepare_view(desk, message->verb);
    view_server_hold();
    struct pm_peer *peer =
        pm_roster_hear(desk->roster, routing_id, routing_id_size, desk->now.steady_ms);
    bool done = pm_request_handle(desk, peer, message, reply, &parked, &error);
    if (!done && (error.code == PM_ERROR_NONE || error.code == PM_ERROR_IO ||
                  error.code == PM_ERROR_MEMORY || !pm_reply_out_error(reply, &error))) {
        abort(); /* no request may make the store fail */
    }
    serve_parked(desk);
    view_server_release();
    if (!parked) {
        check_reply(reply);
    }
    drop(reply);
}

static void request(struct pm_desk *desk, char *text, size_t length, uint64_t id)
{
    const char *routing_id = WORKER;
    size_t routing_id_size = strlen(WORKER);
    struct pm_wire_frame frames[3];
    uint8_t header[PM_WIRE_HEADER_MAX];
    struct pm_wire_message message;
    if (*text == '@') {
        routing_id = text + 1;
        routing_id_size = strcspn(routing_id, " ");
        text += routing_id_size + 1;
        length -= routing_id_size + 1;
        if (length == 0) {
            return;
        }
        text++;
        length--;
    }
    if (read_message(text, length, id, frames, header, &message)) {
        carry_out(desk, routing_id, routing_id_size, &message);
        pm_wire_message_clear(&message);
    }
}

static void take(struct pm_desk *desk, char *text, size_t length, uint64_t id)
{
    if (*text == '!') {
        take_view(desk);
        order(desk->view, text + 1, length - 1);
        return;
    }
    if (*text != '+') {
        request(desk, text, length, id);
    }
    const long passes_ms = *text == '+' ? strtol(text + 1, NULL, 10) : STEP_MS;
    view_server_hold();
    pass_time(desk, passes_ms > 0 && passes_ms < INT32_MAX ? passes_ms : 0);
    view_server_release();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pm_queue_config config = {.lease_ms = 1000, .max_jobs = 8, .max_bytes = 10000};
    static struct pm_store *store;
    struct pm_queue queue;
    struct pm_roster roster;
    struct pm_desk desk = {.queue = &queue,
                           .roster = &roster,
                           .lease_ms = config.lease_ms,
                           .heartbeat_ms = 100,
                           .now = {.steady_ms = 0, .unix_ms = 1700000000000}};
    char *text = malloc(size + 1);
    if (text == NULL || !pm_roster_create(&roster) ||
        (store == NULL && !pm_store_sqlite_open(":memory:", false, &store, NULL)) ||
        !pm_queue_open(&queue, store, &config, desk.now, NULL) ||
        !pm_queue_begin(&queue, true, NULL)) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    view_server_hold();
    view_server_lend(&desk);
    view_server_release();
    size_t at = 0;
    for (uint64_t id = 1; at < size && id <= MESSAGES_MAX; id++) {
        size_t length = strnlen(text + at, size - at);
        if (length > 0) {
            take(&desk, text + at, length, id);
        }
        at += length + 1;
    }
    if (desk.view != NULL) {
        read_view(desk.view);
    }
    view_server_hold();
    view_server_lend(NULL);
    view_server_release();
    free(text);
    pm_queue_rollback(&queue);
    pm_roster_destroy(&roster);
    return 0;
}
