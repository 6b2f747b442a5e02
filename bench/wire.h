/* A server that queues jobs, as the benchmark sees it: connections to it, and on each of them some
 * lanes, each with one request under way at most. One thread serves all of them over plain sockets,
 * so that what is measured is the server. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum bench_step {
    BENCH_PUT,     /* a job goes in */
    BENCH_LEASE,   /* a job comes out, also one that is put while this waits */
    BENCH_FINISH,  /* the job that this lane got is done */
    BENCH_NEXT,    /* the same, and one that is queued comes out; where `finish_leases` */
    BENCH_RESULTS, /* asks for outcomes of the lane's run, also when there are none */
    BENCH_COLLECT, /* takes what BENCH_RESULTS has shown */
};

struct bench_wire;

struct bench_wire_verbs {
    void (*close)(struct bench_wire *wire);
    bool (*send)(struct bench_wire *wire, size_t lane, enum bench_step step,
                 struct pm_error *error);
    /* Waits for the next answer on any lane. A refusal is an error. */
    bool (*receive)(struct bench_wire *wire, size_t *lane, struct pm_error *error);
};

enum { BENCH_SILENCE_MS = 60000, BENCH_PAYLOAD_MAX = 1024 * 1024, BENCH_RUNS_MAX = 8 };

/* Where there are results: those of one run. */
struct bench_wire_run {
    size_t pending;   /* shown by the last BENCH_RESULTS, and not collected yet */
    size_t collected; /* by BENCH_COLLECT so far */
};

struct bench_wire {
    const struct bench_wire_verbs *verbs;
    bool keeps_results; /* a finished job is there until it is collected */
    bool finish_leases; /* one message may end a job and ask for another */
    struct bench_wire_run runs[BENCH_RUNS_MAX];
};

struct bench_wire_config {
    int port;             /* on 127.0.0.1 */
    size_t links, window; /* connections, and lanes of each; lane i is on connection i / window */
    size_t runs;          /* lane i works for run i % runs, where there are runs */
    size_t payload;       /* bytes with every put, and with every finish where there are results */
};

/* NULL with the error set. */
struct bench_wire *bench_wire_sidecar(const struct bench_wire_config *config,
                                      struct pm_error *error);
struct bench_wire *bench_wire_beanstalkd(const struct bench_wire_config *config,
                                         struct pm_error *error);

#endif
