/* The books of a pool and of the sidecar that its miners use, after the programs have ended, and
 * what a witness has seen of them. */
#ifndef TESTS_END_TO_END_BOOKS_H
#define TESTS_END_TO_END_BOOKS_H

#include "programs.h"

#include <stdbool.h>

/* Reads pool.db, sidecar.db and witness.db of the place and compares them: every job has an
 * outcome, what was acknowledged came to its driver and is in its lease's submission, what was
 * submitted is booked, once, and the money adds up. False, having said which promise is broken,
 * when one is, or when nothing was booked at all. */
bool books_balance(const struct place *place);

#endif
