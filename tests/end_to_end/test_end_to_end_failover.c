/* Two real pools, each with books of its own, in a list of addresses: the first is killed, work
 * goes on at the second, the first comes back. What each granted is brought to that one, once. */
#include "cmocka_include.h"
#include "mill.h"

#include <stdio.h>
#include <string.h>

struct second {
    char port[16], url[64];
    pid_t pid;
};

static void start_second(struct mill *mill, struct second *second)
{
    const struct place *place = &mill->place;
    second->pid = START(place, "second", "poolminer-pool", "--port", "0", "--store",
                        place_file(place, "second.db"), "--ready-file",
                        place_file(place, "second.ready"), "--task-timeout-s", "60");
    snprintf(second->port, sizeof second->port, "%d", wait_ready(place, "second.ready"));
    snprintf(second->url, sizeof second->url, "http://127.0.0.1:%s", second->port);
}

static void start_driver(struct mill *mill, const struct second *second, const char *duration_s)
{
    const char *const more[] = {"--pool-url", second->url, "--probe-s", "0.5", NULL};
    mill_start_driver(mill, duration_s, more);
}

/* How many rows of a table in a pool's books have this member, and not as null. */
static int rows_with(struct mill *mill, const char *store, const char *table, const char *member)
{
    const struct place *place = &mill->place;
    pid_t pid = START(place, "books", "poolminer-pool", "admin", "export", table, "json", "--store",
                      place_file(place, store));
    assert_int_equal(wait_end(place, "books", pid, 30000), 0);
    cJSON *rows = read_json(place, "books.log");
    assert_int_equal(remove(place_file(place, "books.log")), 0);
    int count = 0;
    const cJSON *row = NULL;
    assert_true(cJSON_IsArray(rows));
    cJSON_ArrayForEach(row, rows)
    {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, member);
        count += value != NULL && !cJSON_IsNull(value);
    }
    cJSON_Delete(rows);
    return count;
}

/* What was submitted to a pool. What it started from has no author. */
static void read_books(struct mill *mill, const char *store, int *evaluations, int *evolutions)
{
    *evaluations = rows_with(mill, store, "evaluations", "score");
    *evolutions = rows_with(mill, store, "algorithms", "author");
}

static bool second_is_used(void *context)
{
    const struct mill *mill = context;
    return log_says(&mill->place, "driver.log", "POOL-ENDPOINT-NEXT");
}

static bool first_is_back(void *context)
{
    const struct mill *mill = context;
    return log_says(&mill->place, "driver.log", "POOL-ENDPOINT-BACK");
}

static bool something_is_submitted(void *context)
{
    const struct mill *mill = context;
    return log_says(&mill->place, "driver.log", "DRIVER-SUBMITTED");
}

/* The driver's sums are those of both pools: nothing is lost, nothing is there twice. */
static void check_books(struct mill *mill, const cJSON *summary, bool both_worked)
{
    int evaluations[2], evolutions[2];
    read_books(mill, "pool.db", &evaluations[0], &evolutions[0]);
    read_books(mill, "second.db", &evaluations[1], &evolutions[1]);
    assert_int_equal((int)number_in(summary, "driver", "evaluations_submitted"),
                     evaluations[0] + evaluations[1]);
    assert_int_equal((int)number_in(summary, "driver", "evolutions_submitted"),
                     evolutions[0] + evolutions[1]);
    assert_true(number_in(summary, "driver", "leases_expired") == 0);
    assert_true(evaluations[0] > 0);
    assert_true(!both_worked || evaluations[1] > 0);
}

/* The first is killed with a lease of its own open: the second knows nothing of that, and the lease
 * waits for the first to come back. */
static void an_open_lease_waits_for_its_pool(void **state)
{
    struct mill *mill = *state;
    struct second second;
    start_second(mill, &second);
    start_driver(mill, &second, "5");
    mill_wait_for_work(mill);
    kill_hard(mill->pool);
    mill_expect_soon(second_is_used, mill, "the driver did not go on to the second pool");
    assert_false(log_says(&mill->place, "driver.log", "DRIVER-LEASE-EXPIRED"));
    mill_start_pool(mill);
    cJSON *summary = mill_end_driver(mill);
    assert_true(log_says(&mill->place, "driver.log", "POOL-ENDPOINT-BACK") ||
                log_says(&mill->place, "driver.log", "DRIVER-POOL-BACK"));
    check_books(mill, summary, false);
    cJSON_Delete(summary);
}

/* The first is away from the start: leases are the second's, until the first is there again. */
static void work_goes_on_at_the_second_and_returns(void **state)
{
    struct mill *mill = *state;
    struct second second;
    kill_hard(mill->pool);
    start_second(mill, &second);
    start_driver(mill, &second, "14");
    mill_expect_soon(second_is_used, mill, "the driver did not go on to the second pool");
    mill_expect_soon(something_is_submitted, mill, "nothing was submitted to the second pool");
    mill_start_pool(mill);
    mill_expect_soon(first_is_back, mill, "the driver did not return to the first pool");
    cJSON *summary = mill_end_driver(mill);
    check_books(mill, summary, true);
    cJSON_Delete(summary);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, mill_set_up, mill_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_open_lease_waits_for_its_pool),
        TEST(work_goes_on_at_the_second_and_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
