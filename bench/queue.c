/* poolminer bench queue: a sidecar, beanstalkd and the bare disk, by turns. */
#include "bench/disk.h"
#include "bench/queue_row.h"
#include "bench/samples.h"
#include "bench/server.h"
#include "bench/wire.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/bench.h>
#include <poolminer/clock.h>
#include <poolminer/stop.h>

enum {
    SHOWN_WANTED = 100,    /* results are taken when there are so many */
    HANDOVERS_BUSY = 5000, /* less would be of a log that is still growing */
    HANDOVERS_IDLE = 500,
    IDLE_MS = 2, /* so long nothing goes on before a put of some rows */
    BACKLOG_CLIENTS = 16,
    BACKLOG_WINDOW = 16, /* to have them in soon */
    PIPELINED_CLIENTS = 16,
    PIPELINED_WINDOW = 16,
    BACKLOG_PAYLOAD = 1024,
    BACKLOG_LEASES = 1000,
    TRICKLED_MAX = 1000, /* in the time of two figures */
};

static const char *const SERVER_NAMES[] = {
    [BENCH_SIDECAR] = "sidecar",
    [BENCH_SIDECAR_NO_SYNC] = "sidecar",
    [BENCH_BEANSTALKD] = "beanstalkd",
    [BENCH_RELAY] = "relay",
};

/* Asked at every step: what was started and made for the benchmark is taken away in order. */
static bool goes_on(struct pm_error *error)
{
    return !pm_stop_requested() ||
           pm_fail(error, PM_ERROR_INTERRUPTED, "bench queue: stopped before its end");
}

/* ---- a crowd of clients ---- */

/* Takes the results of one run, as a driver does: many at a time. */
struct collector {
    size_t finished; /* jobs of its run, so far */
    bool asking;     /* it has a request */
};

struct crowd {
    struct bench_wire *wire;
    size_t clients; /* lanes; the collectors' come after them, on a connection of their own */
    struct collector collectors[BENCH_RUNS_MAX];
    size_t collector_count, asking; /* how many there are, and have a request */
    bool cycle; /* put, lease, finish, the latter two in one where that can be; or put */
    enum bench_step *steps; /* of each client */
    bool *holds;            /* it has a job leased from one operation to the next */
    int64_t *started_ns;    /* when its operation began; 0: it has stopped */
    size_t active, done;    /* clients that go on; operations so far */
    size_t most;            /* operations; SIZE_MAX: until the time is up */
    int64_t end_ns;
    struct bench_samples samples;
};

static bool begin_operation(struct crowd *crowd, size_t client, struct pm_error *error)
{
    int64_t now_ns = pm_clock_monotonic_ns();
    if (now_ns >= crowd->end_ns || crowd->done + crowd->active > crowd->most) {
        crowd->active--;
        return true;
    }
    crowd->steps[client] = BENCH_PUT;
    crowd->started_ns[client] = now_ns;
    return crowd->wire->verbs->send(crowd->wire, client, BENCH_PUT, error);
}

static bool send_step(struct crowd *crowd, size_t client, enum bench_step step,
                      struct pm_error *error)
{
    crowd->steps[client] = step;
    return crowd->wire->verbs->send(crowd->wire, client, step, error);
}

/* Where finishing a job leases the next, a client has one in hand before its first operation, and
 * as many are queued as clients are about to finish one. */
static bool next_step(struct crowd *crowd, size_t client, struct pm_error *error)
{
    const bool leases = crowd->wire->finish_leases;
    const enum bench_step step = crowd->steps[client];
    if (crowd->cycle && step == BENCH_PUT) {
        return send_step(crowd, client, crowd->holds[client] ? BENCH_NEXT : BENCH_LEASE, error);
    }
    if (step == BENCH_LEASE && !leases) {
        return send_step(crowd, client, BENCH_FINISH, error);
    }
    if (step == BENCH_LEASE) {
        crowd->holds[client] = true;
        return begin_operation(crowd, client, error);
    }
    crowd->done++;
    crowd->collectors[client % crowd->collector_count].finished++;
    return bench_samples_add(&crowd->samples, pm_clock_monotonic_ns() - crowd->started_ns[client],
                             error) &&
           begin_operation(crowd, client, error);
}

