#include "faulty_front.h"

#include "cmocka_include.h"
#include "loopback.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum {
    MESSAGE_MAX = 8 << 20,
    HANG_MAX_MS = 4000,
    FAULTS_IN = 100, /* of so many requests each fault but passing befalls four */
    FAULTS_EACH = 4,
    PATIENCE_S = 20,
};

struct faulty_front {
    int listener, port, pool_port;
    pthread_t thread;
    pthread_mutex_t mutex; /* of the random numbers */
    unsigned random;
    atomic_bool behaves, ends;
    atomic_int counts[FRONT_FATES], under_way;
};

/* One connection, on a thread of its own. */
struct exchange {
    struct faulty_front *front;
    int client;
};

static unsigned draw(struct faulty_front *front, unsigned bound)
{
    pthread_mutex_lock(&front->mutex);
    const unsigned drawn = (unsigned)rand_r(&front->random) % bound;
    pthread_mutex_unlock(&front->mutex);
    return drawn;
}

static enum front_fate draw_fate(struct faulty_front *front)
{
    const unsigned drawn = draw(front, FAULTS_IN) / FAULTS_EACH;
    return atomic_load(&front->behaves) || drawn + 1 >= FRONT_FATES ? FRONT_PASS
                                                                    : (enum front_fate)(drawn + 1);
}

static void limit_patience(int connection)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* ---- messages ---- */

struct bytes {
    char *data; /* with a NUL behind */
    size_t size;
};

/* One more piece; false at the end of the connection, or of what it may send. */
static bool take_more(int connection, struct bytes *bytes)
{
    enum { PIECE = 64 * 1024 };
    if (bytes->size + PIECE > MESSAGE_MAX) {
        return false;
    }
    char *grown = realloc(bytes->data, bytes->size + PIECE + 1);
    if (grown == NULL) {
        return false;
    }
    bytes->data = grown;
    const ssize_t taken = recv(connection, bytes->data + bytes->size, PIECE, 0);
    bytes->size += taken > 0 ? (size_t)taken : 0;
    bytes->data[bytes->size] = '\0';
    return taken > 0;
}

static bool is_whole(const struct bytes *request)
{
    const char *end = request->data != NULL ? strstr(request->data, "\r\n\r\n") : NULL;
    if (end == NULL) {
        return false;
    }
    const char *length = strcasestr(request->data, "\r\ncontent-length:");
    const size_t head = (size_t)(end + 4 - request->data);
    return length == NULL || length > end ||
           request->size >= head + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
}

static bool read_request(int client, struct bytes *request)
{
    while (!is_whole(request)) {
        if (!take_more(client, request)) {
            return false;
        }
    }
    return true;
}

static bool send_all(int connection, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(connection, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* What the pool says to a request on a connection that it is to close afterwards. */
static void ask_pool(const struct faulty_front *front, const struct bytes *request,
                     struct bytes *answer)
{
    static const char CLOSE[] = "Connection: close\r\n";
    const size_t line = (size_t)(strstr(request->data, "\r\n") + 2 - request->data);
    const int pool = loopback_connect(front->pool_port);
    if (pool < 0) {
        return;
    }
    limit_patience(pool);
    if (send_all(pool, request->data, line) && send_all(pool, CLOSE, sizeof CLOSE - 1) &&
        send_all(pool, request->data + line, request->size - line)) {
        while (take_more(pool, answer)) {
        }
    }
    close(pool);
}

/* ---- fates ---- */

static void send_500(int client)
{
    static const char TEXT[] = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html\r\n"
                               "Content-Length: 15\r\nConnection: close\r\n\r\n<h1>Sorry</h1>\n";
    send_all(client, TEXT, sizeof TEXT - 1);
}

static void keep_waiting(struct faulty_front *front)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + draw(front, HANG_MAX_MS);
    while (!atomic_load(&front->ends) && pm_clock_monotonic_ms() < until_ms) {
        pm_clock_sleep_ms(20);
    }
}

static void meet_fate(struct faulty_front *front, int client, const struct bytes *request)
{
    const enum front_fate fate = draw_fate(front);
    struct bytes answer = {0};
    atomic_fetch_add(&front->counts[fate], 1);
    if (fate != FRONT_REFUSE && fate != FRONT_HANG) {
        ask_pool(front, request, &answer);
    }
    if (fate == FRONT_REFUSE || fate == FRONT_LOSE) {
        send_500(client);
    } else if (fate == FRONT_HANG || fate == FRONT_HANG_AFTER) {
        keep_waiting(front);
    } else if (fate == FRONT_TRUNCATE) {
        send_all(client, answer.data, answer.size / 2);
    } else if (fate == FRONT_PASS) {
        send_all(client, answer.data, answer.size);
    }
    free(answer.data);
}

static void *serve_one(void *argument)
{
    struct exchange *exchange = argument;
    struct bytes request = {0};
    limit_patience(exchange->client);
    if (read_request(exchange->client, &request)) {
        meet_fate(exchange->front, exchange->client, &request);
    }
    free(request.data);
    close(exchange->client);
    atomic_fetch_sub(&exchange->front->under_way, 1);
    free(exchange);
    return NULL;
}

static void accept_one(struct faulty_front *front)
{
    pthread_t thread;
    struct exchange *exchange = malloc(sizeof *exchange);
    const int client = accept4(front->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0 || exchange == NULL) {
        free(exchange);
        return;
    }
    *exchange = (struct exchange){front, client};
    atomic_fetch_add(&front->under_way, 1);
    if (pthread_create(&thread, NULL, serve_one, exchange) == 0) {
        pthread_detach(thread);
        return;
    }
    atomic_fetch_sub(&front->under_way, 1);
    close(client);
    free(exchange);
}

static void *serve(void *argument)
{
    struct faulty_front *front = argument;
    while (!atomic_load(&front->ends)) {
        struct pollfd ready = {.fd = front->listener, .events = POLLIN};
        if (poll(&ready, 1, 100) > 0) {
            accept_one(front);
        }
    }
    return NULL;
}

/* ---- the server ---- */

struct faulty_front *faulty_front_start(int pool_port, unsigned seed)
{
    struct faulty_front *front = calloc(1, sizeof *front);
    assert_non_null(front);
    front->pool_port = pool_port;
    front->random = seed;
    pthread_mutex_init(&front->mutex, NULL);
    front->listener = loopback_listen(&front->port);
    assert_int_equal(pthread_create(&front->thread, NULL, serve, front), 0);
    return front;
}

void faulty_front_stop(struct faulty_front *front)
{
    atomic_store(&front->ends, true);
    pthread_join(front->thread, NULL);
    while (atomic_load(&front->under_way) > 0) {
        pm_clock_sleep_ms(10);
    }
    close(front->listener);
    pthread_mutex_destroy(&front->mutex);
    free(front);
}

int faulty_front_port(const struct faulty_front *front)
{
    return front->port;
}

void faulty_front_behave(struct faulty_front *front)
{
    atomic_store(&front->behaves, true);
}

int faulty_front_count(const struct faulty_front *front, enum front_fate fate)
{
    return atomic_load(&front->counts[fate]);
}
