/* Every call that a story makes of a store fails once, in its turn. */
#ifndef PM_TESTS_CALL_FAULTS_H
#define PM_TESTS_CALL_FAULTS_H

#include <stdbool.h>

#include <poolminer/error.h>

struct pm_store;

struct call_faults {
    /* Opens the store; it holds what it held. */
    bool (*open)(struct pm_store **out, struct pm_error *error);
    void (*erase)(void);
    bool apart; /* commits are synced after them, and syncs fail too */
};

/* Plays the story of queue_scenario.h, each step until it succeeds: at first its first call fails,
 * then its second, and so on. A step that failed has changed nothing; one whose sync failed is
 * there wholly or not at all when the store is opened anew. So the start of a queue. */
void call_faults_run(const struct call_faults *faults);

#endif
