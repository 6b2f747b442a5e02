/* The sidecar's client against a sidecar that misbehaves as it is told: silent, late, gone, wrong.
 */
#include "cmocka_include.h"
#include "loopback.h"
#include "own_clock.h"

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/queue_client.h>
#include <poolminer/wire.h>

/* ---- a sidecar that follows a script ---- */

enum { STEPS_MAX = 8, PROBES = 1000, PROBE_BYTES = 65536 };

enum act {
    ANSWER,  /* with the step's verb, arguments and body */
    SILENCE, /* takes the request and says nothing */
    LATE_ID, /* first an answer to another request, and a ping */
    PROBE,   /* the answer, then PROBES pings that are too large to lie about */
    GARBAGE, /* an answer that is none */
    HANG_UP, /* closes the socket and listens again */
};

struct step {
    enum act act;
    const char *verb, *arguments, *body;
};

struct seen {
    uint64_t id;
    char verb[PM_WIRE_VERB_MAX + 1];
    char arguments[512];
    char body[32];
    char routing_id[PM_WIRE_ROUTING_ID_MAX + 1];
};

static struct script {
    struct step steps[STEPS_MAX];
    struct seen seen[STEPS_MAX];
    size_t count;
    atomic_size_t taken;  /* steps whose request has come */
    atomic_size_t probes; /* that were sent */
    atomic_bool over;
    void *context, *socket;
    char url[64];
    pthread_t thread;
} script;

static struct pm_error error;

