/* Two pools over one PostgreSQL while miners are at work: a pool is killed, its connection cut, at
 * every place where it matters, and the server itself is killed. What was acknowledged is there, is
 * booked once, and money adds up. Runs under with_postgres.sh. */
#include "cmocka_include.h"
#include "pool/books.h"
#include "pool/crew.h"
#include "pool/postgres_gates.h"
#include "pool/test_store.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

enum { ROUND = 2 * CREW_MINERS, SERVER_KILLS = 2, KILLS = 2, MOMENT_MS = 40 };

static struct pool_process pools[CREW_POOLS];
static struct crew crew;
static pid_t server; /* once it was started again */

static int open_pools(void **state)
{
    (void)state;
    for (size_t i = 0; i < CREW_POOLS; i++) {
        pool_process_create(&pools[i]);
        snprintf(pools[i].name, sizeof pools[i].name, "pool %zu", i);
    }
    for (size_t i = 0; i < CREW_POOLS; i++) {
        pool_process_start(&pools[i], crew_options);
    }
    gates_build();
    crew_start(&crew, pools);
    crew_wait(&crew, ROUND);
    return 0;
}

static int close_pools(void **state)
{
    (void)state;
    for (size_t i = 0; i < CREW_POOLS; i++) {
        pool_process_destroy(&pools[i]);
    }
    if (server != 0) {
        postgres_stop(server);
    }
    return 0;
}

static void kill_pool(size_t index)
{
    crew_tell(&crew, index, NULL);
    pool_process_kill(&pools[index]);
}

static void start_pool(size_t index)
{
    pool_process_start(&pools[index], crew_options);
    crew_tell(&crew, index, pools[index].url);
}

/* One of the pools waits before the gate; it ends before it gets through. */
static void end_pool_at(enum gate gate)
{
    gate_close(gate);
    const struct waiting waiting = gate_wait(gate, 0);
    const size_t index = strcmp(waiting.client, pools[0].name) == 0 ? 0 : 1;
    assert_string_equal(waiting.client, pools[index].name);
    kill_pool(index);
    gate_open(gate);
    crew_wait(&crew, ROUND); /* the other one goes on */
    start_pool(index);
}

static void cut_connection_at(enum gate gate)
{
    gate_close(gate);
    const struct waiting waiting = gate_wait(gate, 0);
    backend_end(waiting.backend);
    gate_open(gate);
    crew_wait(&crew, ROUND);
}

/* A commit of a submission that has happened, of which nobody hears. */
static void lose_commit(bool and_pool)
{
    gate_close(GATE_COMMIT);
    const struct waiting waiting = gate_wait(GATE_COMMIT, 0);
    const size_t index = strcmp(waiting.client, pools[0].name) == 0 ? 0 : 1;
    gate_close(GATE_COMMITTED);
    gate_open(GATE_COMMIT);
    gate_wait(GATE_COMMITTED, waiting.backend);
    if (and_pool) {
        kill_pool(index);
    }
    backend_end(waiting.backend);
    gate_open(GATE_COMMITTED);
    crew_wait(&crew, ROUND);
    if (and_pool) {
        start_pool(index);
    }
}

static void test_a_pool_is_killed_at_work(void **state)
{
    (void)state;
    end_pool_at(GATE_BOOKING);
    end_pool_at(GATE_COMMIT);
    lose_commit(true);
    end_pool_at(GATE_SETTLING);
    end_pool_at(GATE_SETTLED);
    for (int i = 0; i < KILLS; i++) { /* and wherever else it is */
        pm_clock_sleep_ms(rand() % MOMENT_MS);
        kill_pool((size_t)i % CREW_POOLS);
        crew_wait(&crew, ROUND);
        start_pool((size_t)i % CREW_POOLS);
    }
}

static void test_connections_are_cut_at_work(void **state)
{
    (void)state;
    cut_connection_at(GATE_BOOKING);
    cut_connection_at(GATE_COMMIT);
    lose_commit(false);
    cut_connection_at(GATE_SETTLING);
    cut_connection_at(GATE_SETTLED);
}

/* The pools stay, and go on with the server that comes back. */
static void test_the_server_is_killed(void **state)
{
    (void)state;
    postgres_sync();
    for (int i = 0; i < SERVER_KILLS; i++) {
        crew_wait(&crew, ROUND);
        pm_clock_sleep_ms(rand() % MOMENT_MS);
        postgres_kill();
        server = postgres_start();
    }
    crew_wait(&crew, ROUND);
}

static void test_nothing_is_lost_and_nothing_counts_twice(void **state)
{
    (void)state;
    static struct books books;
    crew_stop(&crew);
    crew_check(&crew);
    assert_books_are_settled(&books);
}

int main(void)
{
    if (test_store_url() == NULL) {
        print_message("run this under with_postgres.sh\n");
        return 77;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    srand(7);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pool_is_killed_at_work),
        cmocka_unit_test(test_connections_are_cut_at_work),
        cmocka_unit_test(test_the_server_is_killed),
        cmocka_unit_test(test_nothing_is_lost_and_nothing_counts_twice),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
