#include "cli/simulation_events.h"

#include <stdbool.h>

static bool is_before(struct simulation_event a, struct simulation_event b)
{
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.miner < b.miner;
}

void simulation_events_put(struct simulation_event *heap, size_t count,
                           struct simulation_event event)
{
    size_t at = count;
    for (; at > 0 && is_before(event, heap[(at - 1) / 2]); at = (at - 1) / 2) {
        heap[at] = heap[(at - 1) / 2];
    }
    heap[at] = event;
}

void simulation_events_replace_first(struct simulation_event *heap, size_t count,
                                     struct simulation_event event)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_before(heap[child + 1], heap[child])) {
            child++;
        }
        if (!is_before(heap[child], event)) {
            break;
        }
        heap[at] = heap[child];
    }
    heap[at] = event;
}
