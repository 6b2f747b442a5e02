/* When a relay is told again that did not take it: the pauses, what ends them, and what is sent
 * then. The relay's thread over a pool without HTTP, with short pauses. */
#include "cmocka_include.h"
#include "driver/scripted_server.h"
#include "pool/relay.h"
#include "pool/rule_steps.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

/* So many calls as a test that gets no processor for a while may miss. */
enum { CALLS_MAX = 4096, SCRIPTED = 3, WAIT_MS = 60000 };

struct heard {
    int64_t at_ms;
    int program; /* its number, see virtual_program */
};

struct bench {
    struct virtual_pool pool;
    struct pm_hotkey *hotkey;
    struct scripted_server *server;
    struct pm_relay *relay;
    int agreed; /* programs so far, each better than the one before */
    pthread_mutex_t mutex;
    struct scripted_reply replies[SCRIPTED]; /* to the first calls */
    bool refuses;                            /* the others with 503, or takes them */
    int calls, taken;
    struct heard heard[CALLS_MAX];
};

static void on_request(void *context, const struct scripted_request *request,
                       struct scripted_reply *reply)
{
    struct bench *bench = context;
    pthread_mutex_lock(&bench->mutex);
    const char *program = strstr(request->body, "s0 = ");
    assert_non_null(program);
    assert_in_range(bench->calls, 0, CALLS_MAX - 1);
    bench->heard[bench->calls].at_ms = pm_clock_monotonic_ms();
    bench->heard[bench->calls].program = (int)strtol(program + strlen("s0 = "), NULL, 10);
    if (bench->calls < SCRIPTED) {
        *reply = bench->replies[bench->calls];
    } else {
        reply->status = bench->refuses ? 503 : 200;
        bench->taken += !bench->refuses;
    }
    bench->calls++;
    pthread_mutex_unlock(&bench->mutex);
}

static void set_refuses(struct bench *bench, bool refuses)
{
    pthread_mutex_lock(&bench->mutex);
    bench->refuses = refuses;
    pthread_mutex_unlock(&bench->mutex);
}

static int calls(struct bench *bench)
{
    pthread_mutex_lock(&bench->mutex);
    int count = bench->calls;
    pthread_mutex_unlock(&bench->mutex);
    return count;
}

static void wait_for_calls(struct bench *bench, int count)
{
    int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    while (calls(bench) < count) {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(5);
    }
}

static bool note(void *context, const struct pm_pool_algorithm *algorithm)
{
    (void)algorithm;
    *(bool *)context = true;
    return false;
}

static enum pm_pool_outcome look(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    return pm_store_relay_next(store, note, context, error) ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

/* Until the store knows that what is best has been forwarded. */
static void wait_for_nothing_left(struct bench *bench)
{
    int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    bool left;
    do {
        left = false;
        assert_true(pm_pool_store_run(bench->pool.store, look, &left, NULL));
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(5);
    } while (left);
}

static int open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    const uint8_t seed[PM_SEED_SIZE] = {7};
    pthread_mutex_init(&bench->mutex, NULL);
    bench->pool.rules = virtual_pool_default_rules();
    bench->pool.rules.quorum = 1;
    bench->pool.now_ms = rule_start_ms;
    virtual_pool_open(&bench->pool, ":memory:");
    rule_settle_seeds(&bench->pool);
    assert_true(pm_hotkey_from_seed(seed, &bench->hotkey, NULL));
    bench->server = scripted_server_start(on_request, bench);
    *state = bench;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *bench = *state;
    pm_relay_destroy(bench->relay);
    scripted_server_stop(bench->server);
    virtual_pool_close(&bench->pool);
    pm_hotkey_destroy(bench->hotkey);
    pthread_mutex_destroy(&bench->mutex);
    free(bench);
    return 0;
}

static void start(struct bench *bench, int64_t first_pause_ms, int64_t last_pause_ms,
                  int64_t timeout_ms)
{
    const struct pm_relay_config config = {
        .url = scripted_server_url(bench->server),
        .task_id = "task",
        .hotkey = bench->hotkey,
        .store = bench->pool.store,
        .timeout_ms = timeout_ms,
        .first_pause_ms = first_pause_ms,
        .last_pause_ms = last_pause_ms,
    };
    assert_true(pm_relay_create(&config, &bench->relay, NULL));
}

