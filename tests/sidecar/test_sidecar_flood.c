/* A peer that sends as fast as it can, sense or nonsense, and never looks at an answer: others are
 * served meanwhile, and the sidecar's memory has its bound. */
#include "sidecar/sidecar_program.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/clock.h>
#include <poolminer/wire.h>

enum {
    FLOODS = 3,
    NOISE_BYTES = 16384,
    ENOUGH = 2000, /* messages of a flood, before anything is judged */
    JOBS = 25,
    JOBS_MAX_MS = 6000, /* a quarter of it where nothing else runs */
    TRIES = 3,          /* the machine may be busy with other things once */
    RESIDENT_MAX_MIB = 100,
};

struct flood {
    int number;
    pthread_t thread;
    atomic_bool over;
    atomic_long sent;
};

/* A header, arguments and a body: sensible, with a verb that is none, or with no header at all. */
static void *pour(void *argument)
{
    static const char *const VERBS[FLOODS] = {"status", "no-such-verb", "status"};
    struct flood *flood = argument;
    char routing_id[64];
    uint8_t header[PM_WIRE_HEADER_MAX];
    char *noise = calloc(1, NOISE_BYTES);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    const int no_linger = 0, patience_ms = 100;
    snprintf(routing_id, sizeof routing_id, "driver:flood:%016d", flood->number);
    zmq_setsockopt(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    zmq_setsockopt(socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
    zmq_setsockopt(socket, ZMQ_SNDTIMEO, &patience_ms, sizeof patience_ms);
    zmq_connect(socket, sidecar_url);
    const size_t size = pm_wire_header_encode(header, 1, VERBS[flood->number]);
    const bool nonsense = flood->number == FLOODS - 1;
    while (!atomic_load(&flood->over)) {
        const bool begun = zmq_send(socket, nonsense ? "?" : (char *)header, nonsense ? 1 : size,
                                    ZMQ_SNDMORE) >= 0;
        if (begun && zmq_send(socket, "{}", 2, ZMQ_SNDMORE) >= 0 &&
            zmq_send(socket, noise, NOISE_BYTES, 0) >= 0) {
            atomic_fetch_add(&flood->sent, 1);
        }
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    free(noise);
    return NULL;
}

static void end_floods(struct flood *floods)
{
    for (int i = 0; i < FLOODS; i++) {
        atomic_store(&floods[i].over, true);
        assert_int_equal(pthread_join(floods[i].thread, NULL), 0);
    }
}

/* JOBS of them, the first of which has the number `from`; the ms that they took. */
static int64_t do_jobs(struct pm_queue_client *driver, struct pm_queue_client *worker, int from)
{
    const int64_t begin_ms = pm_clock_monotonic_ms();
    for (int i = from; i < from + JOBS; i++) {
        char key[16];
        struct pm_job job;
        snprintf(key, sizeof key, "job-%d", i);
        const int64_t id = client_put(driver, key);
        assert_true(client_lease(worker, 0, &job));
        assert_int_equal(job.job_id, id);
        client_finish(worker, &job, "done", 4);
        pm_job_clear(&job);
    }
    return pm_clock_monotonic_ms() - begin_ms;
}

static void a_flood_keeps_nobody_waiting(void **state)
{
    (void)state;
    static struct flood floods[FLOODS];
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    for (int i = 0; i < FLOODS; i++) {
        floods[i] = (struct flood){.number = i};
        assert_int_equal(pthread_create(&floods[i].thread, NULL, pour, &floods[i]), 0);
    }
    for (int i = 0; i < FLOODS; i++) {
        while (atomic_load(&floods[i].sent) < ENOUGH) {
            pm_clock_sleep_ms(5);
        }
    }
    int64_t took_ms = INT64_MAX;
    int done = 0;
    while (done < TRIES * JOBS && took_ms > JOBS_MAX_MS) {
        took_ms = do_jobs(driver, worker, done);
        done += JOBS;
    }
    print_message("%d jobs in %lld ms\n", JOBS, (long long)took_ms);
    assert_in_range(took_ms, 0, JOBS_MAX_MS);
    sidecar_expect_resident_below(RESIDENT_MAX_MIB);
    end_floods(floods);
    assert_int_equal(status_number(driver, "jobs.completed"), done);
    assert_true(status_number(driver, "counters.bad_messages") >= ENOUGH / 2);
    pm_queue_client_destroy(worker);
    pm_queue_client_destroy(driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_CALM_SIDECAR(a_flood_keeps_nobody_waiting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
