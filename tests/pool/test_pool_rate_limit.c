/* How many calls a key may make, in exact time and over HTTP. */
#include "cmocka_include.h"
#include "pool/house.h"
#include "pool/rate_limit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool call(struct pm_rate_limit *limit, const char *key, int64_t now_ms, int *retry_after_s)
{
    if (!pm_rate_limit_allows(limit, key, now_ms, retry_after_s)) {
        return false;
    }
    pm_rate_limit_count(limit, key, now_ms);
    return true;
}

static void test_a_minute_at_once_and_then_one_by_one(void **state)
{
    (void)state;
    struct pm_rate_limit *limit = pm_rate_limit_create(30);
    int retry_after_s = 0;
    for (int i = 0; i < 30; i++) {
        assert_true(call(limit, "a", 1000, &retry_after_s));
    }
    assert_false(call(limit, "a", 1000, &retry_after_s));
    assert_int_equal(retry_after_s, 2);
    assert_false(call(limit, "a", 2999, &retry_after_s));
    assert_int_equal(retry_after_s, 1);
    assert_true(call(limit, "b", 1000, &retry_after_s)); /* another key is another matter */
    assert_true(call(limit, "a", 3000, &retry_after_s));
    assert_false(call(limit, "a", 3000, &retry_after_s));
    for (int i = 0; i < 30; i++) { /* no more than a minute's worth is saved up */
        assert_true(call(limit, "a", 10000000, &retry_after_s));
    }
    assert_false(call(limit, "a", 10000000, &retry_after_s));
    pm_rate_limit_destroy(limit);
}

/* Whoever asks in another's name takes nothing from it. */
static void test_asking_takes_nothing(void **state)
{
    (void)state;
    struct pm_rate_limit *limit = pm_rate_limit_create(1);
    int retry_after_s = 0;
    for (int i = 0; i < 10; i++) {
        assert_true(pm_rate_limit_allows(limit, "a", 0, &retry_after_s));
    }
    pm_rate_limit_destroy(limit);
}

static void test_no_limit(void **state)
{
    (void)state;
    struct pm_rate_limit *limit = pm_rate_limit_create(0);
    int retry_after_s = 0;
    for (int i = 0; i < 10000; i++) {
        assert_true(call(limit, "a", 0, &retry_after_s));
    }
    pm_rate_limit_destroy(limit);
}

/* A hundred thousand keys fit in the same memory, and one that called a lot is not forgotten for
 * them: they have more calls left than it. */
static void test_many_keys(void **state)
{
    (void)state;
    struct pm_rate_limit *limit = pm_rate_limit_create(10);
    int retry_after_s = 0;
    for (int i = 0; i < 10; i++) {
        assert_true(call(limit, "greedy", 0, &retry_after_s));
    }
    for (int i = 0; i < 100000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_true(call(limit, key, 0, &retry_after_s));
    }
    assert_false(call(limit, "greedy", 0, &retry_after_s));
    pm_rate_limit_destroy(limit);
}

static int open_limited(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house_open(house, (const char *[]){"--requests-per-minute", "5", NULL});
    *state = house;
    return 0;
}

static void test_over_http(void **state)
{
    struct house *house = *state;
    static const char path[] = "/api/v1/miners/register";
    for (int i = 0; i < 5; i++) {
        client_expect_saying(&house->clients[0], "POST", path, NULL, 200, "hotkey");
    }
    struct answer answer = client_expect(&house->clients[0], "POST", path, NULL, 429);
    assert_non_null(strstr(answer.headers, "Retry-After: "));
    assert_non_null(strstr(answer.detail, "5 calls a minute"));
    answer_clear(&answer);
    client_expect_saying(&house->clients[1], "POST", path, NULL, 200, "hotkey");
    answer = house_get(house, "/health", 200); /* nobody's call counts for nobody */
    answer_clear(&answer);
}

int main(void)
{
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_minute_at_once_and_then_one_by_one),
        cmocka_unit_test(test_asking_takes_nothing),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test_setup_teardown(test_over_http, open_limited, house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
