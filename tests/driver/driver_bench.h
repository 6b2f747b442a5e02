/* A driver between a scripted pool and a queue in memory, for tests of its life. Time is the
 * pool's: a wait of the driver moves the clock and takes no time, so every duration is exact. */
#ifndef TESTS_DRIVER_DRIVER_BENCH_H
#define TESTS_DRIVER_DRIVER_BENCH_H

#include "driver/driver.h"
#include "tests/driver/fake_pool.h"
#include "tests/driver/fake_queue.h"

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

enum { SECOND = 1000 };

#define POOL_NAME "http://pool.test"

struct bench {
    struct fake_pool pool;
    struct fake_queue queue;
    struct pm_hotkey *hotkey;
    char mnemonic[PM_MNEMONIC_SIZE];
    struct pm_driver driver; /* of the life that ran last */
    struct pm_driver_settings settings;
    const char *second_url; /* another address of the pool, or NULL */
    const char *pool_name;  /* the URL that leases are kept under; NULL: POOL_NAME */
    int64_t away_ms;        /* the time between the lives of die_and_live_again */
    struct pm_error error;
};

/* For cmocka. */
int open_bench(void **state);
int close_bench(void **state);

/* One life of a driver with this key: what pm_coordinator_run returned. */
bool live_as(struct bench *bench, const struct pm_hotkey *hotkey);
bool live(struct bench *bench);

/* The record of a lease; the test ends when there is none. */
const struct fake_record *record(const struct bench *bench, const char *lease_id);
/* A member of its body: a text, or a number in decimal; "" when it is missing. In static memory. */
const char *record_member(const struct bench *bench, const char *lease_id, const char *name);

/* "lease-1" is closed in this state, with `reason` in its reason, and nothing of it is left. */
void assert_closed(const struct bench *bench, const char *state, const char *reason);

/* What one lease of the fake pool comes to when all its work is done. */
void assert_full_submission(const struct fake_submission *submission);

/* Kills the driver at call number `die_at` of the queue, starts another; false when the first one
 * lived to its end. */
bool die_and_live_again(struct bench *bench, int die_at, bool after);

#endif
