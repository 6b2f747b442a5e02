#include "algorithm/crossover.h"

#include <string.h>

static const double OTHER_PHASE = 0.2;

/* Appends instructions from..end of a list, as far as there is room. */
static void append(struct pm_algorithm *child, enum pm_phase phase, int room,
                   const struct pm_instruction *list, int from, int end)
{
    int count = end - from;
    if (count > room - child->length[phase]) {
        count = room - child->length[phase];
    }
    if (count > 0) {
        memcpy(&child->phase[phase][child->length[phase]], &list[from],
               (size_t)count * sizeof *list);
        child->length[phase] += count;
    }
}

static int draw_place(struct pm_random *random, int length)
{
    return (int)pm_random_below(random, (uint32_t)length + 1);
}

struct pm_algorithm *pm_cross(const struct pm_profile *profile, const struct pm_algorithm *first,
                              const struct pm_algorithm *second, struct pm_random *random)
{
    struct pm_algorithm *child =
        pm_algorithm_create_exact(first->input_dim, &first->meta, profile->max_ops);
    if (child == NULL) {
        return NULL;
    }
    const int cut = (int)pm_random_below(random, PM_PHASE_COUNT);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        const enum pm_phase at = (enum pm_phase)phase;
        const int room = profile->max_ops[phase];
        if (phase == cut) {
            append(child, at, room, first->phase[phase], 0,
                   draw_place(random, first->length[phase]));
            append(child, at, room, second->phase[phase], draw_place(random, second->length[phase]),
                   second->length[phase]);
        } else {
            const struct pm_algorithm *from =
                pm_random_chance(random, OTHER_PHASE) ? second : first;
            append(child, at, room, from->phase[phase], 0, from->length[phase]);
        }
    }
    return child;
}
