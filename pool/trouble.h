/* A store that fails does so for every call: what the log is told of it.
 *
 * The first failure is logged at once, then one line a minute that says how many there were in
 * between, and a last one when the store works again. Safe from several threads. */
#ifndef POOL_TROUBLE_H
#define POOL_TROUBLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pm_trouble {
    pthread_mutex_t mutex;
    bool on;
    int64_t logged_ms; /* monotonic */
    int64_t unlogged;  /* failures since then */
};

#define PM_TROUBLE_NONE                                                                            \
    {                                                                                              \
        .mutex = PTHREAD_MUTEX_INITIALIZER                                                         \
    }

/* Work on the store failed; `what` it was and the error's sentence `why`. Time is monotonic. */
void pm_trouble_failed(struct pm_trouble *trouble, int64_t now_ms, const char *what,
                       const char *why);
/* Work that writes was committed. */
void pm_trouble_over(struct pm_trouble *trouble);

#endif