/* On the next program, which is better than all before it. */
static void agree(struct bench *bench)
{
    rule_evolve(&bench->pool, "author", bench->agreed);
    bench->agreed++;
    rule_judge_all(&bench->pool, "judge", 0.5 + 0.01 * bench->agreed);
}

/* Now it takes what it gets, which is the best one, once. */
static void assert_takes_the_newest(struct bench *bench)
{
    set_refuses(bench, false);
    wait_for_nothing_left(bench);
    assert_int_equal(bench->taken, 1);
    assert_int_equal(bench->heard[bench->calls - 1].program, bench->agreed - 1);
}

/* How long after call `index` the next one came. */
static int64_t pause_after(const struct bench *bench, int index)
{
    return bench->heard[index + 1].at_ms - bench->heard[index].at_ms;
}

/* It takes the request and says nothing: after the time that a try has, the next one goes out, and
 * with what is best by then. What was better for a while only is never taken. */
static void test_one_that_hangs_is_told_the_newest(void **state)
{
    enum { TIMEOUT_MS = 600 };
    struct bench *bench = *state;
    bench->replies[0].manner = SCRIPTED_HANG;
    bench->replies[1].manner = SCRIPTED_CLOSE;
    bench->replies[2].manner = SCRIPTED_HANG;
    bench->refuses = true;
    start(bench, 20, 80, TIMEOUT_MS);
    const int64_t begin_ms = pm_clock_monotonic_ms();
    agree(bench);
    wait_for_calls(bench, 1);
    agree(bench); /* the pool works on meanwhile */
    wait_for_calls(bench, 3);
    agree(bench);
    wait_for_calls(bench, 4);
    assert_takes_the_newest(bench);
    /* A try begins before it is heard, on a busy machine long before. */
    assert_true(bench->heard[1].at_ms - begin_ms >= TIMEOUT_MS);
    assert_true(bench->heard[3].at_ms - bench->heard[1].at_ms >= TIMEOUT_MS);
}

static void test_it_waits_as_long_as_it_is_asked_to(void **state)
{
    struct bench *bench = *state;
    bench->replies[0] = (struct scripted_reply){.status = 429, .headers = "Retry-After: 1\r\n"};
    bench->replies[1] = (struct scripted_reply){.status = 503, .headers = "Retry-After: 1\r\n"};
    bench->replies[2] = (struct scripted_reply){.status = 429, .headers = "Retry-After: soon\r\n"};
    bench->refuses = true;
    start(bench, 20, 80, 0);
    agree(bench);
    wait_for_calls(bench, 1);
    agree(bench); /* nor does news make it ask before */
    wait_for_calls(bench, 4);
    assert_true(pause_after(bench, 0) >= 1000);
    assert_true(pause_after(bench, 1) >= 1000);
    assert_true(pause_after(bench, 2) >= 80);
    assert_takes_the_newest(bench);
}

/* Pauses that doubled without a limit would be over a minute after 12 of them. */
static void test_pauses_double_up_to_a_limit(void **state)
{
    enum { TRIES = 12, FIRST_MS = 20, LAST_MS = 80 };
    struct bench *bench = *state;
    for (size_t i = 0; i < SCRIPTED; i++) {
        bench->replies[i].status = 500;
    }
    bench->refuses = true;
    start(bench, FIRST_MS, LAST_MS, 0);
    agree(bench);
    wait_for_calls(bench, TRIES);
    assert_takes_the_newest(bench);
    for (int i = 0; i < TRIES - 1; i++) {
        assert_true(pause_after(bench, i) >= (i < 2 ? FIRST_MS << i : LAST_MS));
    }
}

#define PACE(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        PACE(test_one_that_hangs_is_told_the_newest),
        PACE(test_it_waits_as_long_as_it_is_asked_to),
        PACE(test_pauses_double_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
