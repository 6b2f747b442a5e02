/* The story of queue_scenario.h over a store in a file, for tests that make writes fail: what the
 * store holds after each step is known, and after any end the story goes on from there. */
#ifndef PM_TESTS_STORY_FAULTS_H
#define PM_TESTS_STORY_FAULTS_H

#include "sidecar/queue_scenario.h"

/* Before all tests: cmocka's set-up of the group, and its end. Thousands of stores are written: in
 * memory, where there is such a place. */
int story_tell_once(void **state);
int story_forget(void **state);

/* The store in the scratch directory, as it is. */
bool story_open_store(struct pm_store **out, struct pm_error *error);
/* The same, and a queue over it. */
bool story_open(struct pm_store **store, struct pm_queue *queue, struct pm_error *error);
/* The store holds what it held after so many steps. */
void story_expect(struct pm_store *store, size_t steps);
/* Opens the store anew, where `acknowledged` steps were, and the next one has happened or not;
 * takes the others, and closes it. */
void story_go_on(size_t acknowledged);

#endif
