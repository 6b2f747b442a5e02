/* The benchmarks behind `poolminer bench`. Each prints its rows as it goes, to standard output: a
 * table, or one JSON object a line. What the rows and columns mean stands in docs/performance.md
 * (evaluate), docs/queue-speed.md, docs/pool.md and docs/evolution.md.
 *
 * Servers that a benchmark needs it starts itself, on 127.0.0.1 with free ports and with empty
 * stores below $TMPDIR, and takes away again; so it does when pm_stop_requested() ends it early,
 * which is an error (PM_ERROR_INTERRUPTED). */
#ifndef POOLMINER_BENCH_H
#define POOLMINER_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/dataset.h>
#include <poolminer/error.h>
#include <poolminer/suite.h>

enum { PM_BENCH_SERIES_MAX = 50 }; /* runs of one engine from one start */

struct pm_bench_evaluate_config {
    bool json;           /* one object a row, else a table */
    const char *program; /* the row's name, if only that is wanted; NULL: all */
    int threads;         /* the most to use; 1 or more */
    size_t algorithms;   /* random ones, for their mean */
};

/* How fast algorithms are evaluated, and how fast they could be. */
bool pm_bench_evaluate(const struct pm_bench_evaluate_config *config, struct pm_error *error);

struct pm_bench_queue_config {
    bool json;      /* one object a row, else a table */
    size_t clients; /* 0: 1, 4, 16 and 64 */
    size_t payload; /* bytes of a job; 0: 1 and 16 KiB */
    size_t window;  /* requests under way of each client; 0: 1, and in two rows 16 */
    size_t backlog; /* jobs queued for the row "backlog"; 0: 10,000 and 1,000,000 */
    double seconds; /* for each figure */
};

/* How many jobs a second go through a sidecar, how soon each is acknowledged, and the same of
 * beanstalkd, where that is installed, on the same disk in the same run. */
bool pm_bench_queue(const struct pm_bench_queue_config *config, struct pm_error *error);

struct pm_bench_pool_config {
    bool json;         /* one object a row, else a table */
    const char *store; /* "sqlite", "postgresql", a URL; NULL: the first two */
    size_t miners;     /* 0: 10, 100 and 1000 */
    int threads;       /* that make and verify signatures before and after; 1 or more */
    double seconds;    /* for each number of miners */
};

/* How many leases and submissions a pool takes a second, and how near that is to what verifying
 * their signatures allows. */
bool pm_bench_pool(const struct pm_bench_pool_config *config, struct pm_error *error);

struct pm_bench_evolve_config {
    bool json;                       /* one object a row, else a table */
    const char *engines;             /* names, separated by commas */
    const char *starts;              /* "nothing", "mediocre" or both, separated by a comma */
    const char *profile;             /* what may be written */
    int64_t runs, first_seed;        /* of each engine and start: seeds first_seed, first_seed + 1,
                                        ...; at most PM_BENCH_SERIES_MAX runs */
    int64_t generations, population; /* of each run; population 0: the engine's own */
    double cpu_seconds;              /* of processor time for each run; 0: no limit */
    double idioms;                   /* probability of an idiom; below 0: as usual */
    const char *log;                 /* file of finished runs, which are not done again; or NULL */
    const struct pm_dataset *dataset;
    const struct pm_suite *evaluation;
};

/* How good what evolution finds is: a row for each run, for each engine and start a summary, the
 * hand-written references, and for each two engines how likely their difference is chance. A stop
 * ends it between two runs. */
bool pm_bench_evolve(const struct pm_bench_evolve_config *config, struct pm_error *error);

#endif
