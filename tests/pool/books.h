/* What a pool on PostgreSQL has paid, read beside it. */
#ifndef TESTS_POOL_BOOKS_H
#define TESTS_POOL_BOOKS_H

#include <stdint.h>

enum { BOOKS_EPOCHS_MAX = 4096 };

struct books {
    int64_t paid[BOOKS_EPOCHS_MAX], payouts[BOOKS_EPOCHS_MAX];
    int64_t settled, rewards_micro, payouts_micro;
};

/* Waits until all that was earned has been divided. Each settled epoch has paid what its payouts
 * come to, with what the pool keeps that is its budget, and no point was paid for twice. */
void assert_books_are_settled(struct books *books);

#endif
