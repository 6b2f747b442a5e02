/* Two addresses, of one pool or of two: whose word counts for a lease. */
#include "cmocka_include.h"
#include "tests/driver/driver_bench.h"

#include <stdatomic.h>
#include <string.h>

struct other_address {
    struct fake_pool *pool;
    bool knows_the_lease;
    bool loses_the_answer;
    bool grants_one; /* and the first address comes up again with that */
    bool is_ill;     /* by its /health */
    bool stays_away; /* the first address, that is */
    atomic_int submissions;
};

/* The same pool by another way, or a stranger; either way the first address comes up again then. */
static void answer_as_other(void *context, const struct scripted_request *request,
                            struct scripted_reply *reply)
{
    struct other_address *other = context;
    strcpy(reply->body, "{}");
    if (strstr(request->path, "/submit_lease") != NULL) {
        atomic_fetch_add(&other->submissions, 1);
        atomic_store(&other->pool->down, other->stays_away);
        if (!other->knows_the_lease) {
            reply->status = 404;
            strcpy(reply->body, "{\"detail\":\"Active lease assignment not found\"}");
        }
        if (other->loses_the_answer) {
            reply->manner = SCRIPTED_CLOSE;
        }
    } else if (strcmp(request->path, "/api/v1/tasks/lease") == 0 && other->grants_one) {
        other->grants_one = false;
        atomic_store(&other->pool->down, false);
        strcpy(reply->body, "{\"lease_id\":\"theirs\",\"timeout_at\":\"2100-01-01T00:00:00Z\","
                            "\"evaluate_algorithms\":[{\"id\":5,\"algorithm_dsl\":\"a\"}]}");
    } else if (strcmp(request->path, "/api/v1/tasks/lease") == 0) {
        reply->status = 404;
    } else if (strcmp(request->path, "/health") == 0 && other->is_ill) {
        reply->status = 503;
    }
}

static void live_with_other(struct bench *bench, struct other_address *other)
{
    struct scripted_server *server = scripted_server_start(answer_as_other, other);
    other->pool = &bench->pool;
    bench->pool.down_after_grant = true;
    bench->second_url = scripted_server_url(server);
    assert_true(live(bench));
    scripted_server_stop(server);
}

static void a_submission_finds_its_way_by_another_address(void **state)
{
    struct bench *bench = *state;
    struct other_address other = {.knows_the_lease = true};
    live_with_other(bench, &other);
    assert_int_equal(atomic_load(&other.submissions), 1);
    assert_int_equal(bench->pool.accepted, 0);
    assert_closed(bench, "submitted", "");
}

/* Nothing says that it would take a submission; but who granted the lease does not either. */
static void an_address_that_does_not_look_healthy_is_better_than_none(void **state)
{
    struct bench *bench = *state;
    struct other_address other = {.knows_the_lease = true, .is_ill = true, .stays_away = true};
    live_with_other(bench, &other);
    assert_int_equal(atomic_load(&other.submissions), 1);
    assert_closed(bench, "submitted", "");
}

static void what_a_stranger_says_of_a_lease_does_not_count(void **state)
{
    struct bench *bench = *state;
    struct other_address other = {.knows_the_lease = false};
    live_with_other(bench, &other);
    assert_true(atomic_load(&other.submissions) >= 1);
    assert_int_equal(bench->pool.accepted, 1); /* the first address is back */
    assert_full_submission(&bench->pool.submissions[0]);
    assert_closed(bench, "submitted", "");
}

/* What another door of the pool took in may be booked, though its answer was lost. */
static void an_answer_lost_on_the_way_by_another_address_is_told(void **state)
{
    struct bench *bench = *state;
    struct other_address other = {.knows_the_lease = true, .loses_the_answer = true};
    bench->pool.page_when_down = true; /* a page that says that nothing has arrived */
    for (int i = 0; i < FAKE_SCRIPT_MAX; i++) {
        bench->pool.submit_answers[i] = (struct fake_answer){
            .status = 404, .body = "{\"detail\":\"Active lease assignment not found\"}"};
    }
    live_with_other(bench, &other);
    assert_true(atomic_load(&other.submissions) >= 1);
    assert_closed(bench, "expired", "an earlier try whose answer was lost");
    assert_string_equal(record_member(bench, "lease-1", "cause"), "answer_lost");
}

/* The preferred address is in use again when the work is done; it would know nothing of it. */
static void assert_goes_back(struct bench *bench)
{
    struct other_address other = {.knows_the_lease = true, .grants_one = true};
    struct scripted_server *server = scripted_server_start(answer_as_other, &other);
    other.pool = &bench->pool;
    atomic_store(&bench->pool.down, true);
    bench->second_url = scripted_server_url(server);
    assert_true(live(bench));
    scripted_server_stop(server);
    assert_int_equal(atomic_load(&other.submissions), 1);
    assert_string_equal(record(bench, "theirs")->state, "submitted");
    assert_int_equal(bench->pool.accepted, 1); /* its own, later */
    assert_string_equal(bench->pool.submissions[0].lease_id, "lease-1");
    assert_closed(bench, "submitted", "");
}

static void a_lease_goes_back_to_who_granted_it(void **state)
{
    assert_goes_back(*state);
}

/* What a proxy says when the pool behind it is gone. */
static void error_pages_lead_to_the_next_address_too(void **state)
{
    struct bench *bench = *state;
    bench->pool.page_when_down = 404;
    assert_goes_back(bench);
}

/* A hotel's network that wants a login is no pool that does not know the key. */
static void login_pages_lead_to_the_next_address_too(void **state)
{
    struct bench *bench = *state;
    bench->pool.page_when_down = 401;
    assert_goes_back(bench);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(a_submission_finds_its_way_by_another_address),
        TEST(an_address_that_does_not_look_healthy_is_better_than_none),
        TEST(what_a_stranger_says_of_a_lease_does_not_count),
        TEST(an_answer_lost_on_the_way_by_another_address_is_told),
        TEST(a_lease_goes_back_to_who_granted_it),
        TEST(error_pages_lead_to_the_next_address_too),
        TEST(login_pages_lead_to_the_next_address_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
