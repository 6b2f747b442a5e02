/* poolminer bench queue: how many jobs a second go through a sidecar, how soon each is
 * acknowledged, and the same of beanstalkd on the same disk in the same run. */
#ifndef CLI_BENCH_QUEUE_H
#define CLI_BENCH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

struct bench_queue_config {
    bool json;      /* one object a row, else a table */
    size_t clients; /* 0: 1, 4, 16 and 64 */
    size_t payload; /* bytes of a job; 0: 1 and 16 KiB */
    size_t window;  /* requests under way of each client; 0: 1, and in two rows 16 */
    size_t backlog; /* jobs queued for the row "backlog"; 0: 10,000 and 1,000,000 */
    double seconds; /* for each figure */
};

bool bench_queue(const struct bench_queue_config *config, struct pm_error *error);

#endif