/* Enough for the results of a window's jobs to be collected while the next are worked at. */
static size_t collectors_for(size_t lanes, size_t window)
{
    const size_t wanted = 1 + lanes / SHOWN_WANTED,
                 most = window < BENCH_RUNS_MAX ? window : BENCH_RUNS_MAX;
    return wanted < most ? wanted : most;
}

/* Lets the collector of a lane's run go on. */
static bool collect(struct crowd *crowd, size_t lane, struct pm_error *error)
{
    struct bench_wire *wire = crowd->wire;
    const size_t number = lane % crowd->collector_count;
    struct collector *collector = &crowd->collectors[number];
    const struct bench_wire_run *run = &wire->runs[number];
    const size_t finished = collector->finished - run->collected;
    if (!crowd->cycle || !wire->keeps_results || collector->asking ||
        (run->pending == 0 && finished < (crowd->active > 0 ? SHOWN_WANTED : 1))) {
        return true;
    }
    /* Of as many lanes in a row as there are runs one works for each. */
    size_t own = crowd->clients;
    while (own % crowd->collector_count != number) {
        own++;
    }
    collector->asking = true;
    crowd->asking++;
    return wire->verbs->send(wire, own, run->pending > 0 ? BENCH_COLLECT : BENCH_RESULTS, error);
}

static bool run_crowd(struct crowd *crowd, struct pm_error *error)
{
    crowd->active = crowd->clients;
    for (size_t i = 0; i < crowd->clients; i++) {
        if (!begin_operation(crowd, i, error)) {
            return false;
        }
    }
    while (crowd->active > 0 || crowd->asking > 0) {
        size_t who = 0;
        if (!goes_on(error) || !crowd->wire->verbs->receive(crowd->wire, &who, error)) {
            return false;
        }
        if (who >= crowd->clients) {
            crowd->collectors[who % crowd->collector_count].asking = false;
            crowd->asking--;
        } else if (!next_step(crowd, who, error)) {
            return false;
        }
        /* The last answer of all may let each collector take what is left. */
        for (size_t i = 0; crowd->active == 0 && i < crowd->collector_count; i++) {
            if (!collect(crowd, i, error)) {
                return false;
            }
        }
        if (!collect(crowd, who, error)) {
            return false;
        }
    }
    return true;
}

/* `links` connections, and one more for the collectors. */
static struct bench_wire *open_wire(enum bench_server_kind kind, const struct bench_server *server,
                                    size_t links, size_t window, size_t runs, size_t payload,
                                    struct pm_error *error)
{
    const struct bench_wire_config config = {.port = server->port,
                                             .links = links + 1,
                                             .window = window,
                                             .runs = runs,
                                             .payload = payload};
    return kind == BENCH_BEANSTALKD ? bench_wire_beanstalkd(&config, error)
                                    : bench_wire_sidecar(&config, error);
}

static void set_latency(struct bench_queue_row *row, struct bench_samples *samples)
{
    row->p50_us = bench_samples_quantile(samples, 0.50) * 1e-3;
    row->p99_us = bench_samples_quantile(samples, 0.99) * 1e-3;
}

/* Lets a crowd at a server; *row gets what there is to say of it. */
static bool measure_crowd(enum bench_server_kind kind, const struct bench_server *server,
                          struct crowd *crowd, struct bench_queue_row *row, double seconds,
                          struct pm_error *error)
{
    crowd->clients = row->clients * row->window;
    crowd->collector_count = collectors_for(crowd->clients, row->window);
    crowd->steps = calloc(crowd->clients, sizeof *crowd->steps);
    crowd->holds = calloc(crowd->clients, sizeof *crowd->holds);
    crowd->started_ns = calloc(crowd->clients, sizeof *crowd->started_ns);
    crowd->wire = open_wire(kind, server, row->clients, row->window,
                            crowd->cycle ? crowd->collector_count : 1, row->payload, error);
    const double begin_cpu_s = bench_server_cpu_s(server);
    const int64_t begin_ns = pm_clock_monotonic_ns(); /* all are connected */
    crowd->end_ns = begin_ns + (int64_t)(seconds * 1e9);
    bool good = crowd->steps != NULL && crowd->holds != NULL && crowd->started_ns != NULL &&
                crowd->wire != NULL && run_crowd(crowd, error);
    if (good) {
        row->per_s = (double)crowd->done * 1e9 / (double)(pm_clock_monotonic_ns() - begin_ns);
        row->cpu_us = (bench_server_cpu_s(server) - begin_cpu_s) * 1e6 / (double)crowd->done;
        set_latency(row, &crowd->samples);
    }
    if (crowd->wire != NULL) {
        crowd->wire->verbs->close(crowd->wire);
    }
    bench_samples_clear(&crowd->samples);
    free(crowd->steps);
    free(crowd->holds);
    free(crowd->started_ns);
    return good;
}

