#include "algorithm/score_queue.h"

#include <stdlib.h>

/* One part: how many of the algorithms have been given out. On a cache line of its own, which only
 * the threads at that part write to. */
struct pm_score_line {
    _Alignas(64) atomic_size_t taken;
};

bool pm_score_queue_init(struct pm_score_queue *queue, size_t quick, size_t slow, size_t parts)
{
    *queue = (struct pm_score_queue){.quick = quick, .slow = slow, .parts = parts};
    queue->lines = aligned_alloc(_Alignof(struct pm_score_line), parts * sizeof *queue->lines);
    for (size_t i = 0; queue->lines != NULL && i < parts; i++) {
        atomic_init(&queue->lines[i].taken, 0);
    }
    atomic_init(&queue->next_slow, 0);
    return queue->lines != NULL;
}

void pm_score_queue_clear(struct pm_score_queue *queue)
{
    free(queue->lines);
    queue->lines = NULL;
}

size_t pm_score_queue_first_part(const struct pm_score_queue *queue, size_t thread, size_t threads)
{
    return threads <= queue->parts ? thread * queue->parts / threads : thread % queue->parts;
}

size_t pm_score_queue_first_algorithm(const struct pm_score_queue *queue, size_t part)
{
    return queue->quick > 0 ? part % queue->quick : 0;
}

/* The part with most left, the nearest after `from` of equals; false when nothing is left. */
static bool find_most_left(const struct pm_score_queue *queue, size_t from, size_t *best)
{
    size_t fewest = queue->quick;
    for (size_t step = 1; step < queue->parts; step++) {
        const size_t part = (from + step) % queue->parts;
        const size_t taken = atomic_load_explicit(&queue->lines[part].taken, memory_order_relaxed);
        if (taken < fewest) {
            fewest = taken;
            *best = part;
        }
    }
    return fewest < queue->quick;
}

bool pm_score_queue_take(struct pm_score_queue *queue, size_t *part, struct pm_score_piece *out)
{
    do {
        const size_t taken =
            atomic_fetch_add_explicit(&queue->lines[*part].taken, 1, memory_order_relaxed);
        if (taken < queue->quick) {
            const size_t first = pm_score_queue_first_algorithm(queue, *part);
            const size_t next = taken <= first ? taken - 1 : taken;
            *out = (struct pm_score_piece){.algorithm = taken == 0 ? first : next, .part = *part};
            return true;
        }
    } while (find_most_left(queue, *part, part));

    const size_t slow = atomic_fetch_add_explicit(&queue->next_slow, 1, memory_order_relaxed);
    if (slow >= queue->slow * queue->parts) {
        return false;
    }
    *out = (struct pm_score_piece){.algorithm = queue->quick + slow / queue->parts,
                                   .part = slow % queue->parts};
    return true;
}
