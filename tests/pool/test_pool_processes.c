/* Several pools over one PostgreSQL: miners go from one to the other in the middle of their work,
 * one of the pools is killed and comes back, connections are lost, epochs end meanwhile. The books
 * are those of one pool. Runs under with_postgres.sh. */
#include "cmocka_include.h"
#include "pool/books.h"
#include "pool/http_client.h"
#include "pool/pool_process.h"
#include "pool/test_store.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/text.h>

enum { POOLS = 2, MINERS = 4, ROUNDS = 25, PATH_SIZE = 256 };

static struct pool_process pools[POOLS];
static atomic_bool second_is_up;

static void start(size_t index)
{
    pool_process_start(&pools[index],
                       (const char *[]){"--quorum", "2", "--epoch-s", "1", "--requests-per-minute",
                                        "0", "--task-timeout-s", "600", NULL});
}

static int open_pools(void **state)
{
    (void)state;
    for (size_t i = 0; i < POOLS; i++) {
        pool_process_create(&pools[i]);
    }
    for (size_t i = 0; i < POOLS; i++) {
        start(i);
    }
    atomic_store(&second_is_up, true);
    return 0;
}

static int close_pools(void **state)
{
    (void)state;
    for (size_t i = 0; i < POOLS; i++) {
        pool_process_destroy(&pools[i]);
    }
    return 0;
}

struct miner {
    int number;
    struct client clients[POOLS];
    int submitted;
};

/* The other pool than last time, if it is there. */
static const struct client *choose(const struct miner *miner, int step)
{
    size_t index = (size_t)(miner->number + step) % POOLS;
    return &miner->clients[index == 1 && !atomic_load(&second_is_up) ? 0 : index];
}

static void submission_body(const struct answer *lease, const struct miner *miner, int round,
                            struct pm_text *body)
{
    const cJSON *item;
    const char *separator = "";
    pm_text_append(body, "{\"evaluations\":[");
    cJSON_ArrayForEach(item, answer_member(lease, "evaluate_algorithms"))
    {
        pm_text_append(body, "%s{\"algorithm_id\":%d,\"score\":0.75}", separator,
                       cJSON_GetObjectItem(item, "id")->valueint);
        separator = ",";
    }
    pm_text_append(body,
                   "],\"evolutions\":[{\"parent_algorithm_ids\":[1],\"algorithm_dsl\":"
                   "\"def Predict():\\n  s0 = %d\"}],\"iterations\":9}",
                   1000 * miner->number + round);
}

/* Takes work from one pool, brings it to the other, and brings it again to the first, which has to
 * answer the same. */
static void work(struct miner *miner, int round)
{
    char path[PATH_SIZE];
    struct pm_text body = {0};
    struct answer lease =
        client_expect(choose(miner, round), "POST", "/api/v1/tasks/lease", NULL, 200);
    submission_body(&lease, miner, round, &body);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    struct answer first = client_expect(choose(miner, round + 1), "POST", path, body.data, 200);
    struct answer again = client_expect(choose(miner, round), "POST", path, body.data, 200);
    assert_string_equal(first.text, again.text);
    miner->submitted++;
    answer_clear(&first);
    answer_clear(&again);
    answer_clear(&lease);
    pm_text_clear(&body);
}

static void *mine(void *context)
{
    struct miner *miner = context;
    for (int round = 0; round < ROUNDS; round++) {
        work(miner, round);
    }
    return NULL;
}

static struct miner *make_miners(void)
{
    static struct miner miners[MINERS];
    for (int i = 0; i < MINERS; i++) {
        miners[i] = (struct miner){.number = i};
        for (size_t j = 0; j < POOLS; j++) {
            client_create(&miners[i].clients[j], pools[j].url, (uint8_t)(10 + i));
        }
    }
    return miners;
}

static void destroy_miners(struct miner *miners)
{
    for (int i = 0; i < MINERS; i++) {
        for (size_t j = 0; j < POOLS; j++) {
            client_destroy(&miners[i].clients[j]);
        }
    }
}

static void test_two_pools_one_book(void **state)
{
    (void)state;
    pthread_t threads[MINERS];
    struct miner *miners = make_miners();
    for (int i = 0; i < MINERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, mine, &miners[i]), 0);
    }
    for (int i = 0; i < MINERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(miners[i].submitted, ROUNDS);
    }
    destroy_miners(miners);
    static struct books books;
    assert_books_are_settled(&books);
}

/* A pool that is killed keeps nobody waiting, whatever it was in the middle of. */
static void test_one_is_killed(void **state)
{
    (void)state;
    pthread_t threads[MINERS];
    struct miner *miners = make_miners();
    for (int kills = 0; kills < 5; kills++) {
        atomic_store(&second_is_up, false);
        for (int i = 0; i < MINERS; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, mine, &miners[i]), 0);
        }
        pm_clock_sleep_ms(rand() % 50);
        pool_process_kill(&pools[1]); /* it ticks and settles, though nobody calls */
        for (int i = 0; i < MINERS; i++) {
            pthread_join(threads[i], NULL);
        }
        start(1);
    }
    destroy_miners(miners);
    static struct books books;
    assert_books_are_settled(&books);
}

static void test_connections_are_lost(void **state)
{
    (void)state;
    struct miner *miners = make_miners();
    for (int round = 0; round < 5; round++) {
        test_store_cut_connections();
        client_expect_saying(&miners[0].clients[0], "POST", "/api/v1/miners/register", NULL, 200,
                             "hotkey");
    }
    destroy_miners(miners);
}

int main(void)
{
    if (test_store_url() == NULL) {
        print_message("run this under with_postgres.sh\n");
        return 77;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_pools_one_book, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(test_one_is_killed, open_pools, close_pools),
        cmocka_unit_test_setup_teardown(test_connections_are_lost, open_pools, close_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