static struct bench_queue_row row_of(enum bench_server_kind kind, const char *what, size_t clients,
                                     size_t payload)
{
    return (struct bench_queue_row){.server = SERVER_NAMES[kind],
                                    .what = what,
                                    .synced = kind == BENCH_SIDECAR || kind == BENCH_BEANSTALKD,
                                    .clients = clients,
                                    .window = 1,
                                    .payload = payload,
                                    .per_s = NAN,
                                    .p50_us = NAN,
                                    .p99_us = NAN,
                                    .cpu_us = NAN,
                                    .ratio = NAN,
                                    .resident_mib = NAN};
}

/* ---- rows ---- */

struct bench {
    const struct pm_bench_queue_config *config;
    bool has_beanstalkd;
};

struct load {
    size_t clients, window, payload;
};

/* One kind of operation with a fresh server. *per_s is beanstalkd's, once it is known. */
static bool bench_rate(const struct bench *bench, enum bench_server_kind kind, bool cycle,
                       const struct load *load, double *per_s, struct pm_error *error)
{
    struct bench_server server;
    struct bench_queue_row row =
        row_of(kind, cycle ? "cycle" : "put", load->clients, load->payload);
    row.window = load->window;
    struct crowd crowd = {.cycle = cycle, .most = SIZE_MAX};
    if (!bench_server_start(kind, &server, error)) {
        return false;
    }
    bool good = measure_crowd(kind, &server, &crowd, &row, bench->config->seconds, error);
    bench_server_stop(&server);
    if (kind == BENCH_BEANSTALKD) {
        *per_s = row.per_s;
    }
    row.ratio = row.per_s / *per_s;
    return good && bench_queue_row_print(&row, bench->config->json, error);
}

static bool bench_rates(const struct bench *bench, bool cycle, const struct load *load,
                        struct pm_error *error)
{
    double per_s = NAN;
    return (!bench->has_beanstalkd ||
            bench_rate(bench, BENCH_BEANSTALKD, cycle, load, &per_s, error)) &&
           bench_rate(bench, BENCH_SIDECAR, cycle, load, &per_s, error) &&
           bench_rate(bench, BENCH_SIDECAR_NO_SYNC, cycle, load, &per_s, error);
}

/* From sending a put until a worker that waits has the job. */
static bool hand_over(struct bench_wire *wire, int idle_ms, struct bench_samples *samples,
                      struct pm_error *error)
{
    enum { PUTTER, WORKER };
    int64_t got_ns = 0;
    size_t who = 0;
    if (!goes_on(error) || !wire->verbs->send(wire, WORKER, BENCH_LEASE, error)) {
        return false;
    }
    if (idle_ms > 0) {
        pm_clock_sleep_ms(idle_ms);
    }
    const int64_t begin_ns = pm_clock_monotonic_ns();
    if (!wire->verbs->send(wire, PUTTER, BENCH_PUT, error)) {
        return false;
    }
    for (int answers = 0; answers < 2; answers++) {
        if (!wire->verbs->receive(wire, &who, error)) {
            return false;
        }
        got_ns = who == WORKER ? pm_clock_monotonic_ns() : got_ns;
    }
    return bench_samples_add(samples, got_ns - begin_ns, error) &&
           wire->verbs->send(wire, WORKER, BENCH_FINISH, error) &&
           wire->verbs->receive(wire, &who, error);
}

/* One right after the other, as a round trip is measured; or each after a pause, in which the
 * processor and the threads of both sides have gone to sleep. */
