/* What the parts of the store suite share: the store that is tested, and steps with it. */
#ifndef PM_TESTS_STORE_STEPS_H
#define PM_TESTS_STORE_STEPS_H

#include "sidecar/sidecar_test.h"
#include "sidecar/store.h"

extern struct pm_store *store;
extern struct pm_error error;

/* For cmocka: an empty store, and its end. */
int store_set_up(void **state);
int store_tear_down(void **state);
#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, store_set_up, store_tear_down)

/* Each has to succeed. */
void begin(void);
void commit(void);
void reopen(void);
int64_t run(const char *name); /* made if there is none */

/* Returns its sequence number. */
int64_t put_record(int64_t run_id, const char *key, const char *record_state, const char *body);
/* "KEY=STATE:BODY " of each, newest first. */
void expect_records(int64_t run_id, const char *record_state, int64_t before, size_t limit,
                    const char *expected);

/* The part about records; the number of failed tests. */
int store_suite_run_records(void);

#endif