static void listen_at(const char *endpoint)
{
    const int no_linger = 0, on = 1, few = 16;
    size_t size = sizeof script.url;
    script.socket = zmq_socket(script.context, ZMQ_ROUTER);
    zmq_setsockopt(script.socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
    zmq_setsockopt(script.socket, ZMQ_ROUTER_HANDOVER, &on, sizeof on);
    zmq_setsockopt(script.socket, ZMQ_ROUTER_MANDATORY, &on, sizeof on);
    zmq_setsockopt(script.socket, ZMQ_SNDHWM, &few, sizeof few);
    while (zmq_bind(script.socket, endpoint) != 0) { /* the old one closes in the background */
        pm_clock_sleep_ms(5);
    }
    zmq_getsockopt(script.socket, ZMQ_LAST_ENDPOINT, script.url, &size);
}

static void answer(const struct seen *to, uint64_t id, const struct step *step)
{
    uint8_t header[PM_WIRE_HEADER_MAX];
    const struct pm_wire_frame frames[4] = {
        {to->routing_id, strlen(to->routing_id)},
        {header, pm_wire_header_encode(header, id, step->verb)},
        {step->arguments, strlen(step->arguments)},
        {step->body, step->body == NULL ? 0 : strlen(step->body)},
    };
    pm_wire_send(script.socket, frames, step->body == NULL ? 3 : 4);
}

static void copy(char *out, size_t size, const zmq_msg_t *part)
{
    snprintf(out, size, "%.*s", (int)zmq_msg_size(part), (char *)zmq_msg_data((zmq_msg_t *)part));
}

/* False when the test is over and no step is left. */
static bool receive(struct seen *seen)
{
    zmq_msg_t parts[4];
    size_t count = 0;
    zmq_pollitem_t item = {script.socket, 0, ZMQ_POLLIN, 0};
    while (count == 0) {
        if (atomic_load(&script.taken) == script.count && atomic_load(&script.over)) {
            return false;
        }
        zmq_poll(&item, 1, 20);
        pm_wire_receive(script.socket, parts, 4, &count, NULL);
    }
    const struct pm_wire_frame header = {zmq_msg_data(&parts[1]), zmq_msg_size(&parts[1])};
    pm_wire_header_decode(&header, &seen->id, seen->verb, NULL);
    copy(seen->routing_id, sizeof seen->routing_id, &parts[0]);
    copy(seen->arguments, sizeof seen->arguments, &parts[2]);
    if (count > 3) {
        copy(seen->body, sizeof seen->body, &parts[3]);
    }
    pm_wire_close(parts, count);
    return true;
}

/* As fast as they are taken, until the test is over. */
static void probe(const struct seen *to)
{
    static char blanks[PROBE_BYTES];
    uint8_t header[PM_WIRE_HEADER_MAX];
    const struct pm_wire_frame frames[3] = {
        {to->routing_id, strlen(to->routing_id)},
        {header, pm_wire_header_encode(header, 0, "ping")},
        {blanks, sizeof blanks},
    };
    memset(blanks, ' ', sizeof blanks);
    blanks[0] = '{';
    blanks[sizeof blanks - 1] = '}';
    while (atomic_load(&script.probes) < PROBES && !atomic_load(&script.over)) {
        if (pm_wire_send(script.socket, frames, 3) == PM_WIRE_SENT) {
            atomic_fetch_add(&script.probes, 1);
        } else {
            pm_clock_sleep_ms(1);
        }
    }
}

static void act(const struct step *step, const struct seen *seen)
{
    const struct step ping = {.verb = "ping", .arguments = "{}"};
    const struct step garbage = {.verb = "ok", .arguments = "[1,"};
    switch (step->act) {
    case LATE_ID:
        answer(seen, seen->id + 1000, &(struct step){.verb = "ok", .arguments = "{}"});
        answer(seen, 0, &ping);
        answer(seen, seen->id, step);
        break;
    case PROBE:
        answer(seen, seen->id, step);
        probe(seen);
        break;
    case ANSWER:
        answer(seen, seen->id, step);
        break;
    case GARBAGE:
        answer(seen, seen->id, &garbage);
        break;
    case HANG_UP:
        zmq_close(script.socket);
        listen_at(script.url);
        break;
    case SILENCE:
        break;
    }
}

/* On a busy machine an answer may come so late that the client has asked again: the same step then
 * answers once more, and only another request, or one that was not answered, takes the next. */
static void *follow(void *context)
{
    (void)context;
    struct seen seen = {0};
    while (receive(&seen)) {
        size_t taken = atomic_load(&script.taken);
        const struct step *last = taken > 0 ? &script.steps[taken - 1] : NULL;
        if (last != NULL && script.seen[taken - 1].id == seen.id && last->act != SILENCE &&
            last->act != HANG_UP) {
            act(last, &seen);
        } else if (taken < script.count) {
            script.seen[taken] = seen;
            atomic_store(&script.taken, taken + 1);
            act(&script.steps[taken], &seen);
        }
        seen = (struct seen){0};
    }
    return NULL;
}

static void begin_script(const struct step *steps, size_t count)
{
    memset(&script, 0, sizeof script);
    script.count = count;
    memcpy(script.steps, steps, count * sizeof *steps);
    script.context = zmq_ctx_new();
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "tcp://%s:*", loopback_address());
    listen_at(endpoint);
    assert_int_equal(pthread_create(&script.thread, NULL, follow, NULL), 0);
}