static bool bench_handover(const struct bench *bench, enum bench_server_kind kind, bool idle,
                           struct pm_error *error)
{
    struct bench_server server;
    struct bench_queue_row row =
        row_of(kind, idle ? "handover-idle" : "handover-busy", 2, BACKLOG_PAYLOAD);
    struct bench_samples samples = {0};
    if (!bench_server_start(kind, &server, error)) {
        return false;
    }
    struct bench_wire *wire = open_wire(kind, &server, 2, 1, 1, row.payload, error);
    bool good = wire != NULL;
    const int handovers = idle ? HANDOVERS_IDLE : HANDOVERS_BUSY;
    for (int i = 0; good && i < handovers; i++) {
        good = hand_over(wire, idle ? IDLE_MS : 0, &samples, error);
    }
    set_latency(&row, &samples);
    if (wire != NULL) {
        wire->verbs->close(wire);
    }
    bench_samples_clear(&samples);
    bench_server_stop(&server);
    return good && bench_queue_row_print(&row, bench->config->json, error);
}

static bool all_handovers(const struct bench *bench, struct pm_error *error)
{
    static const enum bench_server_kind kinds[] = {BENCH_RELAY, BENCH_SIDECAR_NO_SYNC,
                                                   BENCH_SIDECAR};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!bench_handover(bench, kinds[i], false, error) ||
            !bench_handover(bench, kinds[i], true, error)) {
            return false;
        }
    }
    return true;
}

static bool time_leases(enum bench_server_kind kind, const struct bench_server *server,
                        size_t leases, struct bench_queue_row *row, struct pm_error *error)
{
    struct bench_samples samples = {0};
    struct bench_wire *wire = open_wire(kind, server, 1, 1, 1, row->payload, error);
    bool good = wire != NULL;
    for (size_t i = 0; good && i < leases; i++) {
        size_t who;
        const int64_t begin_ns = pm_clock_monotonic_ns();
        good = goes_on(error) && wire->verbs->send(wire, 0, BENCH_LEASE, error) &&
               wire->verbs->receive(wire, &who, error) &&
               bench_samples_add(&samples, pm_clock_monotonic_ns() - begin_ns, error);
    }
    set_latency(row, &samples);
    if (wire != NULL) {
        wire->verbs->close(wire);
    }
    bench_samples_clear(&samples);
    return good;
}

/* Memory with many jobs queued, and how long a lease takes then. */
static bool bench_backlog(const struct bench *bench, enum bench_server_kind kind, size_t jobs,
                          struct pm_error *error)
{
    struct bench_server server;
    struct bench_queue_row row = row_of(kind, "backlog", BACKLOG_CLIENTS, BACKLOG_PAYLOAD);
    struct crowd crowd = {.most = jobs};
    row.jobs = jobs;
    row.window = BACKLOG_WINDOW;
    if (!bench_server_start(kind, &server, error)) {
        return false;
    }
    bool good = measure_crowd(kind, &server, &crowd, &row, 1e6, error);
    row.resident_mib = bench_server_resident_mib(&server);
    good = good &&
           time_leases(kind, &server, jobs < BACKLOG_LEASES ? jobs : BACKLOG_LEASES, &row, error);
    bench_server_stop(&server);
    return good && bench_queue_row_print(&row, bench->config->json, error);
}

/* One client that puts a job now and then, and between two of them a sync of the disk alone: so
 * both had the same disk, whatever else it was busy with. */
static bool trickle(struct bench_wire *wire, struct bench_disk *disk, struct bench_samples *puts,
                    struct bench_samples *syncs, struct pm_error *error)
{
    size_t who;
    pm_clock_sleep_ms(IDLE_MS);
    const int64_t begin_ns = pm_clock_monotonic_ns();
    if (!goes_on(error) || !wire->verbs->send(wire, 0, BENCH_PUT, error) ||
        !wire->verbs->receive(wire, &who, error) ||
        !bench_samples_add(puts, pm_clock_monotonic_ns() - begin_ns, error)) {
        return false;
    }
    pm_clock_sleep_ms(IDLE_MS);
    const int64_t sync_ns = pm_clock_monotonic_ns();
    return bench_disk_sync(disk, error) &&
           bench_samples_add(syncs, pm_clock_monotonic_ns() - sync_ns, error);
}

