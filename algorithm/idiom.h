/* Idioms: a few instructions that belong together in programs that learn. */
#ifndef ALGORITHM_IDIOM_H
#define ALGORITHM_IDIOM_H

#include "algorithm/draw.h"

enum { PM_IDIOM_LENGTH_MAX = 3 };

/* One of the idioms that the profile can write in some phase, its registers drawn in view of the
 * scene. Returns its length; *phase: where it belongs. */
int pm_draw_idiom(const struct pm_scene *scene, enum pm_phase *phase,
                  struct pm_instruction out[PM_IDIOM_LENGTH_MAX]);

#endif
