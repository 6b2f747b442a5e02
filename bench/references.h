/* Algorithms written by hand: what evolution is measured against, and what it may start from. */
#ifndef BENCH_REFERENCES_H
#define BENCH_REFERENCES_H

#include <stddef.h>

struct bench_text {
    const char *name;
    const char *text; /* an algorithm of 16 inputs */
};

/* Tuned by hand, which is to say on the evaluation suite itself: that favours them. */
extern const struct bench_text BENCH_REFERENCES[];
extern const size_t BENCH_REFERENCE_COUNT;

enum { BENCH_START_SEEDS = 2 };
struct bench_start {
    const char *name;
    struct bench_text seeds[BENCH_START_SEEDS];
};
extern const struct bench_start BENCH_STARTS[];
extern const size_t BENCH_START_COUNT;

#endif
