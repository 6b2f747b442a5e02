/* Several addresses of a pool, each a server that answers or hangs up as the test says. */
#include "cmocka_include.h"
#include "driver/endpoints.h"
#include "tests/driver/scripted_server.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

enum { ADDRESSES = 3, SOON_MS = 1, NEVER_MS = 3600 * 1000 };

/* Put in place by the linker (--wrap): probes of servers that are down may be made to take long. */
static _Atomic int64_t passed_ms;

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
int64_t __real_pm_clock_monotonic_ms(void);
int64_t __wrap_pm_clock_monotonic_ms(void);
int64_t __wrap_pm_clock_monotonic_ms(void)
{
    return __real_pm_clock_monotonic_ms() + atomic_load(&passed_ms);
}
/* NOLINTEND(bugprone-reserved-identifier) */

struct bench {
    int64_t probe_takes_ms;
    struct scripted_server *servers[ADDRESSES];
    atomic_bool up[ADDRESSES];
    atomic_int probes[ADDRESSES];
    struct place {
        struct bench *bench;
        int index;
    } places[ADDRESSES];
    const char *urls[ADDRESSES];
    struct pm_endpoints *endpoints;
};

static void handle(void *context, const struct scripted_request *request,
                   struct scripted_reply *reply)
{
    const struct place *place = context;
    struct bench *bench = place->bench;
    assert_string_equal(request->path, "/health");
    atomic_fetch_add(&bench->probes[place->index], 1);
    if (atomic_load(&bench->up[place->index])) {
        strcpy(reply->body, "{\"status\":\"healthy\"}");
    } else {
        reply->manner = SCRIPTED_CLOSE;
        atomic_fetch_add(&passed_ms, bench->probe_takes_ms);
    }
}

static void open_addresses(struct bench *bench, int64_t probe_every_ms)
{
    const struct pm_http_config config = {0};
    struct pm_error error = {0};
    if (!pm_endpoints_create(&config, bench->urls, ADDRESSES, probe_every_ms, &bench->endpoints,
                             &error)) {
        fail_msg("%s", error.message);
    }
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    for (int i = 0; i < ADDRESSES; i++) {
        bench->places[i] = (struct place){bench, i};
        atomic_store(&bench->up[i], true);
        bench->servers[i] = scripted_server_start(handle, &bench->places[i]);
        bench->urls[i] = scripted_server_url(bench->servers[i]);
    }
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    pm_endpoints_destroy(bench->endpoints);
    for (int i = 0; i < ADDRESSES; i++) {
        scripted_server_stop(bench->servers[i]);
    }
    free(bench);
    return 0;
}

static void fail_times(struct bench *bench, int times)
{
    for (int i = 0; i < times; i++) {
        pm_endpoints_choose(bench->endpoints);
        pm_endpoints_note(bench->endpoints, false);
    }
}

/* Where the next request goes. */
static void assert_at(const struct bench *bench, int index)
{
    pm_endpoints_choose(bench->endpoints);
    assert_string_equal(pm_endpoints_url(bench->endpoints), bench->urls[index]);
}

static void three_failures_in_a_row_lead_to_the_next_that_answers(void **state)
{
    struct bench *bench = *state;
    open_addresses(bench, NEVER_MS);
    fail_times(bench, 2);
    pm_endpoints_note(bench->endpoints, true);
    fail_times(bench, 2);
    assert_at(bench, 0);
    atomic_store(&bench->up[1], false);
    fail_times(bench, 1);
    assert_at(bench, 2); /* the second did not answer */
    assert_int_equal(atomic_load(&bench->probes[1]), 1);
    fail_times(bench, 3);
    assert_at(bench, 0);
}

static void where_none_answers_nothing_changes(void **state)
{
    struct bench *bench = *state;
    open_addresses(bench, NEVER_MS);
    atomic_store(&bench->up[1], false);
    atomic_store(&bench->up[2], false);
    fail_times(bench, 7);
    assert_at(bench, 0);
    assert_int_equal(atomic_load(&bench->probes[1]), 2); /* after each three */
    atomic_store(&bench->up[2], true);
    fail_times(bench, 2);
    assert_at(bench, 2);
}

