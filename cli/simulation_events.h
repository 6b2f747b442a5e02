/* Who is next: a heap of times. */
#ifndef CLI_SIMULATION_EVENTS_H
#define CLI_SIMULATION_EVENTS_H

#include <stddef.h>
#include <stdint.h>

struct simulation_event {
    int64_t at_ms;
    uint32_t miner; /* of two at the same time the one with the lower number is first */
};

/* Puts one into a heap of `count`, for which there is room. */
void simulation_events_put(struct simulation_event *heap, size_t count,
                           struct simulation_event event);
/* The first of a heap of `count` > 0 becomes another one. */
void simulation_events_replace_first(struct simulation_event *heap, size_t count,
                                     struct simulation_event event);

#endif
