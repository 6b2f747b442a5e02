/* A line of `poolminer bench queue`. */
#ifndef BENCH_QUEUE_ROW_H
#define BENCH_QUEUE_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* NAN: does not apply. What is not finite, as nothing was done in the time, is not shown. */
struct bench_queue_row {
    const char *server, *what;
    bool synced;
    size_t clients, window, payload; /* window: requests under way of each client */
    size_t jobs;                     /* queued meanwhile; 0: does not apply */
    double per_s;
    double p50_us, p99_us; /* of one operation */
    double cpu_us;         /* of the server's processor time, for one operation */
    double ratio;          /* of per_s, to beanstalkd's */
    double resident_mib;
};

void bench_queue_row_print_heading(void);
bool bench_queue_row_print(const struct bench_queue_row *row, bool json, struct pm_error *error);

#endif
