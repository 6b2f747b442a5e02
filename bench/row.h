/* A line of `poolminer bench evaluate`. */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>
#include <poolminer/lanes.h>

enum { BENCH_EXTRAS_MAX = 6 };

/* NAN: not known. */
struct bench_row {
    const char *program, *executor, *simd;
    bool machine_code;
    int threads;
    double us_per_algorithm;
    double us_compile; /* once an algorithm, not in the above */
    double ns_per_instruction_example;
    double ratio_to_reference; /* how many times sooner */
    double scaling;            /* of the threads' speed, that of one thread times their number: 1 */
    double machine_share;      /* of the time, what the machine needs at least */
    const char *limit;         /* by what */
    struct {
        const char *name;
        double value;
    } extras[BENCH_EXTRAS_MAX]; /* figures that only this row has */
    size_t extra_count;
};

/* One thread, nothing known. */
struct bench_row bench_row_empty(const char *program, const char *executor);
/* At most BENCH_EXTRAS_MAX. */
void bench_row_add(struct bench_row *row, const char *name, double value);

/* How many threads, and their scaling; of more than one also what the machine itself makes of as
 * many (two figures that only this row has). */
void bench_row_set_threads(struct bench_row *row, int threads, double scaling,
                           enum pm_simd_level level);

void bench_row_print_heading(void);
bool bench_row_print(const struct bench_row *row, bool json, struct pm_error *error);

#endif
