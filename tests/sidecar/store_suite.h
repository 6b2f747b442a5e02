/* One suite for every store: what store.h promises, without the queue's rules. */
#ifndef PM_TESTS_STORE_SUITE_H
#define PM_TESTS_STORE_SUITE_H

#include "sidecar/store.h"

struct pm_store_backend {
    const char *name;
    bool (*open)(struct pm_store **out, struct pm_error *error); /* what was committed is there */
    void (*erase)(void);                                         /* the next open finds nothing */
};

/* Runs it; the number of failed tests. */
int pm_store_suite_run(const struct pm_store_backend *backend);

#endif
