/* The algorithms of a simulated pool that wait for their consensus, and who gets which: what is
 * nearest to its consensus first, then the oldest; never to its author, never twice to the same
 * miner, never to more than the quorum. The pool does the same in SQL (pool/store_algorithms.c),
 * and tests/pool/test_pool_simulation.c holds the two against each other. */
#ifndef CLI_SIMULATION_WORK_H
#define CLI_SIMULATION_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

/* One that waits: a place in a table, used again when it has its consensus. */
typedef uint32_t simulation_slot;

/* What its judges said, in the order in which they were given it. */
struct simulation_subject {
    uint32_t author;
    double quality; /* the score that computing it gives */
    const uint32_t *judges;
    const double *scores;
    int judge_count;
};

struct simulation_work;

struct simulation_work *simulation_work_create(int quorum, struct pm_error *error);
void simulation_work_destroy(struct simulation_work *work);

bool simulation_work_add(struct simulation_work *work, uint32_t author, double quality,
                         struct pm_error *error);

/* Up to `want` for this miner to judge; returns how many. */
size_t simulation_work_take(struct simulation_work *work, uint32_t miner, size_t want,
                            simulation_slot *out);

struct simulation_subject simulation_work_look(const struct simulation_work *work,
                                               simulation_slot slot);

/* The score of one who has taken it. True when that was the last of the quorum: then the caller
 * looks at it and removes it. */
bool simulation_work_judge(struct simulation_work *work, simulation_slot slot, uint32_t miner,
                           double score);
/* One who has taken it does not judge it: somebody else may, or the same one later. */
void simulation_work_release(struct simulation_work *work, simulation_slot slot, uint32_t miner);
void simulation_work_remove(struct simulation_work *work, simulation_slot slot);

#endif
