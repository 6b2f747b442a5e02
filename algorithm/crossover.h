/* Crossover: a program from the parts of two. */
#ifndef ALGORITHM_CROSSOVER_H
#define ALGORITHM_CROSSOVER_H

#include <poolminer/algorithm.h>
#include <poolminer/profile.h>
#include <poolminer/random.h>

/* A child of two programs of the profile, which is one too. In one phase, drawn at random, it has
 * the first's instructions up to one place and the second's from another place on; the other phases
 * are each the first's or, seldom, the second's. The caller destroys it. NULL only when memory is
 * out. */
struct pm_algorithm *pm_cross(const struct pm_profile *profile, const struct pm_algorithm *first,
                              const struct pm_algorithm *second, struct pm_random *random);

#endif
