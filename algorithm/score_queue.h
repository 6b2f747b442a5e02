/* Which piece of a batch a thread does next. Private to algorithm/.
 *
 * A piece is one algorithm on one part of the suite: a few groups of tasks. The algorithms, sorted
 * by the caller, expensive ones first, are done on one part after another, so that a part's
 * examples, once they are in a thread's second-level cache, serve all algorithms; each thread
 * begins with a part of its own, and helps with the part that has most left when its own is done.
 * So nobody waits before the last pieces, which are cheap ones. Nor before the first: each part
 * begins with another algorithm, which the thread that begins there has compiled itself.
 *
 * Slow algorithms, the last of the list, come after all that: algorithm by algorithm, for time may
 * be over before they are done, and should then have been spent on what could be finished. */
#ifndef POOLMINER_SCORE_QUEUE_H
#define POOLMINER_SCORE_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct pm_score_queue {
    size_t quick, slow; /* algorithms: the first `quick`, then `slow` of them */
    size_t parts;
    struct pm_score_line *lines; /* one a part */
    atomic_size_t next_slow;
};

struct pm_score_piece {
    size_t algorithm, part;
};

/* False when memory is out. */
bool pm_score_queue_init(struct pm_score_queue *queue, size_t quick, size_t slow, size_t parts);
void pm_score_queue_clear(struct pm_score_queue *queue);

/* Where thread `thread` of `threads` begins. */
size_t pm_score_queue_first_part(const struct pm_score_queue *queue, size_t thread, size_t threads);

/* The quick algorithm that a part begins with, all others following in their order; 0 when there is
 * none. */
size_t pm_score_queue_first_algorithm(const struct pm_score_queue *queue, size_t part);

/* The next piece for a thread that is at *part, which is moved on; false when none is left. Every
 * piece is given out once, whoever asks. */
bool pm_score_queue_take(struct pm_score_queue *queue, size_t *part, struct pm_score_piece *out);

#endif
