/* More requests at once than a pool keeps in hand: what is too many is told so and when to come
 * again, and in the end everybody has exactly what it asked for. And a pool that is asked to stop
 * while requests are in hand: they are answered first. */
#include "cmocka_include.h"
#include "pool/http_client.h"
#include "pool/pool_process.h"
#include "pool/sql.h"
#include "pool/test_store.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/hotkey.h>
#include <poolminer/process.h>

enum {
    CALLERS = 1200, /* a pool keeps 1024 requests in hand */
    FILES = CALLERS + 64,
    ANSWER_SIZE = 65536,
    PATH_SIZE = 256,
    BODY_SIZE = 1024,
    WAIT_MS = 240000 /* of a machine that has much else to do */
};

struct caller {
    struct pm_hotkey *hotkey;
    int socket;     /* -1: none */
    int64_t due_ms; /* when to ask again */
    bool done;
    const char *path; /* of what it asks for */
    char submit_path[PATH_SIZE], body[BODY_SIZE];
};

static struct pool_process pool;
static struct caller callers[CALLERS];
static int not_now; /* answers 429 */

static int64_t evaluations; /* that their submissions bring */

static void ask(struct caller *caller)
{
    char proof[CLIENT_PROOF_SIZE], request[PATH_SIZE + CLIENT_PROOF_SIZE + BODY_SIZE + 128];
    client_write_proof(&(const struct client){.hotkey = caller->hotkey}, proof);
    int length = snprintf(request, sizeof request,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          caller->path, proof, strlen(caller->body), caller->body);
    caller->socket = http_connect(pool.url);
    assert_int_equal(send(caller->socket, request, (size_t)length, MSG_NOSIGNAL), length);
}

static void ask_for_a_lease(struct caller *caller)
{
    caller->path = "/api/v1/tasks/lease";
    strcpy(caller->body, "{}");
    ask(caller);
}

/* What it brings back for this lease: a score for all it was given, and a program of its own. */
static void write_submission(struct caller *caller, const struct answer *lease)
{
    const cJSON *item;
    size_t length = (size_t)snprintf(caller->body, BODY_SIZE,
                                     "{\"evolutions\":[{\"algorithm_dsl\":"
                                     "\"def Predict():\\n  s0 = %d\\n  s0 = s0 + s1\\n\"}],"
                                     "\"evaluations\":[",
                                     (int)(caller - callers) + 7);
    const char *comma = "";
    cJSON_ArrayForEach(item, answer_member(lease, "evaluate_algorithms"))
    {
        length += (size_t)snprintf(caller->body + length, BODY_SIZE - length,
                                   "%s{\"algorithm_id\":%d,\"score\":0.5}", comma,
                                   cJSON_GetObjectItem(item, "id")->valueint);
        comma = ",";
        evaluations++;
    }
    length += (size_t)snprintf(caller->body + length, BODY_SIZE - length, "]}");
    assert_true(length < BODY_SIZE);
    snprintf(caller->submit_path, PATH_SIZE, "/api/v1/tasks/%s/submit_lease",
             answer_string(lease, "lease_id"));
}

/* A refusal for the moment says when to come again. */
static void follow_answer(struct caller *caller, const struct answer *answer)
{
    const char *retry_after = strcasestr(answer->headers, "\r\nRetry-After: ");
    caller->done = answer->status == 200;
    if (caller->done) {
        if (caller->path != caller->submit_path) {
            write_submission(caller, answer);
        }
        return;
    }
    if ((answer->status != 429 && answer->status != 503) || retry_after == NULL) {
        fail_msg("%d %s", answer->status, answer->text);
        return;
    }
    const long seconds = strtol(retry_after + strlen("\r\nRetry-After: "), NULL, 10);
    assert_in_range(seconds, 1, 60);
    caller->due_ms = pm_clock_monotonic_ms() + 1000 * seconds;
    not_now += answer->status == 429;
}

static void hear(struct caller *caller)
{
    static char bytes[ANSWER_SIZE];
    struct answer answer;
    size_t length = 0;
    do {
        ssize_t got = recv(caller->socket, bytes + length, ANSWER_SIZE - length, 0);
        assert_true(got > 0);
        length += (size_t)got;
    } while (!http_take_answer("POST", caller->path, bytes, length, &answer));
    close(caller->socket);
    caller->socket = -1;
    follow_answer(caller, &answer);
    answer_clear(&answer);
}

/* Takes what has been answered; returns how many are done. */
static int hear_all(void)
{
    static struct pollfd polled[CALLERS];
    int done = 0;
    for (size_t i = 0; i < CALLERS; i++) {
        polled[i] = (struct pollfd){.fd = callers[i].socket, .events = POLLIN};
    }
    assert_true(poll(polled, CALLERS, 20) >= 0);
    for (size_t i = 0; i < CALLERS; i++) {
        if (callers[i].socket >= 0 && polled[i].revents != 0) {
            hear(&callers[i]);
        }
        done += callers[i].done;
    }
    return done;
}

static void ask_again(void)
{
    const int64_t now_ms = pm_clock_monotonic_ms();
    for (size_t i = 0; i < CALLERS; i++) {
        if (!callers[i].done && callers[i].socket < 0 && callers[i].due_ms <= now_ms) {
            ask(&callers[i]);
        }
    }
}

static struct pm_sql *open_store(void)
{
    char path[PATH_SIZE];
    struct pm_sql *sql;
    const char *url = test_store_url();
    snprintf(path, sizeof path, "%s/pool.db", pool.directory);
    assert_true(url != NULL ? pm_sql_open_postgres(url, PM_SQL_WRITE, &sql, NULL)
                            : pm_sql_open_sqlite(path, PM_SQL_WRITE, &sql, NULL));
    return sql;
}

