/* What /health says of a queue that does not answer: a broker in this process that runs only when
 * the test says so, and a clock that the test can set forward. */
#include "sidecar/broker.h"
#include "sidecar/page.h"
#include "sidecar/page_client.h"
#include "sidecar/sidecar_test.h"

#include <pthread.h>

#include <poolminer/clock.h>

enum { TRIES = 5, STUCK_MS = 10000, PATIENCE_MS = 60000 };

/* Put in place by the linker (--wrap): the age of a state may be made to grow. */
static _Atomic int64_t passed_ms;

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
int64_t __real_pm_clock_monotonic_ms(void);
int64_t __wrap_pm_clock_monotonic_ms(void);
int64_t __wrap_pm_clock_monotonic_ms(void)
{
    return __real_pm_clock_monotonic_ms() + atomic_load(&passed_ms);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static struct pm_error error;
static struct pm_store *store;
static struct pm_broker *broker;
static struct pm_view *view;
static struct pm_page *page;
static atomic_bool broker_stops, view_stops;
static pthread_t thread;

static void *run(void *context)
{
    (void)context;
    struct pm_error reason = {0};
    return pm_broker_run(broker, &broker_stops, &reason) ? &broker : NULL;
}

static void start_broker(void)
{
    atomic_store(&broker_stops, false);
    assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
}

static void stop_broker(void)
{
    void *done = NULL;
    atomic_store(&broker_stops, true);
    assert_int_equal(pthread_join(thread, &done), 0);
    assert_non_null(done);
}

static int set_up(void **state)
{
    (void)state;
    const struct pm_broker_config config = {.host = "127.0.0.1",
                                            .lease_ms = 20000,
                                            .heartbeat_ms = 5000,
                                            .max_jobs = 1000,
                                            .max_bytes = 1 << 20,
                                            .max_connections = 64};
    assert_done(pm_store_sqlite_open(":memory:", false, &store, &error), error);
    assert_done(pm_broker_create(&config, store, &broker, &error), error);
    const struct pm_view_config view_config = {
        .context = pm_broker_context(broker), .url = PM_BROKER_INPROC_URL, .stop = &view_stops};
    assert_done(pm_view_create(&view_config, &view, &error), error);
    pm_broker_set_view(broker, view);
    const struct pm_page_config page_config = {.view = view};
    assert_done(pm_page_create(&page_config, &page, &error), error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    atomic_store(&view_stops, true);
    pm_page_destroy(page);
    pm_view_destroy(view);
    pm_broker_destroy(broker);
    store->verbs->close(store);
    return 0;
}

/* The answer's body is JSON and holds these words; its status. */
static int ask(const char *words)
{
    struct page_answer answer = page_get(pm_page_port(page), "/health", "");
    const int status = answer.status;
    if (strstr(answer.body, words) == NULL) {
        fail_msg("\"%s\" is not in: %s", words, answer.text);
    }
    page_answer_clear(&answer);
    return status;
}

/* The state is made anew once a second. */
static void await_health(void)
{
    const int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (ask("\"status\":\"") != 200) {
        assert_true(pm_clock_monotonic_ms() < end_ms);
    }
    assert_int_equal(ask("{\"status\":\"ok\",\"version\":\""), 200);
}

static void a_queue_that_does_not_answer_is_unhealthy(void **state)
{
    (void)state;
    static const char stuck[] = "{\"status\":\"the queue does not answer\",\"version\":\"";
    assert_int_equal(ask(stuck), 503); /* it has never answered */
    start_broker();
    await_health();
    stop_broker();
    /* An answer that was on its way when the queue stopped counts from when it is read. */
    for (int i = 0; i < TRIES && (i == 0 || ask("\"status\":\"") == 200); i++) {
        atomic_fetch_add(&passed_ms, STUCK_MS);
    }
    assert_int_equal(ask(stuck), 503); /* it did, too long ago */
    start_broker();
    await_health();
    stop_broker();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_queue_that_does_not_answer_is_unhealthy, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
