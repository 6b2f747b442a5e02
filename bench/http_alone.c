#include "bench/http_alone.h"

#include "bench/fork.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/http_server.h>

enum { BODY_MAX = 1 << 20, REQUEST_MS = 30000, CONNECTIONS_MAX = 2048, REQUESTS_MAX = 1024 };

/* As large as what a pool at this load says: three algorithms to judge and two seeds. */
#define ALGORITHM(id)                                                                              \
    "{\"id\":" id ",\"algorithm_dsl\":\"# meta: scalar_count=20 vector_count=10 matrix_count=5 "   \
    "vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30\\ndef Setup():\\n  s2 = "  \
    "0.001\\n  s5 = 0.5\\n  s7 = 123456\\n  s8 = 42\\n  s9 = 7\\ndef Predict():\\n  s0 = "         \
    "dot(v0, v1)\\n  s0 = s0 + s5\\ndef Learn():\\n  s3 = s1 - s0\\n  s4 = s2 * s3\\n  v2 = s4 * " \
    "v0\\n  v1 = v1 + v2\\n\",\"input_dim\":16}"

static const char LEASE[] =
    "{\"lease_id\":\"0123456789abcdef0123456789abcdef\",\"task_type\":\"cifar10_binary\","
    "\"window_number\":1,\"timeout_at\":\"2026-11-30T12:00:00.000Z\",\"evolve_budget\":1,"
    "\"evaluate_algorithms\":[" ALGORITHM("1") "," ALGORITHM("2") "," ALGORITHM(
        "3") "],"
             "\"seed_algorithms\":[" ALGORITHM("4") "," ALGORITHM("5") "],\"gossip\":null}";

static const char ACCEPTED[] =
    "{\"status\":\"accepted\",\"lease_id\":\"0123456789abcdef0123456789abcdef\","
    "\"evaluations_accepted\":3,\"evolutions\":[{\"status\":\"accepted\",\"algorithm_id\":6}],"
    "\"consensus_reached\":1}";

static void answer(void *context, const struct pm_http_server_request *request,
                   struct pm_http_server_response *response)
{
    (void)context;
    const bool lease = strcmp(request->path, "/api/v1/tasks/lease") == 0;
    response->status = 200;
    response->constant = lease ? LEASE : ACCEPTED;
    response->constant_size = strlen(response->constant);
}

/* What waits for the other thread. */
struct line {
    pthread_mutex_t mutex;
    pthread_cond_t some;
    size_t count;
    const struct pm_http_server_request *requests[REQUESTS_MAX];
};

static void stand_in_line(void *context, const struct pm_http_server_request *request,
                          struct pm_http_server_response *response)
{
    struct line *line = context;
    (void)response;
    pm_http_server_defer(request);
    pthread_mutex_lock(&line->mutex);
    line->requests[line->count++] = request; /* the server has no more in hand than fit */
    pthread_cond_signal(&line->some);
    pthread_mutex_unlock(&line->mutex);
}

/* All that wait are answered together. */
static void *answer_line(void *context)
{
    static const struct pm_http_server_request *requests[REQUESTS_MAX];
    struct line *line = context;
    for (;;) {
        pthread_mutex_lock(&line->mutex);
        while (line->count == 0) {
            pthread_cond_wait(&line->some, &line->mutex);
        }
        const size_t count = line->count;
        for (size_t i = 0; i < count; i++) {
            requests[i] = line->requests[i];
        }
        line->count = 0;
        pthread_mutex_unlock(&line->mutex);
        for (size_t i = 0; i < count; i++) {
            struct pm_http_server_response response = {.status = 0};
            answer(NULL, requests[i], &response);
            pm_http_server_answer(requests[i], &response);
        }
    }
    return NULL;
}

static void serve(const void *context, int told)
{
    const bool later = *(const bool *)context;
    static struct line line = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                               .some = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const struct pm_http_server_config config = {
        .host = "127.0.0.1",
        .body_max = BODY_MAX,
        .request_ms = REQUEST_MS,
        .connections_max = CONNECTIONS_MAX,
        .requests_max = REQUESTS_MAX,
        .threads = processors > 1 ? (int)processors : 2, /* as many as the pool has */
        .defers = later,
        .handler = later ? stand_in_line : answer,
        .context = &line,
    };
    struct pm_http_server *server;
    if ((later && pthread_create(&thread, NULL, answer_line, &line) != 0) ||
        !pm_http_server_create(&config, &server, NULL)) {
        return;
    }
    if (bench_fork_tell(told, pm_http_server_port(server))) {
        for (;;) {
            pause(); /* until SIGTERM ends the process */
        }
    }
}

bool bench_http_alone_start(bool later, struct bench_server *server, struct pm_error *error)
{
    *server = (struct bench_server){0};
    return bench_fork(serve, &later, "the HTTP server", &server->pid, &server->port, error);
}