static void assert_count(struct pm_sql *sql, const char *query, int64_t wanted)
{
    int64_t count = 0;
    bool found = false;
    assert_true(pm_sql_select_integer(sql, query, PM_SQL_NO_VALUES, &count, &found, NULL));
    assert_int_equal(count, wanted);
}

static void hold(struct pm_sql *sql)
{
    assert_true(pm_sql_begin(sql, NULL));
    if (test_store_url() != NULL) { /* or the server would end a transaction that does nothing */
        assert_true(pm_sql_script(sql, "SET LOCAL idle_in_transaction_session_timeout = 0", NULL));
    }
}

/* While another process holds the store nothing is answered, and requests pile up: what is too many
 * is refused, and with the store let go all are done in the end. */
static void pile_up_and_let_go(struct pm_sql *sql)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    while (not_now == 0) {
        assert_int_equal(hear_all(), 0);
        assert_true(pm_clock_monotonic_ms() < until_ms);
    }
    pm_sql_rollback(sql);
    while (hear_all() < CALLERS) {
        ask_again();
        assert_true(pm_clock_monotonic_ms() < until_ms);
    }
}

static void test_more_than_it_has_hands(void **state)
{
    (void)state;
    struct pm_sql *sql = open_store();
    hold(sql);
    for (size_t i = 0; i < CALLERS; i++) {
        ask_for_a_lease(&callers[i]);
    }
    pile_up_and_let_go(sql);
    assert_count(sql, "SELECT COUNT(*) FROM miners", CALLERS);
    assert_count(sql, "SELECT COUNT(*) FROM leases WHERE state = 0", CALLERS);
    assert_count(sql, "SELECT COUNT(*) FROM leases", CALLERS);
    /* and all of them bring back what they were given at once */
    not_now = 0;
    hold(sql);
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i].done = false;
        callers[i].path = callers[i].submit_path;
        ask(&callers[i]);
    }
    pile_up_and_let_go(sql);
    assert_true(evaluations >= 5);
    assert_count(sql, "SELECT COUNT(*) FROM leases WHERE state = 1", CALLERS);
    assert_count(sql, "SELECT COUNT(*) FROM evaluations", evaluations);
    assert_count(sql, "SELECT COUNT(*) FROM algorithms WHERE author IS NOT NULL", CALLERS);
    assert_count(sql, "SELECT COUNT(*) FROM miners WHERE evolutions_submitted <> 1", 0);
    pm_sql_close(sql);
}

static int count_in_hand(void)
{
    static const char name[] = "\npoolminer_pool_requests_in_hand ";
    const struct request request = {.method = "GET",
                                    .url = pool.url,
                                    .path = "/metrics",
                                    .authorization = "Bearer secret",
                                    .plain = true};
    struct answer answer = http_send(&request);
    const char *at = strstr(answer.text, name);
    assert_non_null(at);
    int count = (int)strtol(at + strlen(name), NULL, 10);
    answer_clear(&answer);
    return count;
}

/* Asked to stop while many wait for a store that another process holds. */
static void test_what_is_in_hand_is_answered_before_the_end(void **state)
{
    (void)state;
    enum { WAITING = 40 };
    const int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    struct pm_sql *sql = open_store();
    assert_true(pm_sql_begin(sql, NULL));
    for (size_t i = 0; i < WAITING; i++) {
        ask_for_a_lease(&callers[i]);
    }
    while (count_in_hand() <= WAITING) { /* asking is in hand itself */
        assert_true(pm_clock_monotonic_ms() < until_ms);
    }
    assert_int_equal(kill(pool.pid, SIGTERM), 0);
    pm_sql_rollback(sql);
    for (size_t i = 0; i < WAITING; i++) {
        hear(&callers[i]);
        assert_true(callers[i].done);
    }
    int status = -1; /* a second signal would end it at once */
    assert_true(pm_process_wait(pool.pid, WAIT_MS, &status));
    pool.pid = 0;
    assert_int_equal(status, 0);
    assert_count(sql, "SELECT COUNT(*) FROM leases WHERE state = 0", WAITING);
    pm_sql_close(sql);
}

static int open_pool(void **state)
{
    (void)state;
    uint8_t seed[PM_SEED_SIZE] = {42};
    for (size_t i = 0; i < CALLERS; i++) {
        memcpy(seed + 1, &i, sizeof i);
        assert_true(pm_hotkey_from_seed(seed, &callers[i].hotkey, NULL));
        callers[i].socket = -1;
        callers[i].done = false;
    }
    not_now = 0;
    evaluations = 0;
    char token[PATH_SIZE];
    pool_process_create(&pool);
    snprintf(token, sizeof token, "%s/token", pool.directory);
    assert_true(pm_file_write_atomic(token, "secret\n", 7, 0600, true, NULL));
    /* However long a busy machine takes to read them all, nobody is hung up on. */
    pool_process_start(&pool,
                       (const char *[]){"--connections-per-address", "0", "--request-timeout-s",
                                        "600", "--monitor-token-file", token, NULL});
    unlink(token);
    return 0;
}

static int close_pool(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLERS; i++) {
        pm_hotkey_destroy(callers[i].hotkey);
        if (callers[i].socket >= 0) {
            close(callers[i].socket);
        }
    }
    pool_process_destroy(&pool);
    return 0;
}

int main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < FILES) {
        print_message("skipped: no more than %d files may be open here\n", (int)limit.rlim_max);
        return 77;
    }
    limit.rlim_cur = limit.rlim_cur < FILES ? FILES : limit.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &limit);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_more_than_it_has_hands, open_pool, close_pool),
        cmocka_unit_test_setup_teardown(test_what_is_in_hand_is_answered_before_the_end, open_pool,
                                        close_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