static void end_script(void)
{
    atomic_store(&script.over, true);
    assert_int_equal(pthread_join(script.thread, NULL), 0);
    zmq_close(script.socket);
    zmq_ctx_term(script.context);
}
#define SCRIPT(...)                                                                                \
    begin_script((const struct step[]){__VA_ARGS__},                                               \
                 sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

static struct pm_queue_client *client_open(int64_t timeout_ms)
{
    const struct pm_queue_client_config config = {
        .url = script.url, .role = "worker", .name = "w-1", .timeout_ms = timeout_ms};
    struct pm_queue_client *client;
    assert_true(pm_queue_client_create(&config, &client, &error));
    return client;
}

/* ---- creating ---- */

static void refuse_config(const char *url, const char *role, const char *name, int64_t timeout_ms,
                          const char *words)
{
    const struct pm_queue_client_config config = {
        .url = url, .role = role, .name = name, .timeout_ms = timeout_ms};
    struct pm_queue_client *client;
    assert_false(pm_queue_client_create(&config, &client, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    if (strstr(error.message, words) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", words, error.message);
    }
}

static void bad_configurations_are_refused(void **state)
{
    (void)state;
    refuse_config("http://127.0.0.1:1", "worker", "w", 1000, "http://127.0.0.1:1");
    refuse_config(NULL, "worker", "w", 1000, "nothing");
    refuse_config("tcp://127.example.org:1", "worker", "w", 1000, "on another machine");
    refuse_config("tcp://127.0.0.1.example.org:1", "worker", "w", 1000, "on another machine");
    refuse_config("tcp://localhost.example.org:1", "worker", "w", 1000, "on another machine");
    refuse_config("tcp://127.0.0.1", "worker", "w", 1000, "tcp://127.0.0.1");
    refuse_config("tcp://127.0.0.1:99999", "worker", "w", 1000, "tcp://127.0.0.1:99999");
    refuse_config("tcp://127.0.0.1:0", "worker", "w", 1000, "must look like");
    refuse_config("tcp://127.0.0.1:1x", "worker", "w", 1000, "must look like");
    refuse_config("tcp://127.0.0.1:1", "boss", "w", 1000, "boss");
    refuse_config("tcp://127.0.0.1:1", "worker", "a b", 1000, "a b");
    refuse_config("tcp://127.0.0.1:1", "worker", "w", 0, "above 0");
    pm_queue_client_destroy(NULL);
}

/* ---- what is sent ---- */

static void requests_look_as_the_protocol_says(void **state)
{
    (void)state;
    SCRIPT({ANSWER, "ok", "{\"job\":7,\"existed\":true}", NULL}, {ANSWER, "ok", "{}", NULL},
           {ANSWER, "ok", "{}", NULL}, {ANSWER, "ok", "{}", NULL},
           {ANSWER, "ok", "{\"lease_ms\":20000}", NULL});
    struct pm_queue_client *client = client_open(60000);
    const struct pm_job_put put = {.run_id = "r\"1",
                                   .key = "k",
                                   .kind = "evolve",
                                   .priority = -5,
                                   .deadline_ms = 1790000000123,
                                   .body = "body",
                                   .body_size = 4};
    int64_t id;
    bool existed;
    assert_true(pm_queue_client_put(client, &put, &id, &existed, &error));
    assert_int_equal(id, 7);
    assert_true(existed);
    assert_true(pm_queue_client_progress(client, 7, 2, " {\"done\": 1}", &error));
    assert_true(pm_queue_client_release(client, 7, 2, NULL, 0, &error));
    assert_true(pm_queue_client_release(client, 7, 2, "", 0, &error));
    assert_true(pm_queue_client_checkpoint(client, 7, 2, "half", 4, &error));
    end_script();
    assert_string_equal(script.seen[4].verb, "checkpoint");
    assert_string_equal(script.seen[4].arguments, "{\"job\":7,\"token\":2}");
    assert_string_equal(script.seen[4].body, "half");
    assert_string_equal(script.seen[0].verb, "put");
    assert_string_equal(script.seen[0].arguments,
                        "{\"run\":\"r\\\"1\",\"key\":\"k\",\"kind\":\"evolve\",\"priority\":-5,"
                        "\"deadline_ms\":1790000000123}");
    assert_string_equal(script.seen[0].body, "body");
    assert_int_equal(strncmp(script.seen[0].routing_id, "worker:w-1:", 11), 0);
    assert_string_equal(script.seen[1].arguments,
                        "{\"job\":7,\"token\":2,\"progress\":{\"done\":1}}");
    assert_string_equal(script.seen[2].verb, "release");
    assert_true(script.seen[1].id == script.seen[0].id + 1);
    pm_queue_client_destroy(client);
}

static void a_reason_is_cut_and_made_readable(void **state)
{
    (void)state;
    SCRIPT({ANSWER, "ok", "{}", NULL}, {ANSWER, "ok", "{}", NULL});
    struct pm_queue_client *client = client_open(60000);
    char reason[3000];
    memset(reason, 'x', sizeof reason);
    reason[sizeof reason - 1] = '\0';
    assert_true(pm_queue_client_fail(client, 7, 2, "bad \xc3\xa9 \xff", true, &error));
    assert_true(pm_queue_client_fail(client, 7, 2, reason, true, &error));
    end_script();
    assert_string_equal(script.seen[0].arguments,
                        "{\"job\":7,\"token\":2,\"reason\":\"bad \xc3\xa9 ?\",\"retry\":true}");
    pm_queue_client_destroy(client);
}

static void too_much_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    SCRIPT({ANSWER, "ok", "{}", NULL});
    struct pm_queue_client *client = client_open(60000);
    char *large = calloc(1, PM_JOB_BODY_MAX + 1);
    const struct pm_job_put put = {
        .run_id = "r", .key = "k", .kind = "e", .body = large, .body_size = PM_JOB_BODY_MAX + 1};
    int64_t id;
    assert_false(pm_queue_client_put(client, &put, &id, NULL, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_false(pm_queue_client_finish(
        client, &(struct pm_job_finish){1, 1, large, PM_JOB_BODY_MAX + 1}, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_false(pm_queue_client_release(client, 1, 1, large, PM_JOB_BODY_MAX + 1, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    const struct pm_record_put record = {.run_id = "r",
                                         .key = "k",
                                         .state = "open",
                                         .body = large,
                                         .body_size = PM_JOB_BODY_MAX + 1};
    assert_false(pm_queue_client_record_put(client, &record, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_false(pm_queue_client_progress(client, 1, 1, "not json", &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    free(large);
    assert_true(pm_queue_client_progress(client, 1, 1, NULL, &error));
    end_script();
    pm_queue_client_destroy(client);
}

static int allocations_left;

static void *scarce_malloc(size_t size)
{
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static bool put_with_allocations(struct pm_queue_client *client, int count)
{
    cJSON_Hooks scarce = {.malloc_fn = scarce_malloc, .free_fn = free};
    const struct pm_job_put put = {.run_id = "r", .key = "k", .kind = "e", .body = ""};
    allocations_left = count;
    cJSON_InitHooks(&scarce);
    bool done = pm_queue_client_put(client, &put, NULL, NULL, &error);
    cJSON_InitHooks(NULL);
    return done;
}

static void a_request_is_sent_whole_or_not_at_all(void **state)
{
    (void)state;
    SCRIPT({ANSWER, "error", "{\"error\":\"limit\",\"message\":\"no\"}", NULL});
    struct pm_queue_client *client = client_open(60000);
    int count = 0;
    while (atomic_load(&script.taken) == 0) {
        assert_false(put_with_allocations(client, count++));
        assert_true(atomic_load(&script.taken) == 1 || error.code == PM_ERROR_MEMORY);
    }
    assert_true(count > 10); /* an object of five members, each with a name */
    end_script();
    assert_string_equal(
        script.seen[0].arguments,
        "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\",\"priority\":0,\"deadline_ms\":0}");
    pm_queue_client_destroy(client);
}

/* ---- what comes back ---- */

static void errors_become_codes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum pm_error_code code;
    } cases[] = {
        {"version", PM_ERROR_PROTOCOL},   {"invalid", PM_ERROR_INVALID},
        {"limit", PM_ERROR_LIMIT},        {"full", PM_ERROR_UNAVAILABLE},
        {"lease-lost", PM_ERROR_REFUSED}, {"not-found", PM_ERROR_NOT_FOUND},
        {"store", PM_ERROR_UNAVAILABLE},  {"unheard-of", PM_ERROR_PROTOCOL},
    };
    struct step steps[STEPS_MAX];
    char texts[STEPS_MAX][100];
    for (size_t i = 0; i < STEPS_MAX; i++) {
        snprintf(texts[i], sizeof texts[i], "{\"error\":\"%s\",\"message\":\"why it is\"}",
                 cases[i].name);
        steps[i] = (struct step){ANSWER, "error", texts[i], NULL};
    }
    begin_script(steps, STEPS_MAX);
    struct pm_queue_client *client = client_open(60000);
    for (size_t i = 0; i < STEPS_MAX; i++) {
        assert_false(pm_queue_client_finish(client, &(struct pm_job_finish){1, 1, "x", 1}, &error));
        assert_int_equal(error.code, cases[i].code);
        assert_non_null(strstr(error.message, "why it is"));
    }
    end_script();
    pm_queue_client_destroy(client);
}

static void late_answers_and_pings_are_passed_over(void **state)
{
    (void)state;
    SCRIPT({LATE_ID, "ok", "{\"job\":7,\"existed\":false}", NULL});
    struct pm_queue_client *client = client_open(60000);
    const struct pm_job_put put = {.run_id = "r", .key = "k", .kind = "e", .body = ""};
    int64_t id;
    assert_true(pm_queue_client_put(client, &put, &id, NULL, &error));
    assert_int_equal(id, 7);
    end_script();
    pm_queue_client_destroy(client);
}

/* A worker that computes for long makes no call, and its connection is probed all the while. */
static void who_makes_no_call_may_listen(void **state)
{
    (void)state;
    SCRIPT({PROBE, "ok", "{\"found\":false}", NULL}, {ANSWER, "ok", "{}", NULL});
    struct pm_queue_client *client = client_open(60000);
    const int64_t until_ms = pm_clock_monotonic_ms() + 60000;
    struct pm_job job;
    bool found;
    assert_true(pm_queue_client_lease(client, "", 0, &job, &found, &error));
    while (atomic_load(&script.probes) < PROBES) {
        pm_queue_client_listen(client);
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(1);
    }
    assert_true(pm_queue_client_progress(client, 1, 1, NULL, &error));
    end_script();
    pm_queue_client_destroy(client);
}

static void expect_protocol_error(struct step step)
{
    begin_script(&step, 1);
    struct pm_queue_client *client = client_open(60000);
    struct pm_job job;
    bool found;
    assert_false(pm_queue_client_lease(client, "", 0, &job, &found, &error));
    assert_int_equal(error.code, PM_ERROR_PROTOCOL);
    end_script();
    pm_queue_client_destroy(client);
}

static void answers_that_are_none_are_protocol_errors(void **state)
{
    (void)state;
    const char *good = "{\"found\":true,\"job\":1,\"token\":1,\"attempt\":1,\"lease_ms\":1,"
                       "\"deadline_ms\":0,\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\","
                       "\"checkpoint\":true}";
    expect_protocol_error((struct step){GARBAGE, NULL, NULL, NULL});
    expect_protocol_error((struct step){ANSWER, "error", "{}", NULL});
    expect_protocol_error((struct step){ANSWER, "ok", "{\"found\":true,\"job\":\"x\"}", "b"});
    expect_protocol_error((struct step){ANSWER, "ok", good, "the checkpoint is missing"});
}

static void a_reply_without_what_it_must_have_is_an_error(void **state)
{
    (void)state;
    SCRIPT({ANSWER, "ok", "{}", NULL}, {ANSWER, "ok", "{\"jobs\":[{}],\"more\":false}", NULL},
           {ANSWER, "ok", "{\"jobs\":[{}],\"more\":false}", "b"},
           {ANSWER, "ok", "{\"jobs\":[],\"more\":true}", NULL},
           {ANSWER, "ok", "{\"records\":[{}],\"more\":true}", "b"});
    struct pm_queue_client *client = client_open(60000);
    struct pm_job_results results;
    struct pm_records records;
    const struct pm_job_put put = {.run_id = "r", .key = "k", .kind = "e", .body = ""};
    int64_t id;
    assert_false(pm_queue_client_put(client, &put, &id, NULL, &error));
    assert_int_equal(error.code, PM_ERROR_PROTOCOL);
    assert_string_equal(error.message, "the sidecar's reply to put: job: missing");
    for (int i = 0; i < 3; i++) {
        assert_false(pm_queue_client_results(client, "r", "", 10, &results, &error));
        assert_int_equal(results.count, 0);
        assert_null(results.items);
        assert_int_equal(error.code, PM_ERROR_PROTOCOL);
    }
    assert_non_null(strstr(error.message, "does not end"));
    assert_false(pm_queue_client_records(client, "r", "", "", 10, &records, &error));
    assert_int_equal(error.code, PM_ERROR_PROTOCOL);
    end_script();
    pm_queue_client_destroy(client);
}

static void cancelling_goes_on_only_while_it_gets_further(void **state)
{
    (void)state;
    char late[400];
    snprintf(late, sizeof late, "{\"cancelled\":1,\"more\":true,\"last\":\"z%0300d\"}", 0);
    SCRIPT({ANSWER, "ok", "{\"cancelled\":2,\"more\":true,\"last\":\"a/2\"}", NULL},
           {ANSWER, "ok", "{\"cancelled\":1,\"more\":false,\"last\":\"\"}", NULL},
           {ANSWER, "ok", "{\"cancelled\":2,\"more\":true,\"last\":\"a/2\"}", NULL},
           {ANSWER, "ok", "{\"cancelled\":2,\"more\":true,\"last\":\"a/2\"}", NULL},
           {ANSWER, "ok", late, NULL}, {ANSWER, "ok", "{\"cancelled\":1}", NULL});
    struct pm_queue_client *client = client_open(60000);
    size_t cancelled = 0;
    assert_true(pm_queue_client_cancel(client, "r", "a/", &cancelled, &error));
    assert_int_equal(cancelled, 3);
    for (int i = 0; i < 3; i++) { /* no further; a key that is cut would repeat; nothing said */
        assert_false(pm_queue_client_cancel(client, "r", "a/", &cancelled, &error));
        assert_int_equal(error.code, PM_ERROR_PROTOCOL);
        assert_non_null(strstr(error.message, "the sidecar's reply to cancel"));
    }
    end_script();
    pm_queue_client_destroy(client);
}

/* ---- silence ---- */

static void silence_is_answered_by_asking_again(void **state)
{
    (void)state;
    SCRIPT({SILENCE, NULL, NULL, NULL}, {ANSWER, "ok", "{\"job\":7,\"existed\":true}", NULL});
    struct pm_queue_client *client = client_open(60000);
    const struct pm_job_put put = {.run_id = "r", .key = "k", .kind = "e", .body = ""};
    int64_t id;
    assert_true(pm_queue_client_put(client, &put, &id, NULL, &error));
    end_script();
    assert_true(script.seen[0].id == script.seen[1].id);
    assert_string_equal(script.seen[0].routing_id, script.seen[1].routing_id);
    pm_queue_client_destroy(client);
}

static void a_lost_connection_is_noticed_at_once(void **state)
{
    (void)state;
    SCRIPT({HANG_UP, NULL, NULL, NULL}, {HANG_UP, NULL, NULL, NULL}, {HANG_UP, NULL, NULL, NULL},
           {ANSWER, "ok", "{\"job\":7,\"existed\":true}", NULL});
    struct pm_queue_client *client = client_open(60000);
    const struct pm_job_put put = {.run_id = "r", .key = "k", .kind = "e", .body = ""};
    int64_t id, begin_ms = own_clock_ms();
    if (!pm_queue_client_put(client, &put, &id, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    assert_true(own_clock_ms() - begin_ms < 6500); /* silence takes seven seconds */
    end_script();
    assert_true(script.seen[0].id == script.seen[3].id);
    pm_queue_client_destroy(client);
}

static void nobody_there_takes_the_timeout(void **state)
{
    (void)state;
    const struct pm_queue_client_config config = {
        .url = "tcp://127.0.0.1:1", .role = "driver", .name = "d", .timeout_ms = 300};
    struct pm_queue_client *client;
    char *status;
    int64_t begin_ms = pm_clock_monotonic_ms();
    assert_true(pm_queue_client_create(&config, &client, &error));
    assert_false(pm_queue_client_status(client, &status, &error));
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    assert_non_null(strstr(error.message, "tcp://127.0.0.1:1 within 300 ms"));
    assert_in_range(pm_clock_monotonic_ms() - begin_ms, 290, 30000);
    begin_ms = own_clock_ms();
    pm_queue_client_destroy(client);
    assert_true(own_clock_ms() - begin_ms < 5000); /* nothing lingers */
}

static void wait_until_taken(size_t steps)
{
    while (atomic_load(&script.taken) < steps) {
        pm_clock_sleep_ms(5);
    }
}

static void *set_when_asked(void *flag)
{
    wait_until_taken(1);
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

static void the_stop_flag_ends_a_call(void **state)
{
    (void)state;
    SCRIPT({SILENCE, NULL, NULL, NULL});
    struct pm_queue_client *client = client_open(60000);
    atomic_bool stop = false;
    pthread_t thread;
    char *status;
    pm_queue_client_set_stop_flag(client, &stop);
    int64_t begin_ms = pm_clock_monotonic_ms();
    assert_int_equal(pthread_create(&thread, NULL, set_when_asked, &stop), 0);
    assert_false(pm_queue_client_status(client, &status, &error));
    assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    assert_in_range(pm_clock_monotonic_ms() - begin_ms, 0, 30000); /* of 60,000 */
    assert_int_equal(pthread_join(thread, NULL), 0);
    end_script();
    pm_queue_client_destroy(client);
}

static void a_lease_without_an_answer_is_asked_for_again(void **state)
{
    (void)state;
    SCRIPT({SILENCE, NULL, NULL, NULL}, {ANSWER, "ok", "{\"found\":false}", NULL},
           {ANSWER, "ok", "{\"found\":false}", NULL});
    struct pm_queue_client *client = client_open(60000);
    struct pm_job job;
    bool found = true;
    atomic_bool stop = false; /* ends the call when the request has come, not at some time */
    pthread_t thread;
    pm_queue_client_set_stop_flag(client, &stop);
    assert_int_equal(pthread_create(&thread, NULL, set_when_asked, &stop), 0);
    assert_false(pm_queue_client_lease(client, "r", 0, &job, &found, &error));
    assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pm_queue_client_set_stop_flag(client, NULL);
    assert_true(pm_queue_client_lease(client, "r", 0, &job, &found, &error));
    assert_false(found);
    assert_true(pm_queue_client_lease(client, "r", 0, &job, &found, &error));
    end_script();
    assert_true(script.seen[1].id == script.seen[0].id); /* the lease it may have made */
    assert_true(script.seen[2].id != script.seen[1].id);
    pm_queue_client_destroy(client);
}

#define NEXT_LEASE                                                                                 \
    "{\"found\":true,\"job\":8,\"token\":3,\"attempt\":1,\"lease_ms\":20000,\"deadline_ms\":0,"    \
    "\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\",\"checkpoint\":false}"
#define FINISHED "{\"job\":7,\"repeated\":false,\"next\":" NEXT_LEASE "}"

static const struct pm_job_finish finish_7 = {
    .job_id = 7, .token = 2, .body = "done", .body_size = 4};

static void finishing_may_bring_the_next_job(void **state)
{
    (void)state;
    SCRIPT({ANSWER, "ok", FINISHED, "body"}, {ANSWER, "ok", "{\"job\":7,\"repeated\":false}", NULL},
           {ANSWER, "ok", "{\"job\":7,\"repeated\":true,\"next\":{\"found\":true}}", NULL});
    struct pm_queue_client *client = client_open(60000);
    struct pm_job job;
    bool found = false;
    assert_true(pm_queue_client_finish_and_lease(client, &finish_7, "r", &job, &found, &error));
    assert_true(found);
    assert_int_equal(job.job_id, 8);
    assert_int_equal(job.token, 3);
    assert_string_equal(job.run_id, "r");
    assert_int_equal(job.body_size, 4);
    pm_job_clear(&job);
    /* An older sidecar says nothing of a next job. */
    assert_true(pm_queue_client_finish_and_lease(client, &finish_7, "", &job, &found, &error));
    assert_false(found);
    /* The result is safe though the lease cannot be read. */
    assert_true(pm_queue_client_finish_and_lease(client, &finish_7, "", &job, &found, &error));
    assert_false(found);
    end_script();
    assert_string_equal(script.seen[0].verb, "finish");
    assert_string_equal(script.seen[0].arguments, "{\"job\":7,\"token\":2,\"next_run\":\"r\"}");
    assert_string_equal(script.seen[0].body, "done");
    assert_true(script.seen[1].id != script.seen[0].id);
    pm_queue_client_destroy(client);
}

/* Ends while it waits for the answer. */
static void finish_in_vain(struct pm_queue_client *client)
{
    struct pm_job job;
    bool found;
    atomic_bool stop = false;
    pthread_t thread;
    pm_queue_client_set_stop_flag(client, &stop);
    assert_int_equal(pthread_create(&thread, NULL, set_when_asked, &stop), 0);
    assert_false(pm_queue_client_finish_and_lease(client, &finish_7, "r", &job, &found, &error));
    assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pm_queue_client_set_stop_flag(client, NULL);
}

static void a_lease_that_came_with_a_finish_in_vain_is_found_again(void **state)
{
    (void)state;
    struct pm_job job;
    bool found = false;
    SCRIPT({SILENCE, NULL, NULL, NULL}, {ANSWER, "ok", FINISHED, "body"});
    struct pm_queue_client *client = client_open(60000);
    finish_in_vain(client);
    assert_true(pm_queue_client_finish_and_lease(client, &finish_7, "r", &job, &found, &error));
    assert_true(found);
    pm_job_clear(&job);
    end_script();
    assert_true(script.seen[1].id == script.seen[0].id);
    pm_queue_client_destroy(client);
}

static void leasing_finds_it_too(void **state)
{
    (void)state;
    struct pm_job job;
    bool found = false;
    SCRIPT({SILENCE, NULL, NULL, NULL}, {ANSWER, "ok", FINISHED, "body"});
    struct pm_queue_client *client = client_open(60000);
    finish_in_vain(client);
    assert_true(pm_queue_client_lease(client, "r", 0, &job, &found, &error));
    assert_true(found); /* although it is the answer to the finish, come late */
    assert_int_equal(job.job_id, 8);
    pm_job_clear(&job);
    end_script();
    assert_string_equal(script.seen[1].verb, "lease");
    assert_true(script.seen[1].id == script.seen[0].id);
    pm_queue_client_destroy(client);
}

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(pm_job_state_name(PM_JOB_QUEUED), "queued");
    assert_string_equal(pm_job_state_name(PM_JOB_SET_ASIDE), "set_aside");
    assert_string_equal(pm_job_state_name((enum pm_job_state)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_configurations_are_refused),
        cmocka_unit_test(requests_look_as_the_protocol_says),
        cmocka_unit_test(a_reason_is_cut_and_made_readable),
        cmocka_unit_test(too_much_is_refused_before_it_is_sent),
        cmocka_unit_test(a_request_is_sent_whole_or_not_at_all),
        cmocka_unit_test(errors_become_codes),
        cmocka_unit_test(late_answers_and_pings_are_passed_over),
        cmocka_unit_test(who_makes_no_call_may_listen),
        cmocka_unit_test(answers_that_are_none_are_protocol_errors),
        cmocka_unit_test(a_reply_without_what_it_must_have_is_an_error),
        cmocka_unit_test(cancelling_goes_on_only_while_it_gets_further),
        cmocka_unit_test(silence_is_answered_by_asking_again),
        cmocka_unit_test(a_lost_connection_is_noticed_at_once),
        cmocka_unit_test(nobody_there_takes_the_timeout),
        cmocka_unit_test(the_stop_flag_ends_a_call),
        cmocka_unit_test(a_lease_without_an_answer_is_asked_for_again),
        cmocka_unit_test(finishing_may_bring_the_next_job),
        cmocka_unit_test(a_lease_that_came_with_a_finish_in_vain_is_found_again),
        cmocka_unit_test(leasing_finds_it_too),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
