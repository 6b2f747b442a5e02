/* A run of `poolminer bench evolve`: one engine, one start, one seed, and what came of it. */
#ifndef BENCH_EVOLVE_RUN_H
#define BENCH_EVOLVE_RUN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { BENCH_NAME_SIZE = 32 };

/* What the outcome of a run depends on, beside the machine's speed if cpu_seconds > 0. */
struct bench_evolve_case {
    char engine[BENCH_NAME_SIZE];
    char start[BENCH_NAME_SIZE];   /* of BENCH_STARTS */
    char profile[BENCH_NAME_SIZE]; /* what may be written */
    char dataset[BENCH_NAME_SIZE]; /* the first digits of its fingerprint */
    int64_t seed, generations, population;
    double cpu_seconds; /* of processor time a run may take; 0: no limit */
    double idioms;      /* probability of an idiom; below 0: as usual */
};

struct bench_evolve_run {
    struct bench_evolve_case of;
    double score;        /* on the evaluation suite, which took no part in the search */
    double search_score; /* fitness: on the search suite */
    int64_t candidates, generations;
    double seconds, cpu_seconds;
    int64_t instructions; /* of the result */
};

/* Whether two cases are the same, so that one's run is the other's. */
bool bench_evolve_same_case(const struct bench_evolve_case *a, const struct bench_evolve_case *b);

/* {"row": "run", ...}; NULL when memory is out. */
cJSON *bench_evolve_run_write(const struct bench_evolve_run *run);
bool bench_evolve_run_read(const cJSON *object, struct bench_evolve_run *out,
                           struct pm_error *error);

/* Finished runs, from a file of such lines; other lines are passed over. */
struct bench_evolve_log {
    struct bench_evolve_run *runs;
    size_t count;
};

/* A missing file is an empty log. */
bool bench_evolve_log_read(const char *path, struct bench_evolve_log *out, struct pm_error *error);
/* The run of this case, or NULL. */
const struct bench_evolve_run *bench_evolve_log_find(const struct bench_evolve_log *log,
                                                     const struct bench_evolve_case *of);
void bench_evolve_log_clear(struct bench_evolve_log *log);
/* Adds a line to the file at once. */
bool bench_evolve_log_append(const char *path, const struct bench_evolve_run *run,
                             struct pm_error *error);

#endif
