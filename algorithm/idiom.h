/* Idioms: a few instructions that belong together in programs that learn. */
#ifndef ALGORITHM_IDIOM_H
#define ALGORITHM_IDIOM_H

#include "algorithm/draw.h"

enum { PM_IDIOM_LENGTH_MAX = 10 };

/* An instruction of an idiom and where it belongs; those of one phase stand next to each other. */
struct pm_idiom_step {
    enum pm_phase phase;
    struct pm_instruction instruction;
};

/* One of the idioms, its registers drawn in view of the scene. Returns its length, 0 when the
 * profile cannot write the one drawn. */
int pm_draw_idiom(const struct pm_scene *scene, struct pm_idiom_step out[PM_IDIOM_LENGTH_MAX]);

#endif
