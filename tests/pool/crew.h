/* Miners that go from one pool to the other and never give up: each says the same again until it is
 * answered 200, whatever happens to the pools, and keeps what it was answered. */
#ifndef TESTS_POOL_CREW_H
#define TESTS_POOL_CREW_H

#include "pool/http_client.h"
#include "pool/pool_process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

enum { CREW_POOLS = 2, CREW_MINERS = 4, CREW_BATCH = 4, CREW_QUORUM = 2, CREW_DONE_MAX = 4096 };

/* A submission that was acknowledged. */
struct crew_done {
    char *path, *body, *answer;
    int64_t ids[CREW_BATCH]; /* judged */
    double scores[CREW_BATCH];
    size_t count;
    int64_t evolved; /* the id that its program got */
};

struct crew;
struct crew_miner {
    struct crew *crew;
    int number, calls;
    pthread_t thread;
    struct pm_hotkey *hotkey;
    struct crew_done done[CREW_DONE_MAX];
    size_t done_count; /* of the miner's thread until it has ended */
};

struct crew {
    pthread_mutex_t mutex;     /* of the URLs */
    char urls[CREW_POOLS][64]; /* "": that pool is down */
    struct crew_miner *miners; /* CREW_MINERS of them */
    atomic_int acknowledged;   /* submissions, over all miners */
    atomic_bool stop;
};

/* They begin at once, at pools started with `crew_options`. */
extern const char *const crew_options[];
void crew_start(struct crew *crew, const struct pool_process pools[CREW_POOLS]);
/* Where that pool is now; NULL: it is down. */
void crew_tell(struct crew *crew, size_t pool, const char *url);
/* Waits until so many more submissions have been acknowledged. */
void crew_wait(struct crew *crew, int more);
/* Each ends what it is in the middle of. */
void crew_stop(struct crew *crew);

/* Everything acknowledged is there, nothing else is, and all of it is booked once: the answers come
 * again to the byte, evaluations, algorithms and rewards in the store are those that the answers
 * make, by the rules reckoned anew. Frees the crew. */
void crew_check(struct crew *crew);

#endif
