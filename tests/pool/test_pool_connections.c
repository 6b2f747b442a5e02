/* Connections that take too long: silent ones and those that dribble, alone and by the thousand. */
#include "cmocka_include.h"
#include "common/http_connections.h"
#include "pool/http_client.h"
#include "pool/pool_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum { CAPACITY = 8, REQUEST_MS = 600, CROWD = 1100, PER_ADDRESS = 50, FILES = 4096 };

/* ---- the rules ---- */

struct pair {
    int ends[2];
    struct pm_connection *connection;
};

static struct pair open_pair(struct pm_connections *connections, int64_t now_ms)
{
    struct pair pair;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.ends), 0);
    pair.connection = pm_connections_add(connections, pair.ends[0], now_ms);
    assert_non_null(pair.connection);
    return pair;
}

static void close_pair(struct pm_connections *connections, struct pair *pair)
{
    pm_connections_remove(connections, pair->connection);
    close(pair->ends[0]);
    close(pair->ends[1]);
}

static bool is_cut(const struct pair *pair)
{
    struct pollfd other = {.fd = pair->ends[1], .events = POLLIN};
    return poll(&other, 1, 0) == 1 && (other.revents & POLLHUP) != 0;
}

static void test_who_is_cut_when(void **state)
{
    (void)state;
    struct pm_connections *connections = pm_connections_create(CAPACITY, REQUEST_MS);
    struct pair waiting = open_pair(connections, 0), busy = open_pair(connections, 0);
    pm_connections_begin(connections, busy.connection, 100);
    assert_int_equal(pm_connections_cut(connections, REQUEST_MS), 0);
    assert_int_equal(pm_connections_cut(connections, REQUEST_MS + 1), 1);
    assert_true(is_cut(&waiting) && !is_cut(&busy));
    assert_int_equal(pm_connections_cut(connections, REQUEST_MS + 2), 0); /* once */
    pm_connections_end(connections, busy.connection, 1000); /* ready for the next request */
    assert_int_equal(pm_connections_cut(connections, 1000 + REQUEST_MS), 0);
    pm_connections_begin(connections, busy.connection, 1600);
    assert_int_equal(pm_connections_cut(connections, 1600 + 2 * REQUEST_MS), 0);
    assert_int_equal(pm_connections_cut(connections, 1601 + 2 * REQUEST_MS), 1);
    assert_true(is_cut(&busy));
    close_pair(connections, &waiting);
    close_pair(connections, &busy);
    pm_connections_destroy(connections);
}

static void test_a_crowd_is_cut_sooner(void **state)
{
    (void)state;
    struct pm_connections *connections = pm_connections_create(CAPACITY, REQUEST_MS);
    struct pair pairs[CAPACITY];
    for (size_t i = 0; i < CAPACITY; i++) {
        pairs[i] = open_pair(connections, 0);
    }
    pm_connections_begin(connections, pairs[3].connection, 0);
    assert_int_equal(pm_connections_cut(connections, REQUEST_MS / 6), 0);
    assert_int_equal(pm_connections_cut(connections, REQUEST_MS / 6 + 1), CAPACITY - 1);
    assert_false(is_cut(&pairs[3])); /* whose request was there in time */
    close_pair(connections, &pairs[7]);
    close_pair(connections, &pairs[0]);
    for (size_t i = 1; i < 7; i++) {
        close_pair(connections, &pairs[i]);
    }
    pm_connections_destroy(connections);
}

/* ---- the real pool ---- */

static struct pool_process pool;
static int sockets[CROWD];
static atomic_bool dribbling;

static void start_pool(const char *const *options)
{
    pool_process_create(&pool);
    pool_process_start(&pool, options);
}

/* -1 when the pool does not take it, which a crowd does not mind. */
static int connect_from(const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    inet_pton(AF_INET, address, &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    to.sin_port = htons((uint16_t)strtol(strrchr(pool.url, ':') + 1, NULL, 10));
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(connection >= 0);
    assert_int_equal(bind(connection, (struct sockaddr *)&from, sizeof from), 0);
    if (connect(connection, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS) {
        return connection;
    }
    close(connection);
    return -1;
}

/* Every socket sends a byte of a header that never ends; one that was closed is opened anew. */
static void *dribble(void *context)
{
    static const char start[] = "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    (void)context;
    while (atomic_load(&dribbling)) {
        for (size_t i = 0; i < CROWD; i++) {
            if (sockets[i] >= 0 && send(sockets[i], "a", 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
                close(sockets[i]);
                sockets[i] = -1;
            }
            if (sockets[i] < 0) {
                sockets[i] = connect_from("127.0.0.1");
                send(sockets[i], start, strlen(start), MSG_NOSIGNAL);
            }
        }
        pm_clock_sleep_ms(20);
    }
    return NULL;
}

static void have_files(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < FILES ? limit.rlim_max : FILES;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void test_a_thousand_dribble(void **state)
{
    (void)state;
    pthread_t thread;
    struct client client;
    start_pool(
        (const char *[]){"--request-timeout-s", "3", "--connections-per-address", "0", NULL});
    client_create(&client, pool.url, 1);
    memset(sockets, 0xff, sizeof sockets);
    atomic_store(&dribbling, true);
    assert_int_equal(pthread_create(&thread, NULL, dribble, NULL), 0);
    pm_clock_sleep_ms(500); /* long enough for the crowd to be there */
    for (int i = 0; i < 10; i++) {
        client_expect_saying(&client, "POST", "/api/v1/miners/register", NULL, 200, "hotkey");
    }
    atomic_store(&dribbling, false);
    pthread_join(thread, NULL);
    for (size_t i = 0; i < CROWD; i++) {
        close(sockets[i]);
    }
    client_destroy(&client);
    pool_process_destroy(&pool);
}

/* How many of the sockets the other side has closed, once no more are for a while. */
static int count_closed(size_t count)
{
    int closed = -1, before;
    do {
        before = closed;
        closed = 0;
        pm_clock_sleep_ms(300);
        for (size_t i = 0; i < count; i++) {
            char byte;
            ssize_t got = recv(sockets[i], &byte, 1, MSG_PEEK);
            closed += got == 0 || (got < 0 && errno != EAGAIN);
        }
    } while (closed != before);
    return closed;
}

static void test_one_address_has_its_share(void **state)
{
    (void)state;
    start_pool((const char *[]){"--connections-per-address", "50", NULL});
    for (size_t i = 0; i < 2 * PER_ADDRESS; i++) {
        sockets[i] = connect_from("127.0.0.2");
    }
    assert_int_equal(count_closed(2 * PER_ADDRESS), PER_ADDRESS);
    struct client client; /* at 127.0.0.1 */
    client_create(&client, pool.url, 1);
    client_expect_saying(&client, "POST", "/api/v1/miners/register", NULL, 200, "hotkey");
    client_destroy(&client);
    for (size_t i = 0; i < 2 * PER_ADDRESS; i++) {
        close(sockets[i]);
    }
    pool_process_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_cut_when),
        cmocka_unit_test(test_a_crowd_is_cut_sooner),
        cmocka_unit_test(test_a_thousand_dribble),
        cmocka_unit_test(test_one_address_has_its_share),
    };
    have_files();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
