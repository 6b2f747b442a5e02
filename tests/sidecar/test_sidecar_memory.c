/* Memory that runs out while a reply is made: a reply is whole, or there is none. */
#include "sidecar/queue_fixture.h"
#include "sidecar/requests.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/json.h>

enum { ALLOCATIONS_MAX = 2000 };

static struct pm_roster roster;
static struct pm_desk desk;
static int allocations_left = INT_MAX;

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__wrap_realloc(void *memory, size_t size);
void *__real_realloc(void *memory, size_t size);

static void *scarce_malloc(size_t size)
{
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

/* What text grows with, as the linker sees to. */
void *__wrap_realloc(void *memory, size_t size)
{
    return allocations_left-- > 0 ? __real_realloc(memory, size) : NULL;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void have_memory_for(int allocations)
{
    cJSON_Hooks hooks = {.malloc_fn = scarce_malloc, .free_fn = free};
    allocations_left = allocations;
    cJSON_InitHooks(&hooks);
}

static void have_memory(void)
{
    cJSON_InitHooks(NULL);
    allocations_left = INT_MAX;
}

static int set_up(void **state)
{
    if (queue_set_up(state) != 0 || !pm_roster_create(&roster)) {
        return -1;
    }
    desk = (struct pm_desk){
        .queue = &queue, .roster = &roster, .now = now, .lease_ms = FIXTURE_LEASE_MS};
    return 0;
}

static int tear_down(void **state)
{
    have_memory();
    pm_roster_destroy(&roster);
    return queue_tear_down(state);
}

static struct pm_peer *hear(const char *routing_id)
{
    struct pm_peer *peer = pm_roster_hear(&roster, routing_id, strlen(routing_id), now.steady_ms);
    assert_non_null(peer);
    return peer;
}

/* One of each thing that a reply may tell of. */
static void fill_store(void)
{
    struct pm_store_record record = {.key = "lease-7", .state = "open"};
    const char *const holder = "worker:w1:0123456789abcdef";
    int64_t id = put_job("r", "done");
    assert_int_equal(lease_job("r", holder), id);
    finish_job(id, last_job.token, "result");
    id = put_job("r", "lost");
    for (int i = 0; i < PM_QUEUE_ATTEMPTS_MAX; i++) {
        assert_int_equal(lease_job("r", holder), id);
        pass(FIXTURE_LEASE_MS);
    }
    assert_int_equal(state_of(id), PM_JOB_SET_ASIDE);
    id = put_job("r", "leased");
    assert_int_equal(lease_job("r", holder), id);
    pm_roster_set_progress(hear(holder), id, "{\"done\":1,\"total\":2}");
    put_job("r", "queued");
    DO(pm_queue_record_put(&queue, now, "r", &record, &(struct pm_wire_frame){"body", 4}, &error));
    assert_true(pm_roster_park(&roster, hear("worker:w2:0123456789abcdef"), 1, "", INT64_MAX));
}

/* Whatever is changed is undone: each try meets the same store. */
static bool ask(const char *verb, cJSON *arguments, struct pm_reply_out *reply)
{
    struct pm_wire_message message = {.request_id = 9, .arguments = arguments};
    struct pm_peer *peer = hear("worker:w3:0123456789abcdef");
    bool parked = false;
    snprintf(message.verb, sizeof message.verb, "%s", verb);
    *reply = (struct pm_reply_out){0};
    assert_done(pm_queue_begin(&queue, true, &error), error);
    bool done = pm_request_handle(&desk, peer, &message, reply, &parked, &error);
    pm_queue_rollback(&queue);
    assert_false(parked);
    return done;
}

static void a_reply_is_whole_or_there_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *arguments;
        int allocations; /* at least: where there are members, those and their names */
    } requests[] = {
        {"lease", "{}", 2},
        {"results", "{\"run\":\"r\"}", 2},
        {"cancel", "{\"run\":\"r\"}", 7},
        {"records", "{\"run\":\"r\"}", 7},
        {"status", "{}", 7},
    };
    fill_store();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        cJSON *arguments = cJSON_Parse(requests[i].arguments);
        struct pm_reply_out whole, reply;
        assert_done(ask(requests[i].verb, arguments, &whole), error);
        int allocations = 0;
        have_memory_for(0);
        while (!ask(requests[i].verb, arguments, &reply)) {
            assert_int_equal(error.code, PM_ERROR_MEMORY);
            assert_null(reply.arguments);
            pm_reply_out_clear(&reply);
            assert_true(++allocations < ALLOCATIONS_MAX);
            have_memory_for(allocations);
        }
        have_memory();
        assert_true(allocations >= requests[i].allocations);
        assert_string_equal(reply.arguments, whole.arguments);
        pm_reply_out_clear(&reply);
        pm_reply_out_clear(&whole);
        cJSON_Delete(arguments);
    }
}

static void an_error_is_whole_or_there_is_none(void **state)
{
    (void)state;
    const struct pm_error why = {.code = PM_ERROR_MEMORY, .message = "no memory"};
    struct pm_reply_out reply = {.incomplete = true}; /* as what failed has left it */
    int allocations = 0;
    have_memory_for(0);
    while (!pm_reply_out_error(&reply, &why)) {
        assert_null(reply.arguments);
        assert_true(++allocations < ALLOCATIONS_MAX);
        have_memory_for(allocations);
    }
    have_memory();
    assert_true(allocations >= 5);
    assert_string_equal(reply.verb, "error");
    assert_string_equal(reply.arguments, "{\"error\":\"store\",\"message\":\"no memory\"}");
    pm_reply_out_clear(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reply_is_whole_or_there_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_is_whole_or_there_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