/* What is to be sent does not wait until all have been looked at. */
static void slow_probes_are_spread_over_failures(void **state)
{
    struct bench *bench = *state;
    open_addresses(bench, NEVER_MS);
    bench->probe_takes_ms = 6000;
    atomic_store(&bench->up[1], false);
    fail_times(bench, 3);
    assert_int_equal(atomic_load(&bench->probes[1]), 1);
    assert_int_equal(atomic_load(&bench->probes[2]), 0);
    assert_at(bench, 0);
    fail_times(bench, 1); /* goes on with the other */
    assert_at(bench, 2);
    assert_int_equal(atomic_load(&bench->probes[1]), 1);

    atomic_store(&bench->up[0], false);
    fail_times(bench, 3);
    assert_int_equal(atomic_load(&bench->probes[0]), 1);
    pm_endpoints_note(bench->endpoints, true); /* it answers again: all begins anew */
    fail_times(bench, 3);
    assert_int_equal(atomic_load(&bench->probes[0]), 2);
}

static void the_first_is_probed_and_returned_to(void **state)
{
    struct bench *bench = *state;
    open_addresses(bench, SOON_MS);
    atomic_store(&bench->up[0], false);
    fail_times(bench, 3);
    while (atomic_load(&bench->probes[0]) < 2) {
        pm_clock_sleep_ms(SOON_MS);
        pm_endpoints_choose(bench->endpoints);
    }
    assert_at(bench, 1);
    atomic_store(&bench->up[0], true);
    do {
        pm_clock_sleep_ms(SOON_MS);
        pm_endpoints_choose(bench->endpoints);
    } while (strcmp(pm_endpoints_url(bench->endpoints), bench->urls[0]) != 0);
    assert_at(bench, 0);
}

static void one_address_is_never_left(void **state)
{
    struct bench *bench = *state;
    const struct pm_http_config config = {0};
    assert_true(pm_endpoints_create(&config, bench->urls, 1, 0, &bench->endpoints, NULL));
    fail_times(bench, 10);
    assert_at(bench, 0);
    assert_int_equal(atomic_load(&bench->probes[0]), 0);
}

/* What only one of them understands goes there, whichever is in use, and tells nothing of that one.
 */
static void a_request_may_go_to_another(void **state)
{
    struct bench *bench = *state;
    open_addresses(bench, NEVER_MS);
    for (int i = 0; i < 2 * PM_ENDPOINT_FAILURES_MAX; i++) {
        assert_non_null(pm_endpoints_at(bench->endpoints, bench->urls[2]));
        assert_string_equal(pm_endpoints_url(bench->endpoints), bench->urls[2]);
        pm_endpoints_note(bench->endpoints, false);
    }
    assert_at(bench, 0);
    assert_null(pm_endpoints_at(bench->endpoints, "http://elsewhere.test"));
    assert_at(bench, 0);
}

/* Who does not answer is avoided: by the one in use, or by the others in turn. */
static void a_request_may_avoid_one(void **state)
{
    struct bench *bench = *state;
    open_addresses(bench, NEVER_MS);
    static const int others[] = {1, 2, 1};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_non_null(pm_endpoints_besides(bench->endpoints, bench->urls[0]));
        assert_string_equal(pm_endpoints_url(bench->endpoints), bench->urls[others[i]]);
        pm_endpoints_note(bench->endpoints, false);
    }
    assert_at(bench, 0); /* that tells nothing of the one in use */
    assert_non_null(pm_endpoints_besides(bench->endpoints, bench->urls[2]));
    assert_string_equal(pm_endpoints_url(bench->endpoints), bench->urls[0]);
}

static void bad_lists_are_refused(void **state)
{
    struct bench *bench = *state;
    const struct pm_http_config config = {0};
    struct pm_error error = {0};
    const char *many[PM_ENDPOINTS_MAX + 1];
    for (size_t i = 0; i <= PM_ENDPOINTS_MAX; i++) {
        many[i] = bench->urls[0];
    }
    assert_false(pm_endpoints_create(&config, many, 0, 0, &bench->endpoints, &error));
    assert_false(
        pm_endpoints_create(&config, many, PM_ENDPOINTS_MAX + 1, 0, &bench->endpoints, &error));
    assert_non_null(strstr(error.message, "1 to 8"));
    many[1] = "ftp://x";
    assert_false(pm_endpoints_create(&config, many, 2, 0, &bench->endpoints, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_null(bench->endpoints);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(three_failures_in_a_row_lead_to_the_next_that_answers),
        TEST(where_none_answers_nothing_changes),
        TEST(slow_probes_are_spread_over_failures),
        TEST(the_first_is_probed_and_returned_to),
        TEST(one_address_is_never_left),
        TEST(a_request_may_go_to_another),
        TEST(a_request_may_avoid_one),
        TEST(bad_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