static bool bench_trickle(const struct bench *bench, struct pm_error *error)
{
    struct bench_server server;
    struct bench_disk disk;
    struct bench_samples puts = {0}, syncs = {0};
    struct bench_queue_row put_row = row_of(BENCH_SIDECAR, "trickle", 1, BACKLOG_PAYLOAD);
    struct bench_queue_row disk_row = row_of(BENCH_SIDECAR, "fdatasync", 1, BENCH_DISK_BYTES);
    disk_row.server = "disk";
    if (!bench_disk_open(&disk, error)) {
        return false;
    }
    bool good = bench_server_start(BENCH_SIDECAR, &server, error);
    struct bench_wire *wire =
        good ? open_wire(BENCH_SIDECAR, &server, 1, 1, 1, BACKLOG_PAYLOAD, error) : NULL;
    good = wire != NULL;
    const int64_t end_ns = pm_clock_monotonic_ns() + (int64_t)(2 * bench->config->seconds * 1e9);
    for (int i = 0; good && i < TRICKLED_MAX && pm_clock_monotonic_ns() < end_ns; i++) {
        good = trickle(wire, &disk, &puts, &syncs, error);
    }
    set_latency(&disk_row, &syncs);
    set_latency(&put_row, &puts);
    good = good && bench_queue_row_print(&disk_row, bench->config->json, error) &&
           bench_queue_row_print(&put_row, bench->config->json, error);
    if (wire != NULL) {
        wire->verbs->close(wire);
    }
    bench_server_stop(&server);
    bench_disk_close(&disk);
    bench_samples_clear(&puts);
    bench_samples_clear(&syncs);
    return good;
}

/* ---- all ---- */

static bool all_rates(const struct bench *bench, bool cycle, struct pm_error *error)
{
    static const size_t clients[] = {1, 4, 16, 64}, payloads[] = {1024, 16384};
    const struct pm_bench_queue_config *config = bench->config;
    for (size_t p = 0; p < (config->payload > 0 ? 1 : sizeof payloads / sizeof *payloads); p++) {
        for (size_t c = 0; c < (config->clients > 0 ? 1 : sizeof clients / sizeof *clients); c++) {
            const struct load load = {config->clients > 0 ? config->clients : clients[c],
                                      config->window > 0 ? config->window : 1,
                                      config->payload > 0 ? config->payload : payloads[p]};
            if (!bench_rates(bench, cycle, &load, error)) {
                return false;
            }
        }
    }
    const struct load pipelined = {config->clients > 0 ? config->clients : PIPELINED_CLIENTS,
                                   PIPELINED_WINDOW,
                                   config->payload > 0 ? config->payload : payloads[0]};
    return config->window > 0 || bench_rates(bench, cycle, &pipelined, error);
}

static bool all_backlogs(const struct bench *bench, struct pm_error *error)
{
    static const size_t jobs[] = {10000, 1000000};
    if (bench->config->backlog > 0) {
        return bench_backlog(bench, BENCH_SIDECAR, bench->config->backlog, error);
    }
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        if (!bench_backlog(bench, BENCH_SIDECAR, jobs[i], error)) {
            return false;
        }
    }
    return true;
}

static bool find_beanstalkd(struct bench *bench, struct pm_error *error)
{
    struct bench_server server;
    bench->has_beanstalkd = bench_server_start(BENCH_BEANSTALKD, &server, error);
    if (bench->has_beanstalkd) {
        bench_server_stop(&server);
        return true;
    }
    if (error->code != PM_ERROR_NOT_FOUND) {
        return false;
    }
    fprintf(stderr, "poolminer: %s\n", error->message);
    return true;
}

bool pm_bench_queue(const struct pm_bench_queue_config *config, struct pm_error *error)
{
    struct bench bench = {.config = config};
    pm_stop_install();
    if (!find_beanstalkd(&bench, error)) {
        return false;
    }
    if (!config->json) {
        bench_queue_row_print_heading();
    }
    const bool done = bench_trickle(&bench, error) && all_rates(&bench, false, error) &&
                      all_rates(&bench, true, error) && all_handovers(&bench, error) &&
                      all_backlogs(&bench, error);
    /* A call that the signal broke off has reasons of its own. */
    return done || (goes_on(error) && false);
}
