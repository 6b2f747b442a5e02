/* An HTTP server in front of a pool that passes requests on, but for some, chosen at random: those
 * are answered with 500 (before the pool sees them, or instead of its answer), kept waiting, cut
 * off in the middle of the answer, or dropped. */
#ifndef TESTS_END_TO_END_FAULTY_FRONT_H
#define TESTS_END_TO_END_FAULTY_FRONT_H

#include <stdatomic.h>

enum front_fate {
    FRONT_PASS,
    FRONT_REFUSE,     /* 500, the pool has not seen it */
    FRONT_LOSE,       /* 500, the pool has done it */
    FRONT_HANG,       /* seconds of silence, the pool has not seen it */
    FRONT_HANG_AFTER, /* the same, the pool has done it */
    FRONT_TRUNCATE,   /* half of the pool's answer */
    FRONT_DROP,       /* no answer, the pool has done it */
    FRONT_FATES
};

struct faulty_front;

/* Asserts on failure. The pool may come and go. */
struct faulty_front *faulty_front_start(int pool_port, unsigned seed);
void faulty_front_stop(struct faulty_front *front);
int faulty_front_port(const struct faulty_front *front);
/* From now on everything is passed on. */
void faulty_front_behave(struct faulty_front *front);
int faulty_front_count(const struct faulty_front *front, enum front_fate fate);

#endif
